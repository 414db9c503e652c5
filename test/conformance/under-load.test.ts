import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { segueConnector } from '../../src/doors/ioredis/index.js';
import { type LabPair, startPair, waitFor } from '../../src/lab/servers/index.js';
import { switchPrimary } from '../../src/switchover/index.js';
import { throughNode } from './kit/node-door.js';
import { type Place, Talker } from './kit/talker.js';

const nameOf = ({ host, port }: Place): string => `${host}:${port}`;

/** A Redis 7.0 pair, each node behind a listener; REDIRECT names the listeners. */
class Street {
  private constructor(
    readonly pair: LabPair,
    readonly doors: readonly (Place & { close(): Promise<void> })[],
    /** From the address of a server to that of its listener. */
    readonly map: Readonly<Record<string, string>>,
  ) {}

  static async start(): Promise<Street> {
    const pair = await startPair({ version: 'redis-7.0' });
    const map: Record<string, string> = {};
    const door = throughNode({ addressMap: (address) => map[address] ?? address });
    const doors = await Promise.all(pair.nodes.map((server) => door(server)));
    pair.nodes.forEach((server, index) => {
      map[server.address] = nameOf(doors[index]!);
    });
    return new Street(pair, doors, map);
  }

  async switchTo(index: 0 | 1): Promise<void> {
    const [from, to] = [this.pair.nodes[1 - index]!, this.pair.nodes[index]!];
    await switchPrimary({ from: `valkey://${from.address}`, to: `valkey://${to.address}` });
  }

  async stop(): Promise<void> {
    await Promise.all(this.doors.map((door) => door.close()));
    await this.pair.stop();
  }
}

/** A client as Valkey's documentation wants it: it announces the capability, and goes where it is sent. */
class Follower {
  redirects = 0;
  #talker: Talker | undefined;
  #at: Place;

  constructor(start: Place) {
    this.#at = start;
  }

  /** The answers to a pipeline; from the first that is refused on, everything is sent again elsewhere. */
  async pipeline(commands: readonly (readonly string[])[]): Promise<string[]> {
    const replies: string[] = [];
    while (replies.length < commands.length) {
      const talker = await this.#connected();
      const rest = commands.slice(replies.length);
      for (const command of rest) talker.send(command);
      const came: string[] = [];
      for (let i = 0; i < rest.length; i++) came.push(await talker.next());
      const refused = came.find((reply) => reply.startsWith('-REDIRECT '));
      replies.push(...(refused === undefined ? came : came.slice(0, came.indexOf(refused))));
      if (refused !== undefined) this.#follow(refused);
    }
    return replies;
  }

  close(): void {
    this.#talker?.close();
  }

  async #connected(): Promise<Talker> {
    if (this.#talker === undefined) {
      this.#talker = new Talker(this.#at);
      expect(await this.#talker.ask('CLIENT', 'CAPA', 'redirect')).toBe('+OK');
    }
    return this.#talker;
  }

  #follow(redirect: string): void {
    const [, host, port] = /^-REDIRECT (.+):(\d+)$/.exec(redirect)!;
    this.redirects++;
    this.close();
    this.#talker = undefined;
    this.#at = { host: host!, port: Number(port) };
  }
}

describe('Redis 7.0 behind node listeners, switched under load', () => {
  let street: Street;
  beforeAll(async () => {
    street = await Street.start();
  });
  afterAll(async () => {
    await street?.stop();
  });

  it('capable clients lose and double nothing, and see no error but REDIRECT', async () => {
    const followers = Array.from({ length: 10 }, () => new Follower(street.doors[0]!));
    const wrong: string[] = [];
    let running = true;
    const counts = followers.map(() => 0);
    const loads = followers.map(async (follower, who) => {
      while (running) {
        const first = counts[who]! + 1;
        const numbers = [0, 1, 2, 3].map((i) => String(first + i));
        const list = `list:${who}`;
        const pushes = numbers.map((number) => ['RPUSH', list, number]);
        const replies = await follower.pipeline([...pushes, ['LINDEX', list, '-1']]);
        const expected = [...numbers.map((number) => `:${number}`), `$${numbers[3]}`];
        if (replies.join() !== expected.join()) wrong.push(`${who}: ${replies.join()} for ${expected.join()}`);
        counts[who]! += 4;
      }
    });
    for (const to of [1, 0, 1, 0, 1, 0] as const) {
      await street.switchTo(to);
      const before = [...counts];
      await waitFor(() => counts.every((count, who) => count > before[who]! + 20), {
        deadlineMs: 20_000,
        what: 'everybody to go on',
      });
    }
    running = false;
    await Promise.all(loads);
    expect(wrong).toEqual([]);
    for (const [who, count] of counts.entries()) {
      const list = (await street.pair.nodes[0]!.cli('LRANGE', `list:${who}`, 0, -1)) as string[];
      expect(list).toEqual(Array.from({ length: count }, (_, index) => String(index + 1)));
    }
    expect(Math.min(...followers.map(({ redirects }) => redirects))).toBeGreaterThanOrEqual(6);
    for (const follower of followers) follower.close();
  });

  it('ioredis with the connector goes through them', async () => {
    const [first] = street.doors;
    const client = new Redis({
      host: first!.host,
      port: first!.port,
      Connector: segueConnector({
        nodes: street.doors.map((door) => `valkey://${nameOf(door)}`),
        addressMap: { ...street.map },
      }),
    });
    const errors: Error[] = [];
    client.on('error', (error) => errors.push(error));
    try {
      let count = 0;
      let running = true;
      const loads = Array.from({ length: 8 }, async () => {
        while (running) {
          await client.multi().incr('count').get('count').exec();
          count++;
        }
      });
      for (const to of [1, 0, 1, 0] as const) {
        await street.switchTo(to);
        const before = count;
        await waitFor(() => count > before + 50, { deadlineMs: 20_000, what: 'the load to go on' });
      }
      running = false;
      await Promise.all(loads);
      expect(await client.get('count')).toBe(String(count));
      expect(errors).toEqual([]);
    } finally {
      client.disconnect();
    }
  });
});
