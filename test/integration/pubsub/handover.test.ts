import { afterEach, describe, expect, it } from 'vitest';
import { segueConnector } from '../../../src/doors/ioredis/index.js';
import type { SegueEvent } from '../../../src/index.js';
import { waitFor, waitForSync } from '../../../src/lab/servers/index.js';
import { switchPrimary } from '../../../src/switchover/index.js';
import { type Client, libraries } from '../ioredis/clients.js';
import { SwitchedPair } from '../ioredis/lab.js';
import { Audience, ways } from './audience.js';

// For the whole of it: SEGUE_PUBSUB_SWITCHES=100 SEGUE_PUBSUB_PUBLISHERS=50 SEGUE_PUBSUB_SUBSCRIBERS=200
// SEGUE_PUBSUB_MESSAGES=2 SEGUE_PUBSUB_PACE_MS=500, with --testTimeout=3600000: one process hears 40 000 messages a second.
const switches = Number(process.env.SEGUE_PUBSUB_SWITCHES ?? 10);
const publishers = Number(process.env.SEGUE_PUBSUB_PUBLISHERS ?? 6);
const subscribers = Number(process.env.SEGUE_PUBSUB_SUBSCRIBERS ?? 12);
/** Of each publisher, between two switches. */
const messages = Number(process.env.SEGUE_PUBSUB_MESSAGES ?? 20);
/** Between two messages of a publisher: with 0 there is always one on its way, else mostly none. */
const givenPaceMs = process.env.SEGUE_PUBSUB_PACE_MS;

let pair: SwitchedPair;
afterEach(() => pair?.stop());

interface Hall {
  readonly audience: Audience;
  readonly events: SegueEvent[];
  readonly client: (options?: Record<string, unknown>) => Client;
}

/** Publishers and subscribers of all libraries, RESP2, and RESP3 where the library speaks it. */
async function open(
  version: string,
  { user, paceMs = 0 }: { user?: { username: string; password: string; acl: string[] }; paceMs?: number } = {},
): Promise<Hall> {
  pair = await SwitchedPair.start({ version: version as 'valkey-9.1' });
  const { acl = [], ...login } = user ?? {};
  if (acl.length > 0) for (const node of [pair.primary, pair.replica]) await node.cli('ACL', 'SETUSER', ...acl);
  const events: SegueEvent[] = [];
  // Nobody writes, so without a notice only the watch can find that the primary is another.
  const Connector = segueConnector({ probeIntervalMs: 100, onEvent: (event) => events.push(event) });
  const audience = new Audience(publishers, Number(givenPaceMs ?? paceMs));
  // Patterns must be granted letter by letter.
  const kinds = user === undefined ? ways : (['channels', 'shards'] as const);
  const client = (index: number) => {
    const [name, Library] = libraries[index % libraries.length]!;
    return pair.client(Library, {
      Connector,
      ...login,
      ...(name === 'ioredis 6' ? { protocol: index % 2 === 0 ? 2 : 3 } : {}),
    });
  };
  for (let index = 0; index < subscribers; index++)
    await audience.listen(client(index), `subscriber ${index}`, kinds[Math.floor(index / 2) % kinds.length]!);
  for (let index = 0; index < publishers; index++) audience.publish(client(index), index);
  return { audience, events, client: () => client(1) };
}

async function switchOver(notice: boolean): Promise<void> {
  const { primary, replica } = pair;
  await switchPrimary({ from: `valkey://${primary.address}`, to: `valkey://${replica.address}`, notice });
  [pair.primary, pair.replica] = [replica, primary];
  await waitForSync(pair.primary, [pair.replica]);
}

const of = <Type extends SegueEvent['type']>(events: SegueEvent[], type: Type) =>
  events.filter((event): event is SegueEvent & { type: Type } => event.type === type);

describe.each(['valkey-9.1', 'redis-7.0'])('messages on %s', (version) => {
  it.each([
    ['with notices', true, 0],
    ['without notices', false, 0],
    ['without notices, publishers being idle in between', false, 10],
  ])(`come exactly once and in order across switches %s`, async (_what, notice, paceMs) => {
    const { audience, events } = await open(version, { paceMs });
    for (let round = 1; round <= switches; round++) {
      await audience.progress(messages);
      await switchOver(notice);
      await waitFor(() => of(events, 'handed-over').length + of(events, 'resubscribed').length, {
        deadlineMs: 60_000,
        what: `round ${round}`,
        until: (count) => count >= round * subscribers,
      });
    }
    await audience.progress(messages);
    await audience.finish();
    expect(of(events, 'resubscribed')).toEqual([]);
    expect([audience.errors, audience.lost]).toEqual([[], 0]);
    expect(of(events, 'handed-over').length).toBe(switches * subscribers);
    const ahead = of(events, 'handed-over').filter((event) => event.ahead).length;
    expect(ahead).toBe(notice ? switches * subscribers : 0);
    expect(audience.irregularities.slice(0, 10)).toEqual([]);
    expect(audience.strangers.filter((channel) => channel.startsWith('segue:mark:'))).toEqual([]);
    expect(audience.messages).toBeGreaterThan(switches * messages * subscribers);
    expect(pair.errors).toEqual([]);
  });

  it('that are lost with a node are told of, once for each subscriber', async () => {
    const { audience, events } = await open(version);
    await audience.progress(messages);
    const { primary, replica } = pair;
    primary.kill();
    await replica.cli('REPLICAOF', 'NO', 'ONE');
    [pair.primary, pair.replica] = [replica, primary];
    await waitFor(() => of(events, 'resubscribed'), {
      deadlineMs: 20_000,
      what: 'the subscribers',
      until: (told) => told.length === subscribers,
    });
    await audience.progress(messages);
    await audience.finish();
    expect(new Set(of(events, 'resubscribed').map(({ reason }) => reason))).toEqual(
      new Set(['the connection to the old node was lost']),
    );
    expect(of(events, 'handed-over')).toEqual([]);
    expect(audience.irregularities.slice(0, 10)).toEqual([]);
    expect(audience.errors.filter((error) => !error.startsWith('UNCERTAIN'))).toEqual([]);
  });
});

it('a user that may not use the markers subscribes anew, and is told so', async () => {
  const { audience, events } = await open('valkey-9.1', {
    user: {
      username: 'app',
      password: 'secret',
      acl: ['app', 'on', '>secret', '+@all', '~*', '&c:*', '&s:*', '&segue:notice', '&segue:answer:*'],
    },
  });
  await audience.progress(5);
  await switchOver(true);
  await waitFor(() => of(events, 'resubscribed').length, {
    deadlineMs: 10_000,
    what: 'the subscribers',
    until: (count) => count === subscribers,
  });
  await audience.progress(5);
  await audience.finish();
  expect(of(events, 'resubscribed')[0]!.reason).toMatch(/^NOPERM/);
  expect(audience.irregularities).toEqual([]);
  expect(of(events, 'uncertain')).toEqual([]);
});
