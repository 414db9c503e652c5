// The checked workload with Valkey GLIDE. It always connects again by itself: the gateway's count of connections shows it.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { batch, consume, entry, given, hear, isOver, key, numbered, ready, run, say, script, textOf } from './kit.mjs';

// It is installed where the harness says: its native half is too large to be everybody's dependency.
const packageFile = process.env.SEGUE_GLIDE_PACKAGE;
const { Batch, GlideClient, GlideClientConfiguration, ProtocolVersion, Script } =
  createRequire(packageFile)('@valkey/valkey-glide');
const { host, port, protocol, role } = given;
const { Exact, Pattern } = GlideClientConfiguration.PubSubChannelModes;

async function connect(more = {}) {
  const client = await GlideClient.createClient({
    addresses: [{ host, port }],
    protocol: protocol === 3 ? ProtocolVersion.RESP3 : ProtocolVersion.RESP2,
    requestTimeout: 30_000,
    ...more,
  });
  ready('GLIDE', join(dirname(packageFile), 'node_modules/@valkey/valkey-glide/package.json'));
  return client;
}

const listens = role === 'subscribe' || role === 'psubscribe';
const client = listens ? undefined : await connect();

/** Batches that are no transaction are GLIDE's pipelines. */
async function pipelines() {
  for (let first = 0; !(await isOver()); first += batch.length) {
    const together = new Batch(false);
    for (const at of batch) together.rpush(key('pipeline'), [entry(first + at)]);
    try {
      const answers = await client.exec(together, false, { timeout: 30_000 });
      answers.forEach((answer, at) => {
        const number = first + at;
        say(typeof answer === 'number' ? { ack: number, reply: answer } : { fail: number, error: textOf(answer) });
      });
    } catch (error) {
      for (const at of batch) say({ fail: first + at, error: textOf(error) });
    }
  }
}

async function transaction(number) {
  if (number % 2 === 1) {
    await client.watch([key('version')]);
    await client.get(key('version'));
  }
  const together = new Batch(true).rpush(key('transaction'), [entry(number)]).incr(key('version'));
  const replies = await client.exec(together, true, { timeout: 30_000 });
  return replies === null ? null : { reply: replies[0], version: replies[1] };
}

async function scanned() {
  const seen = new Set();
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, { match: key('scan:*'), count: 50 });
    for (const one of keys) seen.add(one);
    cursor = next;
  } while (cursor !== '0');
  return { keys: seen.size };
}

const listen = (mode, name) =>
  hear((heard) =>
    connect({
      protocol: ProtocolVersion.RESP3, // GLIDE subscribes with it only
      pubsubSubscriptions: {
        channelsAndPatterns: { [mode]: new Set([name]) },
        callback: ({ message }) => heard(message),
      },
    }),
  );

await run({
  single: () =>
    numbered(async (number) => {
      const [reply, count, read] = await Promise.all([
        client.rpush(key('single'), [entry(number)]),
        client.incr(key('count')),
        client.lindex(key('single'), -1),
      ]);
      return { reply, count, read };
    }),
  pipeline: pipelines,
  transaction: () => numbered(transaction),
  script: async () => {
    const loaded = new Script(script);
    await numbered(async (number) => {
      const options = { keys: [key('script')], args: [entry(number)] };
      const run = () => client.customCommand(['EVAL', script, '1', key('script'), entry(number)]);
      return { reply: await (number % 2 ? client.invokeScript(loaded, options) : run()) };
    });
  },
  produce: async () => {
    await numbered(async (number) => ({ length: await client.rpush(key('queue'), [entry(number)]) }));
    await client.rpush(key('queue'), ['end']);
  },
  consume: () => consume(async () => (await client.blpop([key('queue')], 0))[1]),
  scan: () => numbered(scanned),
  publish: async () => {
    await numbered(async (number) => ({ receivers: await client.publish(String(number), key('news')) }));
    await client.publish('end', key('news'));
  },
  subscribe: () => listen(Exact, key('news')),
  psubscribe: () => listen(Pattern, key('n*')),
});
