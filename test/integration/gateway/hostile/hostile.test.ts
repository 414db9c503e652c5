import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LabPair, sharedTlsMaterial, startPair } from '../../../../src/lab/servers/index.js';
import { waitFor } from '../../../../src/lab/wait-for.js';
import { proxyHeader } from '../../../unit/transport/proxy-header.js';
import { CliHome } from '../../cli/run-cli.js';
import { RawClient } from '../lab.js';
import { attacks, type Random } from './attacks.js';

const seed = Number(process.env.SEGUE_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** How often every attack is made, and how many connections come and go. 5,100 with `SEGUE_HOSTILE_ROUNDS=17`. */
const rounds = Number(process.env.SEGUE_HOSTILE_ROUNDS ?? 2);
const comers = rounds * 300;
/** What the collector leaves lying about; seen were 0.6 MB after attacks, 0.2 MB after comers. */
const SLACK_BYTES = { attacks: 2 * 1024 * 1024, comers: 1024 * 1024 };
const MIB = 1024 * 1024;

type Ports = Record<'follow' | 'node' | 'proxied' | 'secure', number>;
interface Counts {
  readonly clients: number;
  readonly heldBytes: number;
  readonly faults: number;
  /** Of clients and to nodes. */
  readonly sockets: number;
}

let pair: LabPair;
let child: ChildProcess;
let ports: Ports;
const clients: RawClient[] = [];

beforeAll(async () => {
  await (await CliHome.make()).leave();
  pair = await startPair();
  await pair.primary.cli('SET', 'large', 'x'.repeat(MIB));
  const node = `valkey://${pair.primary.address}`;
  const limits = { commandBytesMax: MIB, handshakeTimeoutMs: 1_000, outputBytesMax: 4 * MIB, stallTimeoutMs: 2_000 };
  const { cert, key } = sharedTlsMaterial().server;
  const common = { listen: '127.0.0.1:0', limits };
  const options = {
    nodes: [node],
    listeners: [
      { ...common, name: 'follow' },
      { ...common, name: 'node', kind: 'node', node },
      { ...common, name: 'proxied', proxyProtocol: true },
      { ...common, name: 'secure', tls: { cert, key } },
    ],
  };
  const file = fileURLToPath(new URL('./gateway-child.mjs', import.meta.url));
  child = fork(file, [JSON.stringify(options)], { execArgv: ['--expose-gc'] });
  [ports] = (await once(child, 'message')) as [Ports];
});
afterEach(() => {
  for (const client of clients.splice(0)) client.socket.destroy();
});
afterAll(async () => {
  child?.kill();
  await pair?.stop();
});

function client(port: number): RawClient {
  const one = new RawClient(connect({ port, host: '127.0.0.1' }));
  clients.push(one);
  return one;
}

async function ask<T>(question: 'counts' | 'memory'): Promise<T> {
  child.send(question);
  return (await once(child, 'message'))[0] as T;
}

/** When all but one have gone, with all that was kept for them and their connections to nodes; then how much memory is used. */
async function settled(sockets: number): Promise<number> {
  const left = { clients: 1, heldBytes: 0, faults: 0 };
  await waitFor(() => ask<Counts>('counts'), {
    deadlineMs: 30_000,
    what: `one client left, ${sockets} sockets`,
    until: (counts) =>
      counts.sockets <= sockets && isDeepStrictEqual({ ...counts, sockets: 0 }, { ...left, sockets: 0 }),
  });
  return ask('memory');
}

/** From a linear congruence, so that a seed tells all. */
function randomOf(start: number): Random {
  let state = start % 2 ** 31;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

interface Good {
  /** Commands that were answered as they should be. */
  readonly asked: number;
  /** Rejects when one was not. */
  stop(): Promise<void>;
}

/** One command after the other, each answer as expected, until it is stopped. */
function goodClient(port: number, key: string): Good {
  const good = client(port);
  let asked = 0;
  let running = true;
  const work = (async () => {
    while (running) {
      good.write(`INCR ${key}\r\n`);
      await good.until(`:${asked + 1}\r\n`);
      asked++;
    }
  })();
  work.catch(() => {});
  return {
    get asked() {
      return asked;
    },
    stop() {
      running = false;
      return work;
    },
  };
}

async function attackAll(port: number, random: Random, ahead: Buffer | undefined): Promise<void> {
  const all = Object.values(attacks).map((attack) => {
    const one = client(port);
    if (ahead !== undefined) one.write(ahead);
    attack(one.socket, random);
    return one;
  });
  await Promise.all(all.map(({ socket }) => once(socket, 'connect')));
  for (const { socket } of all) {
    if (random(2) === 0) socket.end();
    else socket.resetAndDestroy();
  }
}

/** They are gone without a word. */
function forget(all: RawClient[]): void {
  for (const { socket } of all) socket.destroy();
}

describe(`hostile clients (seed ${seed})`, () => {
  it.each<[keyof Ports, string, Buffer | undefined]>([
    ['follow', '', undefined],
    ['node', '', undefined],
    ['proxied', ' without its header', undefined],
    ['proxied', '', proxyHeader()],
    ['secure', ' without TLS', undefined],
  ])('of a %s listener%s harm nobody, and leave nothing behind', async (name, how, ahead) => {
    const random = randomOf(seed);
    const good = goodClient(ports.follow, `good ${name}${how}`.replaceAll(' ', '-'));
    await waitFor(() => good.asked > 0, { deadlineMs: 10_000, what: 'the good one to begin' });
    const { sockets } = await ask<Counts>('counts');
    const attack = async (times: number): Promise<number> => {
      for (let round = 0; round < times; round++) await attackAll(ports[name], random, ahead);
      forget(clients.slice(1));
      return settled(sockets);
    };
    const before = await attack(1);
    expect((await attack(rounds)) - before).toBeLessThan(SLACK_BYTES.attacks);
    const { asked } = good;
    await waitFor(() => good.asked > asked, { deadlineMs: 10_000, what: 'the good one to go on' });
    await good.stop();
    expect(await pair.primary.cli('EXISTS', 'stolen')).toBe(0);
  });

  it.each<keyof Ports>(['follow', 'node'])(
    'that come and go by the thousands leave nothing behind: %s',
    async (name) => {
      const good = goodClient(ports.follow, `comers-${name}`);
      const come = async (count: number): Promise<void> => {
        for (let begun = 0; begun < count; begun += 100) {
          const batch = Array.from({ length: 100 }, (_, n) => {
            const one = new RawClient(connect({ port: ports[name], host: '127.0.0.1' }));
            if (n % 4 === 0) one.socket.once('connect', () => one.socket.resetAndDestroy());
            else if (n % 4 === 1) one.write('PING\r\n').socket.end();
            else if (n % 4 === 2) one.socket.end();
            else one.write('SUBSCRIBE c\r\nPING').socket.once('data', () => one.socket.destroy());
            return one;
          });
          await Promise.all(batch.map((one) => one.untilClosed()));
        }
      };
      await waitFor(() => good.asked > 0, { deadlineMs: 10_000, what: 'the good one to begin' });
      const { sockets } = await ask<Counts>('counts');
      await come(200);
      const before = await settled(sockets);
      await come(comers);
      expect((await settled(sockets)) - before).toBeLessThan(SLACK_BYTES.comers);
      await good.stop();
    },
  );
});
