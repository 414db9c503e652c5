import { encodeError } from '../resp/index.js';
import { elementStarts } from './element-starts.js';

const NO_CLUSTER = encodeError('ERR', 'This instance has cluster support disabled');
const OK = Buffer.from('+OK\r\n');

/**
 * READONLY and READWRITE outside a cluster are errors for Redis, and for Valkey before 8. For a session they mean the same
 * with any server, so they are answered as the newest does.
 */
export function asNewest(frame: Buffer): Buffer {
  return frame.equals(NO_CLUSTER) ? OK : frame;
}

/** The same within what EXEC answers; `places`: of the two commands among its elements. */
export function asNewestWithin(frame: Buffer, places: readonly number[]): Buffer {
  const starts = elementStarts(frame);
  const parts: Buffer[] = [];
  let at = 0;
  for (const place of places) {
    const start = starts[place];
    if (start === undefined || !frame.subarray(start, start + NO_CLUSTER.length).equals(NO_CLUSTER)) continue;
    parts.push(frame.subarray(at, start), OK);
    at = start + NO_CLUSTER.length;
  }
  return parts.length === 0 ? frame : Buffer.concat([...parts, frame.subarray(at)]);
}
