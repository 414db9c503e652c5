/**
 * ns per frame of the scanners: streams of one kind of frame in 64 KiB chunks cut anywhere, and one frame per call.
 * CPU time on one core, best and median of 15 rounds; no sockets. On a machine that does other work, read the best.
 */
import { CommandScanner, CommandTable, encodeCommand, ReplyScanner } from '../src/resp/index.js';

const CHUNK_BYTES = 64 * 1024;
const STREAM_BYTES = 2 * 1024 * 1024;
const ROUNDS = 15;

const bulk = (length: number): string => `$${length}\r\n${'x'.repeat(length)}\r\n`;
const mixed = `*10\r\n${bulk(3)}:12345\r\n*2\r\n+OK\r\n${bulk(20)}$-1\r\n*3\r\n:1\r\n:2\r\n:3\r\n`;

const replies: [name: string, frame: string][] = [
  ['+OK', '+OK\r\n'],
  [':12345', ':12345\r\n'],
  ['bulk 3 B', bulk(3)],
  ['bulk 100 B', bulk(100)],
  ['bulk 1 KB', bulk(1024)],
  ['bulk 64 KB', bulk(65536)],
  ['nil', '$-1\r\n'],
  ['nested array, 10 elements', `${mixed}${bulk(3)}${bulk(3)}${bulk(3)}${bulk(3)}${bulk(3)}`],
  ['array of 40 bulks', `*40\r\n${bulk(10).repeat(40)}`],
  ['map of 20 pairs (RESP3)', `%20\r\n${bulk(10).repeat(40)}`],
  ['-ERR 80 B, by finish()', `-ERR ${'x'.repeat(76)}\r\n`],
];

const commands: [name: string, args: string[]][] = [
  ['PING', ['PING']],
  ['GET', ['GET', 'key:1']],
  ['SET 3 B', ['SET', 'key:1', 'abc']],
  ['SET 1 KB', ['SET', 'key:1', 'x'.repeat(1024)]],
  ['SET 16 KB', ['SET', 'key:1', 'x'.repeat(16384)]],
  ['MSET 10 pairs', ['MSET', ...Array.from({ length: 20 }, (_, i) => `key:${i}`)]],
  ['unknown command', ['MODULE.COMMAND', 'key:1']],
];

/** The frame over and over, in chunks; how many frames that is. */
function streamOf(frame: Buffer): { chunks: Buffer[]; frames: number } {
  const frames = Math.ceil(STREAM_BYTES / frame.length);
  const stream = Buffer.concat(Array.from({ length: frames }, () => frame));
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += CHUNK_BYTES)
    chunks.push(Buffer.from(stream.subarray(at, at + CHUNK_BYTES)));
  return { chunks, frames };
}

function batched(frame: Buffer): { run: () => number; frames: number } {
  const { chunks, frames } = streamOf(frame);
  const scanner = new ReplyScanner();
  const run = (): number => {
    let found = 0;
    for (const chunk of chunks) {
      let p = 0;
      while (p < chunk.length) {
        p = scanner.scan(chunk, p, chunk.length, 1e9);
        found += scanner.frames;
        if (p === chunk.length) break;
        const end = scanner.finish(chunk, p, chunk.length);
        p = end === -1 ? chunk.length : end;
        if (end !== -1) found++;
      }
    }
    return found;
  };
  return { run, frames };
}

function onePerCall(frame: Buffer): { run: () => number; frames: number } {
  const frames = 200_000;
  const scanner = new ReplyScanner();
  const run = (): number => {
    let found = 0;
    for (let i = 0; i < frames; i++) {
      scanner.scan(frame, 0, frame.length, 1e9);
      found += scanner.frames;
    }
    return found;
  };
  return { run, frames };
}

function commandStream(frame: Buffer): { run: () => number; frames: number } {
  const { chunks, frames } = streamOf(frame);
  const scanner = new CommandScanner(CommandTable.standard());
  const run = (): number => {
    let found = 0;
    for (const chunk of chunks) {
      for (
        let p = scanner.next(chunk, 0, chunk.length);
        p !== -1;
        p = p < chunk.length ? scanner.next(chunk, p, chunk.length) : -1
      ) {
        found++;
      }
    }
    return found;
  };
  return { run, frames };
}

interface Row {
  name: string;
  bytes: number;
  work: { run: () => number; frames: number };
  times: number[];
}

/** One round: CPU ns per frame. */
function measure({ run, frames }: Row['work']): number {
  const repeats = Math.ceil(300_000 / frames);
  const start = process.cpuUsage();
  let found = 0;
  for (let i = 0; i < repeats; i++) found += run();
  const used = process.cpuUsage(start);
  // A frame may be cut by the end of a round, and begun again by the next.
  if (Math.abs(found - frames * repeats) > 1) throw new Error(`found ${found} of ${frames * repeats} frames`);
  return ((used.user + used.system) * 1000) / (frames * repeats);
}

function print({ name, bytes, times }: Row): void {
  times.sort((a, b) => a - b);
  const best = times[0]!;
  const median = times[ROUNDS >> 1]!;
  const rates = `${(1000 / best).toFixed(1).padStart(8)} M/s${(bytes / best).toFixed(1).padStart(9)} GB/s`;
  console.log(`${name.padEnd(34)}${best.toFixed(1).padStart(7)} ns (median ${median.toFixed(1).padStart(7)})${rates}`);
}

const row = (name: string, frame: Buffer, work: Row['work']): Row => ({ name, bytes: frame.length, work, times: [] });
const rows = [
  ...replies.map(([name, text]) => row(name, Buffer.from(text), batched(Buffer.from(text)))),
  ...replies
    .slice(0, 4)
    .map(([name, text]) => row(`one per call: ${name}`, Buffer.from(text), onePerCall(Buffer.from(text)))),
  ...commands.map(([name, args]) => row(`command ${name}`, encodeCommand(args), commandStream(encodeCommand(args)))),
];
// Round by round, so that what else the machine does meets all rows alike.
for (let round = 0; round < ROUNDS; round++) {
  for (const { work, times } of rows) times.push(measure(work));
}
for (const each of rows) print(each);
