import { ReplyScanner } from '../../../../src/resp/index.js';

/** The frames in what a client received. Throws when the last is incomplete. */
export function framesOf(received: string): string[] {
  const bytes = Buffer.from(received, 'latin1');
  const scanner = new ReplyScanner();
  const frames: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = scanner.finish(bytes, at, bytes.length);
    if (end < 0) throw new Error(`half a frame at the end: ${JSON.stringify(received.slice(at, at + 100))}`);
    frames.push(bytes.toString('latin1', at, end));
    at = end;
  }
  return frames;
}

/** A message of pub/sub: no answer to anything. */
export function isMessage(frame: string): boolean {
  return /^[*>]3\r\n\$7\r\nmessage\r\n/.test(frame);
}

/** The elements of an array. */
export function elementsOf(frame: string): string[] {
  return framesOf(frame.slice(frame.indexOf('\r\n') + 2));
}
