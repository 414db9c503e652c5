import { expect } from 'vitest';
import { type LabServer, waitFor } from '../../../src/lab/servers/index.js';
import type { Client } from './clients.js';

/** What one client does, over and over, until `running` is false; and what must hold at the end. */
interface User {
  readonly done: Promise<void>;
  /** Steps so far. */
  steps(): number;
  check(primary: LabServer): Promise<void>;
}

type Running = () => boolean;

/** Clients that do what is hard to carry across a switch. */
export function traffic(connect: () => Client, name: string) {
  let isRunning = true;
  let clients = 0;
  const client = () => {
    clients++;
    return connect();
  };
  const running = () => isRunning;
  const users = [
    pipelines(client(), `${name}:list`, running),
    scripts(client(), `${name}:script`, running),
    publisher(client(), `${name}:channel`, running),
    watched(client(), `${name}:watched`, running),
    queue(client(), client(), `${name}:queue`, running),
  ];
  return {
    clients,

    /** Everybody gets further. */
    async progress(): Promise<void> {
      const before = users.map((user) => user.steps());
      const isFurther = () => users.every((user, at) => user.steps() > before[at]! + 20);
      await waitFor(isFurther, { deadlineMs: 20_000, what: 'progress of all' });
    },

    async finish(primary: LabServer): Promise<void> {
      isRunning = false;
      await Promise.all(users.map((user) => user.done));
      for (const user of users) await user.check(primary);
    },
  };
}

/** Entries without waiting for each other's answers: their order on the server is the order in which they were sent. */
function pipelines(client: Client, list: string, running: Running): User {
  let next = 0;
  const run = async () => {
    while (running()) await Promise.all(Array.from({ length: 10 }, () => client.rpush(list, String(next++))));
  };
  return {
    done: run(),
    steps: () => next,
    check: async () => expect(await client.lrange(list, 0, -1)).toEqual(Array.from({ length: next }, (_, n) => `${n}`)),
  };
}

function scripts(client: Client, list: string, running: Running): User {
  client.defineCommand('append', { numberOfKeys: 1, lua: "return redis.call('RPUSH', KEYS[1], ARGV[1])" });
  const scripted = client as unknown as { append(key: string, value: string): Promise<number> };
  let next = 0;
  const run = async () => {
    while (running()) expect(await scripted.append(list, String(next++))).toBe(next);
  };
  return {
    done: run(),
    steps: () => next,
    check: async () => expect(await client.llen(list)).toBe(next),
  };
}

/** A PUBLISH is refused by nobody: whoever sends it to the old primary loses it for those who listen at the new one. */
function publisher(client: Client, channel: string, running: Running): User {
  let next = 0;
  const run = async () => {
    while (running()) {
      await client.publish(channel, String(next));
      next++;
    }
  };
  return { done: run(), steps: () => next, check: async () => {} };
}

/** Counts by WATCH, GET, MULTI, SET, EXEC. A move may make EXEC answer nil: then nothing of it has happened. */
function watched(client: Client, key: string, running: Running): User {
  let committed = 0;
  const run = async () => {
    while (running()) {
      await client.watch(key);
      const value = Number((await client.get(key)) ?? 0);
      expect(value).toBe(committed);
      const result = await client
        .multi()
        .set(key, String(value + 1))
        .exec();
      if (result !== null) committed++;
    }
  };
  return {
    done: run(),
    steps: () => committed,
    check: async () => expect(Number(await client.get(key))).toBe(committed),
  };
}

function queue(producer: Client, consumer: Client, list: string, running: Running): User {
  const taken: string[] = [];
  let made = 0;
  const produce = async () => {
    for (; running(); made++) {
      await producer.rpush(list, String(made));
      // The consumer is to wait for the next one most of the time.
      await waitFor(() => taken.length > made, { deadlineMs: 20_000, what: 'the entry to be taken' });
    }
  };
  const consume = async () => {
    for (;;) {
      const entry = await consumer.blpop(list, 30);
      if (entry?.[1] === 'end') return;
      taken.push(entry?.[1] ?? 'nothing');
    }
  };
  const run = async () => {
    const consuming = consume();
    await produce();
    await producer.rpush(list, 'end');
    await consuming;
  };
  return {
    done: run(),
    steps: () => taken.length,
    check: async () => expect(taken).toEqual(Array.from({ length: made }, (_, n) => `${n}`)),
  };
}
