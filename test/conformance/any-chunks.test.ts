import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/lab/load/random.js';
import { encodeCommand } from '../../src/resp/index.js';
import { throughNode } from './kit/node-door.js';
import { Rig } from './kit/rig.js';
import { Talker } from './kit/talker.js';

const RUNS = 40 * Number(process.env.SEGUE_RUNS ?? 1);
const SEED = Number(process.env.SEGUE_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** One pipeline, in which nearly every rule has its turn; the answers are the same however its bytes are cut. */
const pipeline = [
  'GET k',
  'CLIENT CAPA redirect',
  'GET k',
  'SET k v',
  'PING',
  'MULTI',
  'GET k',
  'PING',
  'EXEC',
  'READONLY',
  'GET k',
  'MULTI',
  'GET k',
  'SET k v',
  'EXEC',
  'WATCH w',
  'STRLEN k',
  'READWRITE',
  'STRLEN k',
  'MULTI',
  'ECHO hi',
  'EXEC',
  'CLIENT REPLY OFF',
  'GET k',
  'SET k v',
  'CLIENT REPLY ON',
  'CLIENT REPLY SKIP',
  'GET k',
  'PUBLISH ch m',
  'GET',
  'nosuch',
  'HELLO 3',
  'SUBSCRIBE a b',
  'GET k',
  'UNSUBSCRIBE',
  'DBSIZE',
  'RESET',
  'EXISTS k',
  'XREAD BLOCK 0 STREAMS s $',
  'ECHO end',
];
const bytes = Buffer.concat(pipeline.map((line) => encodeCommand(line.split(' '))));

describe('a pipeline through a node listener', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start('redis-7.0 behind node', throughNode(), { version: 'redis-7.0' });
  });
  afterAll(async () => {
    await rig?.stop();
  });

  async function answers(cuts: readonly number[]): Promise<string[]> {
    const talker = new Talker(rig.doorOf(rig.replica));
    const replies: string[] = [];
    try {
      let from = 0;
      for (const cut of [...cuts, bytes.length]) {
        talker.sendRaw(bytes.subarray(from, cut));
        from = cut;
        // A turn of the event loop for each part, or they would leave as one.
        await new Promise((resolve) => setImmediate(resolve));
      }
      while (replies.at(-1) !== '$end') replies.push(await talker.next());
      return replies.map((reply) => reply.replace(/\$id, :\d+/, '$id'));
    } finally {
      talker.close();
    }
  }

  it(`is answered the same however it is cut (SEGUE_SEED=${SEED})`, async () => {
    const whole = await answers([]);
    expect(whole.filter((reply) => reply.startsWith('-REDIRECT')).length).toBeGreaterThan(8);
    const random = seededRandom(SEED);
    for (let run = 0; run < RUNS; run++) {
      const cuts = Array.from({ length: 1 + Math.floor(random() * 30) }, () => Math.floor(random() * bytes.length));
      expect(await answers(cuts.sort((a, b) => a - b))).toEqual(whole);
    }
  });

  it('is answered the same byte by byte', async () => {
    const every = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
    expect(await answers(every)).toEqual(await answers([]));
  });
});
