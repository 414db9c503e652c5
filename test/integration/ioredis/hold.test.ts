import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { segueConnector } from '../../../src/doors/ioredis/index.js';
import type { SegueEvent } from '../../../src/index.js';
import { type LabServer, serverVersions, waitFor, waitForSync } from '../../../src/lab/servers/index.js';
import { type ClientClass, libraries } from './clients.js';
import { SwitchedPair } from './lab.js';
import { Operator } from './operator.js';
import { DATA, watchForStrays } from './strays.js';
import { traffic } from './traffic.js';

/**
 * Commands of applications that the node has refused or failed so far, by name. Not BLPOP: whoever is blocked when the
 * primary steps down is told so, and nothing else can end the wait.
 */
async function refusals(node: LabServer): Promise<Record<string, string>> {
  const stats = Object.entries(await node.info('commandstats'));
  const data = stats.filter(([name]) => DATA.has(name.replace('cmdstat_', '')) && name !== 'cmdstat_blpop');
  return Object.fromEntries(data.map(([name, counts]) => [name, /rejected_calls.*$/.exec(counts)?.[0] ?? '']));
}

describe.each(serverVersions)('planned switches with notices on %s', (version) => {
  let pair: SwitchedPair;
  beforeAll(async () => {
    pair = await SwitchedPair.start({ version });
  });
  afterEach(() => pair.disconnectAll());
  afterAll(() => pair?.stop());

  it.each(libraries)(
    '%s: nothing reaches the old primary, and all is as if nothing had happened',
    async (name, Library) => {
      const events: SegueEvent[] = [];
      const Connector = segueConnector({ onEvent: (event) => events.push(event) });
      const load = traffic(() => pair.client(Library, { Connector }), name);
      for (let round = 1; round <= 3; round++) {
        await load.progress();
        const { primary, replica } = pair;
        const before = await refusals(primary);
        const watcher = await watchForStrays(primary, replica);
        const operator = await new Operator(primary, replica).listen();
        const answer = await operator.prepareAndHold();
        expect(answer).toMatchObject({ kind: 'holding', sessions: load.clients, late: 0 });
        await operator.move();
        [pair.primary, pair.replica] = [replica, primary];
        await load.progress();
        expect(await refusals(primary)).toEqual(before);
        expect(watcher.seen()).toEqual([]);
        watcher.stop();
        operator.close();
        await waitForSync(pair.primary, [pair.replica]);
      }
      await load.finish(pair.primary);
      expect(pair.errors).toEqual([]);
      const outcomes = events.flatMap((event) => (event.type === 'released' ? [event.outcome] : []));
      expect(outcomes).toEqual(['switched', 'switched', 'switched']);
      expect(events.filter((event) => event.type === 'uncertain')).toEqual([]);
    },
  );
});

