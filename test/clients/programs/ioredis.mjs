// The checked workload with ioredis, without Segue's connector.

import { Redis } from 'ioredis';
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
const library = ['ioredis', packageFileOf('ioredis')];
const client = new Redis({
  host,
  port,
  protocol,
  lazyConnect: true,
  retryStrategy: null,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
});
client.on('error', (error) => say({ error: textOf(error) }));
await client.connect();
if (role !== 'subscribe' && role !== 'psubscribe') ready(...library);

async function transaction(number) {
  const version = key('version');
  if (number % 2 === 1) {
    await client.watch(version);
    await client.get(version);
  }
  const replies = await client.multi().rpush(key('transaction'), entry(number)).incr(version).exec();
  if (replies === null) return null;
  const failed = replies.find(([error]) => error);
  if (failed !== undefined) throw failed[0];
  return { reply: replies[0][1], version: replies[1][1] };
}

async function scanned() {
  const seen = new Set();
  for await (const keys of client.scanStream({ match: key('scan:*'), count: 50 }))
    for (const one of keys) seen.add(one);
  return { keys: seen.size };
}

const listening = (promise) => promise.then(() => ready(...library));

await run({
  single: () =>
    numbered(async (number) => {
      const [reply, count, read] = await Promise.all([
        client.rpush(key('single'), entry(number)),
        client.incr(key('count')),
        client.lindex(key('single'), -1),
      ]);
      return { reply, count, read };
    }),
  pipeline: () => pipelined((numbers) => numbers.map((number) => client.rpush(key('pipeline'), entry(number)))),
  transaction: () => numbered(transaction),
  script: async () => {
    const sha = await client.script('LOAD', script);
    await numbered(async (number) => {
      const options = [1, key('script'), entry(number)];
      return { reply: await (number % 2 ? client.evalsha(sha, ...options) : client.eval(script, ...options)) };
    });
  },
  produce: async () => {
    await numbered(async (number) => ({ length: await client.rpush(key('queue'), entry(number)) }));
    await client.rpush(key('queue'), 'end');
  },
  consume: () => consume(async () => (await client.blpop(key('queue'), 0))[1]),
  scan: () => numbered(scanned),
  publish: async () => {
    await numbered(async (number) => ({ receivers: await client.publish(key('news'), String(number)) }));
    await client.publish(key('news'), 'end');
  },
  subscribe: () =>
    hear((heard) => {
      client.on('message', (_channel, text) => heard(text));
      return listening(client.subscribe(key('news')));
    }),
  psubscribe: () =>
    hear((heard) => {
      client.on('pmessage', (_pattern, _channel, text) => heard(text));
      return listening(client.psubscribe(key('n*')));
    }),
});
