import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeCommand } from '../../../src/resp/index.js';
import { GatewayLab } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

const KIB = 1024;
const seed = Number(process.env.SEGUE_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** One step of a client: counts, or stores so many bytes, or reads what it has stored last. */
const step = fc.oneof(
  { weight: 400, arbitrary: fc.constant('count' as const) },
  { weight: 400, arbitrary: fc.constantFrom(3, 200, KIB, 3 * KIB) },
  { weight: 200, arbitrary: fc.constant('read' as const) },
  // Once in a while more than all that may go at once.
  { weight: 1, arbitrary: fc.constantFrom(40 * KIB, 130 * KIB) },
);
const course = fc.array(step, { minLength: 800, maxLength: 1500, size: 'max' });
type Course = typeof course extends fc.Arbitrary<infer T> ? T : never;

/** What the client sends in one breath, and what it must be answered. */
function script(who: number, steps: Course): { commands: Buffer; answers: string } {
  let count = 0;
  let stored = '';
  const commands: Buffer[] = [encodeCommand(['SET', `v:${who}`, ''])];
  const answers: string[] = ['+OK\r\n'];
  for (const [index, what] of steps.entries()) {
    if (what === 'count') {
      commands.push(encodeCommand(['INCR', `n:${who}`]));
      answers.push(`:${++count}\r\n`);
    } else if (what === 'read') {
      commands.push(encodeCommand(['GET', `v:${who}`]));
      answers.push(`$${stored.length}\r\n${stored}\r\n`);
    } else {
      stored = `${who}.${index}:`.padEnd(what, 'v');
      commands.push(encodeCommand(['SET', `v:${who}`, stored]));
      answers.push('+OK\r\n');
    }
  }
  return { commands: Buffer.concat(commands), answers: answers.join('') };
}

describe(`clients that send much in one breath [SEGUE_SEED=${seed}]`, () => {
  it('take turns on a shared connection, through switches, and each has its own answers in order', async () => {
    lab = await GatewayLab.start();
    const scripts = fc.sample(course, { numRuns: 16, seed }).map((steps, who) => script(who, steps));
    const heavy = scripts.map(({ commands, answers }) => {
      const raw = lab.raw();
      const chunks: Buffer[] = [];
      raw.socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      return { raw, chunks, commands, answers };
    });
    for (const { raw } of heavy) await raw.write('PING\r\n').until('+PONG\r\n');
    for (const { raw, commands } of heavy) raw.write(commands);
    const isOver = (): boolean => heavy.every(({ raw, answers }) => raw.bytes >= answers.length + '+PONG\r\n'.length);

    const switches = (async () => {
      for (let n = 0; n < 2; n++) await lab.switchOver();
    })();
    const small = lab.raw();
    for (let asked = 1; asked <= 10 || !isOver(); asked++) await small.write('INCR small\r\n').until(`:${asked}\r\n`);
    await switches;
    const wrong = heavy.flatMap(({ chunks, answers }, who) => {
      const received = Buffer.concat(chunks).toString('latin1');
      return received === `+PONG\r\n${answers}` ? [] : [who];
    });
    expect(wrong).toEqual([]);
    expect(Object.fromEntries(lab.entrance.counts.closed)).toEqual({});
  });
});
