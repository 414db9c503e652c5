import { type CommandScanner, RespError } from '../../resp/index.js';

export const BROKEN = -2;

/** Where the next command ends; -1: not in these bytes, BROKEN: never. */
export function nextCommand(scanner: CommandScanner, bytes: Buffer, at: number): number {
  try {
    return scanner.next(bytes, at, bytes.length);
  } catch (error) {
    if (!(error instanceof RespError)) throw error;
    return BROKEN;
  }
}