describe('what an operator may do wrong', () => {
  const Library: ClientClass = libraries[1]![1];
  let pair: SwitchedPair;
  let events: SegueEvent[];
  const operators: Operator[] = [];
  beforeAll(async () => {
    pair = await SwitchedPair.start({});
  });
  afterEach(() => {
    pair.disconnectAll();
    for (const operator of operators.splice(0)) operator.close();
  });
  afterAll(() => pair?.stop());

  async function operator(holdMs?: number): Promise<Operator> {
    const one = new Operator(pair.primary, pair.replica, holdMs === undefined ? {} : { holdMs });
    operators.push(one);
    return one.listen();
  }

  async function client(options: Parameters<typeof segueConnector>[0] = {}) {
    events = [];
    const one = pair.client(Library, {
      Connector: segueConnector({ onEvent: (event) => events.push(event), ...options }),
    });
    await one.set('k', '0');
    await waitFor(() => pair.primary.cli('PUBSUB', 'NUMSUB', 'segue:notice'), {
      deadlineMs: 5_000,
      what: 'the subscription',
      until: (reply) => options.notices === false || Number((reply as unknown[])[1]) === 1,
    });
    return one;
  }

  const released = () => events.filter((event) => event.type === 'released');
  const sent = () => pair.primary.cli('GET', 'k');

  it('vanishes after "hold": sessions go on by themselves', async () => {
    const one = await client();
    const boss = await operator(300);
    await boss.prepareAndHold();
    boss.close();
    const writing = one.incr('k');
    expect(await sent()).toBe('0');
    expect(await writing).toBe(1);
    await waitFor(() => released().length > 0, { deadlineMs: 5_000, what: 'the end of the hold' });
    expect(released()).toMatchObject([{ outcome: 'expired' }]);
  });

  it('vanishes after the promotion: sessions find out by themselves', async () => {
    const one = await client();
    const boss = await operator(20_000);
    await boss.prepareAndHold();
    const writing = one.incr('k');
    await boss.move({ silently: true });
    [pair.primary, pair.replica] = [pair.replica, pair.primary];
    boss.close();
    expect(await writing).toBe(1);
    await waitFor(() => released().length > 0, { deadlineMs: 5_000, what: 'the end of the hold' });
    expect(released()).toMatchObject([{ outcome: 'switched' }]);
  });

  it('asks for more time than the option allows', async () => {
    const one = await client({ noticeHoldMaxMs: 200 });
    await (await operator(60_000)).prepareAndHold();
    expect(await one.incr('k')).toBe(1);
    // The session has a deadline of its own: it may go on before the party of which it is one has seen its time end.
    await waitFor(() => released().length > 0, { deadlineMs: 5_000, what: 'the end of the hold' });
    expect(released()).toMatchObject([{ outcome: 'expired' }]);
  });

  it('gives up: sessions go on at once, where they were', async () => {
    const one = await client();
    const boss = await operator(5_000);
    await boss.prepareAndHold();
    const writing = one.incr('k');
    expect(await sent()).toBe('0');
    await boss.release('given-up');
    expect(await writing).toBe(1);
    await waitFor(() => released().length > 0, { deadlineMs: 5_000, what: 'the end of the hold' });
    expect(released()).toMatchObject([{ outcome: 'given-up' }]);
    expect(events.filter((event) => event.type === 'move').length).toBe(1);
  });

  it('says "switched" and has not: sessions ask, and go on where they were', async () => {
    const one = await client();
    const boss = await operator(5_000);
    await boss.prepareAndHold();
    const writing = one.incr('k');
    await boss.release('switched');
    expect(await writing).toBe(1);
    expect(events.filter((event) => event.type === 'move').length).toBe(1);
  });

  it('comes second: the first is obeyed', async () => {
    const one = await client();
    const first = await operator(5_000);
    const second = await operator(5_000);
    await first.prepareAndHold();
    await second.tell('hold');
    expect(await second.answered('unable')).toMatchObject([{ reason: 'its sessions hold for another switch' }]);
    await second.release('given-up');
    const writing = one.incr('k');
    expect(await sent()).toBe('0');
    await first.release('given-up');
    expect(await writing).toBe(1);
  });

  it('names a node that nobody vouches for: it is refused and not dialled', async () => {
    const one = await client();
    const boss = await operator();
    await boss.tell('prepare', { to: '127.0.0.1:1' });
    expect(await boss.answered('unable')).toMatchObject([{ reason: '127.0.0.1:1 is no node of this pair' }]);
    await boss.tell('hold', { from: '127.0.0.1:1' });
    await waitFor(() => boss.answers.length === 2, { deadlineMs: 5_000, what: 'the second answer' });
    expect(await one.incr('k')).toBe(1);
    expect(events.filter((event) => event.type === 'join-failed' || event.type === 'hold')).toEqual([]);
  });

  it('is not heard when notices are switched off, and the switch goes by refusals', async () => {
    const one = await client({ notices: false });
    const boss = await operator(5_000);
    await boss.tell('prepare');
    await boss.tell('hold');
    expect(await pair.primary.cli('PUBSUB', 'NUMSUB', 'segue:notice')).toEqual(['segue:notice', 0]);
    expect(await one.incr('k')).toBe(1);
    await boss.move();
    [pair.primary, pair.replica] = [pair.replica, pair.primary];
    expect(await one.incr('k')).toBe(2);
  });

  it('a session that begins during the hold holds, too', async () => {
    await client();
    const boss = await operator(1_000);
    await boss.prepareAndHold();
    const late = pair.client(Library);
    const writing = late.incr('k');
    await waitFor(() => late.status === 'ready' || late.status === 'connect', {
      deadlineMs: 5_000,
      what: 'the client',
    });
    expect(await sent()).toBe('0');
    await boss.move();
    [pair.primary, pair.replica] = [pair.replica, pair.primary];
    expect(await writing).toBe(1);
  });
});

describe('many, and those who may not', () => {
  const Library: ClientClass = libraries[1]![1];
  let pair: SwitchedPair;
  afterEach(async () => {
    await pair.stop();
  });

  it('five hundred sessions of one process: prepared, held and moved together', async () => {
    pair = await SwitchedPair.start({});
    const events: SegueEvent[] = [];
    const Connector = segueConnector({ onEvent: (event) => events.push(event) });
    const clients = Array.from({ length: 500 }, () => pair.client(Library, { Connector }));
    await Promise.all(clients.map((client) => client.incr('k')));
    const operator = await new Operator(pair.primary, pair.replica, { holdMs: 10_000 }).listen();
    const [ready] = await operator.tell('prepare').then(() => operator.answered('ready'));
    expect(ready).toMatchObject({ sessions: 500, late: 0 });
    await operator.tell('hold');
    expect(await operator.answered('holding')).toMatchObject([{ sessions: 500, late: 0 }]);
    const before = await refusals(pair.primary);
    // Half of them have something to say.
    const held = clients.slice(0, 250).map((client) => client.incr('k'));
    await operator.move();
    const counts = await Promise.all(held);
    expect([...counts].sort((a, b) => a - b)).toEqual(Array.from({ length: 250 }, (_, n) => 501 + n));
    const moved = () => events.filter((event) => event.type === 'move' && event.node === pair.replica.address).length;
    await waitFor(() => moved() === 500, { deadlineMs: 10_000, what: 'all to have moved' });
    expect(await refusals(pair.primary)).toEqual(before);
    expect(events.filter((event) => event.type === 'join-failed')).toEqual([]);
    expect(pair.errors).toEqual([]);
    operator.close();
  });

  it('a user without permission for the channel: one event per node, and a switch goes by refusals', async () => {
    const users = [{ name: 'app', password: 'secret', rules: 'resetchannels ~* &app:* +@all' }];
    pair = await SwitchedPair.start({ users });
    const events: SegueEvent[] = [];
    const Connector = segueConnector({ onEvent: (event) => events.push(event) });
    const client = pair.client(Library, { Connector, username: 'app', password: 'secret' });
    await client.incr('k');
    const denied = () => events.filter((event) => event.type === 'notices-unavailable');
    await waitFor(() => denied().length === 2, { deadlineMs: 5_000, what: 'the event of each node' });
    const operator = await new Operator(pair.primary, pair.replica).listen();
    await operator.tell('prepare');
    await operator.tell('hold');
    expect(await client.incr('k')).toBe(2);
    await operator.move();
    expect(await client.incr('k')).toBe(3);
    expect(pair.errors).toEqual([]);
    expect(denied().length).toBe(2);
    operator.close();
  });
});
