import {
  type CommandLimits,
  CommandScanner,
  CommandTable,
  type ReplyLimits,
  ReplyScanner,
  RespError,
  Stop,
} from '../../../src/resp/index.js';

/** What a scanner made of a byte stream, however it was cut: enough to compare two ways of cutting. */
export interface Trace {
  /** Offset in the stream just past each frame or command, and what it was. */
  ends: string[];
  /** Code of the error that ended it. */
  error?: string;
  /** Something had begun and not ended. */
  open: boolean;
}

/** Printable form of a row's bytes, for its name; long runs are shortened. */
export function shown(bytes: string): string {
  return JSON.stringify(bytes.length > 70 ? `${bytes.slice(0, 60)}…${bytes.length}` : bytes);
}

/** The stream as chunks: `cuts` are offsets in it. Each chunk stands at a different place in a larger, dirty buffer. */
export function chunksOf(bytes: Buffer, cuts: readonly number[]): { buf: Buffer; from: number; to: number }[] {
  const edges = [...new Set([0, ...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length])].sort(
    (a, b) => a - b,
  );
  return edges.slice(1).map((edge, i) => {
    const chunk = bytes.subarray(edges[i]!, edge);
    const from = i % 3;
    const buf = Buffer.alloc(chunk.length + from + 4, '\n$9\r');
    chunk.copy(buf, from);
    return { buf, from, to: from + chunk.length };
  });
}

/** Scans replies as a session does: plain frames in bulk, special ones alone. */
export function traceReplies(
  bytes: Buffer,
  cuts: readonly number[],
  limits: Partial<ReplyLimits> = {},
  limit = 1e9,
): Trace {
  const scanner = new ReplyScanner(limits);
  const ends: string[] = [];
  let offset = 0;
  let special = false;
  for (const { buf, from, to } of chunksOf(bytes, cuts)) {
    const base = offset - from;
    let p = from;
    try {
      while (p < to) {
        if (special) {
          const end = scanner.finish(buf, p, to);
          p = end === -1 ? to : end;
          special = end === -1;
          if (!special) ends.push(`special ${base + end}`);
        } else {
          p = scanner.scan(buf, p, to, limit);
          if (scanner.frames > 0) ends.push(`plain ×${scanner.frames} ${base + scanner.boundary}`);
          special = scanner.stop === Stop.Special;
        }
      }
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      if (!special && scanner.frames > 0) ends.push(`plain ×${scanner.frames} ${base + scanner.boundary}`);
      return { ends: merged(ends), error: error.code, open: true };
    }
    offset += to - from;
  }
  return { ends: merged(ends), open: scanner.midFrame };
}

/** Plain frames counted in several calls are the same as counted in one. */
function merged(ends: readonly string[]): string[] {
  const result: string[] = [];
  let plain = 0;
  let at = '';
  for (const end of [...ends, '']) {
    const match = /^plain ×(\d+) (\d+)$/.exec(end);
    if (match) {
      plain += Number(match[1]);
      at = match[2]!;
      continue;
    }
    if (plain > 0) result.push(`plain ×${plain} ${at}`);
    plain = 0;
    if (end !== '') result.push(end);
  }
  return result;
}

const table = new CommandTable();

export function traceCommands(bytes: Buffer, cuts: readonly number[], limits: Partial<CommandLimits> = {}): Trace {
  const scanner = new CommandScanner(table, limits);
  const ends: string[] = [];
  let offset = 0;
  for (const { buf, from, to } of chunksOf(bytes, cuts)) {
    try {
      for (let p = from; p < to; ) {
        const end = scanner.next(buf, p, to);
        if (end === -1) break;
        p = end;
        const name = table.nameOf(scanner.id) || '?';
        ends.push(`${name} ${scanner.argc}${scanner.inline ? ' inline' : ''} ${offset - from + end}`);
      }
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      return { ends, error: error.code, open: true };
    }
    offset += to - from;
  }
  return { ends, open: scanner.midCommand };
}

/** The ways in which every row is cut: whole, at each single place, byte by byte, and at random (seeded, so that it can be repeated). */
export function waysToCut(length: number, seed: number): number[][] {
  const everywhere = Array.from({ length }, (_, i) => i);
  const ways: number[][] = [[], everywhere];
  if (length <= 300) for (const i of everywhere) ways.push([i]);
  let state = seed;
  for (let i = 0; i < 20; i++) {
    ways.push(
      everywhere.filter(() => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32 < 0.2;
      }),
    );
  }
  return ways;
}
