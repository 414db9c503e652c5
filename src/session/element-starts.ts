import { ReplyScanner } from '../resp/index.js';

const LF = 0x0a;

/** Where the elements of an array, a whole frame, begin in it. */
export function elementStarts(frame: Buffer): number[] {
  const scanner = new ReplyScanner();
  const starts: number[] = [];
  for (let at = frame.indexOf(LF) + 1; at < frame.length; at = scanner.finish(frame, at, frame.length)) starts.push(at);
  return starts;
}
