import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import type { ListenerOptions } from '../../../src/gateway/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

const anywhere = '127.0.0.1:0';
const ROUNDS = 24;

/** A client that would never come again: whatever happens to its connection is an error. */
function client(errors: unknown[]): Redis {
  const redis = new Redis({ host: lab.host, port: lab.port, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on('error', (error) => errors.push(error));
  redis.on('close', () => errors.push('closed'));
  return lab.keep(redis, (one) => one.disconnect());
}

it('clients of a listener notice nothing while others come and go, at switches neither', async () => {
  lab = await GatewayLab.start();
  const [main] = lab.options.listeners;
  const others: ListenerOptions[] = [
    { name: 'further', listen: anywhere },
    { name: 'reading', kind: 'replica', listen: anywhere },
    { name: 'sidecar', kind: 'node', listen: anywhere, node: `valkey://${lab.primary.address}` },
  ];
  const errors: unknown[] = [];
  const [writers, subscribers] = [4, 4].map((count) => Array.from({ length: count }, () => client(errors)));
  const publisher = client(errors);
  const heard = subscribers!.map(() => [] as number[]);
  for (const [at, subscriber] of subscribers!.entries()) {
    subscriber.on('message', (_, message) => heard[at]!.push(Number(message)));
    await subscriber.subscribe('news');
  }
  const written = writers!.map(() => 0);
  let published = 0;
  let running = true;
  const work = Promise.all([
    ...writers!.map(async (writer, at) => {
      while (running) expect(await writer.incr(`count:${at}`)).toBe(++written[at]!);
    }),
    (async () => {
      while (running) await publisher.publish('news', String(published++));
    })(),
  ]);
  for (let round = 1; round <= ROUNDS; round++) {
    const listeners = [main!, ...others.filter((_, at) => (round >> at) % 2 === 1)];
    await lab.gateway.reload({ ...lab.options, listeners });
    for (const { name, entrance } of lab.gateway.listeners) {
      const { address, phase } = entrance;
      if (name !== main!.name && phase === 'open' && address.kind === 'tcp')
        lab.raw(address.port).write('SUBSCRIBE news\r\n');
    }
    if (round % 8 === 5) await lab.switchOver();
  }
  running = false;
  await work;
  await waitFor(() => heard.every(({ length }) => length === published), { deadlineMs: 10_000, what: 'every message' });
  const inOrder = Array.from({ length: published }, (_, n) => n);
  for (const messages of heard) expect(messages).toEqual(inOrder);
  for (const [at, count] of written.entries()) expect(await lab.primary.cli('GET', `count:${at}`)).toBe(String(count));
  expect(errors).toEqual([]);
  expect(lab.tally).toMatchObject({ uncertain: 0, resubscribed: 0, givenUp: new Map() });
});
