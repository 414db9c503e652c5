// The checked workload with node-redis, without Segue's connector.

import { createClient } from 'redis';
import {
  consume,
  entry,
  given,
  hear,
  key,
  numbered,
  packageFileOf,
  pipelined,
  ready,
  run,
  say,
  script,
  textOf,
} from './kit.mjs';

const { host, port, protocol, role } = given;
const library = ['node-redis', packageFileOf('redis')];
const client = createClient({ socket: { host, port, reconnectStrategy: false }, RESP: protocol });
client.on('error', (error) => say({ error: textOf(error) }));
await client.connect();
if (role !== 'subscribe' && role !== 'psubscribe') ready(...library);

async function transaction(number) {
  const version = key('version');
  if (number % 2 === 1) {
    await client.watch(version);
    await client.get(version);
  }
  try {
    const [reply, count] = await client.multi().rPush(key('transaction'), entry(number)).incr(version).exec();
    return { reply, version: count };
  } catch (error) {
    if (error.constructor.name === 'WatchError') return null;
    throw error;
  }
}

async function scanned() {
  const seen = new Set();
  for await (const keys of client.scanIterator({ MATCH: key('scan:*'), COUNT: 50 }))
    for (const one of keys) seen.add(one);
  return { keys: seen.size };
}

const listening = (promise) => promise.then(() => ready(...library));

await run({
  single: () =>
    numbered(async (number) => {
      const [reply, count, read] = await Promise.all([
        client.rPush(key('single'), entry(number)),
        client.incr(key('count')),
        client.lIndex(key('single'), -1),
      ]);
      return { reply, count, read };
    }),
  pipeline: () => pipelined((numbers) => numbers.map((number) => client.rPush(key('pipeline'), entry(number)))),
  transaction: () => numbered(transaction),
  script: async () => {
    const sha = await client.scriptLoad(script);
    await numbered(async (number) => {
      const options = { keys: [key('script')], arguments: [entry(number)] };
      return { reply: await (number % 2 ? client.evalSha(sha, options) : client.eval(script, options)) };
    });
  },
  produce: async () => {
    await numbered(async (number) => ({ length: await client.rPush(key('queue'), entry(number)) }));
    await client.rPush(key('queue'), 'end');
  },
  consume: () => consume(async () => (await client.blPop(key('queue'), 0)).element),
  scan: () => numbered(scanned),
  publish: async () => {
    await numbered(async (number) => ({ receivers: await client.publish(key('news'), String(number)) }));
    await client.publish(key('news'), 'end');
  },
  subscribe: () => hear((heard) => listening(client.subscribe(key('news'), heard))),
  psubscribe: () => hear((heard) => listening(client.pSubscribe(key('n*'), heard))),
});
