import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab, type RawClient } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

const KIB = 1024;
const seed = Number(process.env.SEGUE_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Around what is read into at once, what is copied, and what is left where it was read. */
const sizes = [3, 500, 511, 512, 600, 5 * KIB, 16 * KIB, 40 * KIB, 70 * KIB, 130 * KIB];
const values = sizes.map((bytes, index) => String.fromCharCode(0x61 + index).repeat(bytes));
const get = (value: number): string => `*2\r\n$3\r\nGET\r\n$2\r\nk${value}\r\n`;
const answer = (value: number): string => `$${sizes[value]}\r\n${values[value]}\r\n`;

/** More than most kernels keep between two processes. */
const FLOOD = new Array<number>(80).fill(sizes.length - 1);

const burst = fc.array(fc.nat(sizes.length - 1), { minLength: 1, maxLength: 12 });
const bursts = fc.array(burst, { minLength: 3, maxLength: 6 });

/** What one client asks for, in bursts; before one of them it stops reading, until the gateway has a backlog. */
const course = fc.record({ before: bursts, flood: burst, after: bursts });
type Course = typeof course extends fc.Arbitrary<infer T> ? T : never;

const burstsOf = ({ before, flood, after }: Course): number[][] => [...before, [...flood, ...FLOOD], ...after];
const served = ({ socket }: RawClient) =>
  [...lab.entrance.clients].find(({ remote }) => remote.endsWith(`:${socket.localPort}`))!;

/** Everything that the client was answered. */
async function play(raw: RawClient, course: Course): Promise<string> {
  const chunks: Buffer[] = [];
  raw.socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  let due = 0;
  for (const [index, burst] of burstsOf(course).entries()) {
    const stops = index === course.before.length;
    if (stops) raw.socket.pause();
    raw.write(burst.map(get).join(''));
    due += burst.reduce((sum, value) => sum + answer(value).length, 0);
    if (stops) {
      const isStuck = (): boolean => served(raw).backlogBytes > 0 || served(raw).sentBytes >= due;
      await waitFor(isStuck, { deadlineMs: 20_000, what: 'a backlog in the gateway, or a kernel that takes all' });
      raw.socket.resume();
    }
    // The next burst comes while the last answers do.
    const enough = due - 200 * KIB;
    await waitFor(() => raw.bytes >= enough, { deadlineMs: 20_000, what: `${enough} bytes` });
  }
  await waitFor(() => raw.bytes >= due, { deadlineMs: 20_000, what: `${due} bytes` });
  return Buffer.concat(chunks).toString('latin1');
}

describe('a client whose answers become far larger than they were, and that does not read', () => {
  it('is waited for, by nobody else, and has all of them in the end', async () => {
    const MIB = 1024 * KIB;
    const outputBytesMax = 16 * MIB;
    lab = await GatewayLab.start({ listener: { limits: { outputBytesMax } } });
    const value = 'v'.repeat(MIB);
    await lab.primary.cli('SET', 'large', value);
    const raw = lab.raw();
    const other = lab.raw();
    await raw.write('PING\r\n').until('+PONG\r\n');
    raw.socket.pause();
    raw.write(`INCR n\r\n${'GET large\r\n'.repeat(100)}`);
    await waitFor(() => served(raw).backlogBytes > 4 * MIB, { deadlineMs: 20_000, what: 'a backlog' });
    await other.write('INCR n\r\n').until(':2\r\n');
    await lab.switchOver();
    await other.write('INCR n\r\n').until(':3\r\n');
    expect(served(raw).backlogBytes).toBeLessThan(outputBytesMax);
    const hash = createHash('sha256');
    raw.socket.on('data', (chunk: Buffer) => hash.update(chunk));
    raw.socket.resume();
    const answers = `:1\r\n${`$${MIB}\r\n${value}\r\n`.repeat(100)}`;
    const due = '+PONG\r\n'.length + answers.length;
    await waitFor(() => raw.bytes >= due || raw.closed, { deadlineMs: 20_000, what: `${due} bytes` });
    expect(hash.digest('hex')).toBe(createHash('sha256').update(answers).digest('hex'));
    expect(Object.fromEntries(lab.entrance.counts.closed)).toEqual({});
  });
});

describe(`many clients that do not always read [SEGUE_SEED=${seed}]`, () => {
  it.each([true, false])('get their own answers, whole and in order; shared connections: %s', async (share) => {
    lab = await GatewayLab.start({ listener: { share } });
    for (const [index, value] of values.entries()) await lab.primary.cli('SET', `k${index}`, value);
    const courses = fc.sample(course, { numRuns: 6, seed });
    const received = await Promise.all(courses.map((each) => play(lab.raw(), each)));
    const wrong = courses.filter((each, index) => received[index] !== burstsOf(each).flat().map(answer).join(''));
    expect(wrong).toEqual([]);
  });
});
