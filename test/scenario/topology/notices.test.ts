import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  encodeNotice,
  type HeardNotice,
  type Notice,
  Topology,
  type TopologyEvent,
  type TopologyOptions,
} from '../../../src/topology/index.js';
import { type ManualClock, type MemoryTransport, manualClock, memoryTransport } from '../../../src/transport/index.js';
import { World } from '../../unit/topology/world.js';
import { type FakeOptions, FakeServer } from './fake-server.js';

let world: World;
let time: ManualClock;
let network: MemoryTransport;
let servers: Record<'A' | 'B', FakeServer>;
let events: TopologyEvent[];
let heard: HeardNotice[];
const open: Topology[] = [];
const listener = (notice: HeardNotice) => heard.push(notice);

beforeEach(() => {
  time = manualClock();
  network = memoryTransport({ clock: time });
  events = [];
  heard = [];
  world = new World();
  for (const name of ['A', 'B']) world.add(name);
  world.follow('B', 'A');
  serve();
});

afterEach(() => {
  for (const topology of open.splice(0)) topology.release();
});

function serve(options: FakeOptions = {}): void {
  const server = (name: string) => new FakeServer(world, world.at(name), network, options);
  servers = { A: server('A'), B: server('B') };
}

/** With a listener for notices, and all that this leads to. */
async function listening(options: Partial<TopologyOptions> = {}): Promise<Topology> {
  const topology = acquire(options);
  topology.onNotice(listener);
  await settled();
  return topology;
}

function acquire(options: Partial<TopologyOptions> = {}): Topology {
  const onEvent = (event: TopologyEvent) => events.push(event);
  const topology = Topology.acquire({ nodes: ['valkey://a:1'], transport: network, clock: time, onEvent, ...options });
  open.push(topology);
  return topology;
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

async function passTime(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    time.advance(100);
    await settled();
  }
}

function notice(change: Partial<Notice> = {}): string {
  return encodeNotice({ id: 'n1', kind: 'prepare', from: 'a:1', to: 'b:1', holdMs: 500, ...change } as Notice);
}

const about = (type: TopologyEvent['type']) => events.filter((event) => event.type === type);
const subscribers = () => [servers.A.subscribers.size, servers.B.subscribers.size];
const published = () => servers.A.commands.filter((command) => command.startsWith('PUBLISH'));

describe('the subscription', () => {
  test('is one connection to each node, as long as somebody listens', async () => {
    const topology = acquire();
    await settled();
    expect([servers.A.connections.size, ...subscribers()]).toEqual([1, 0, 0]);
    const remove = topology.onNotice(listener);
    await settled();
    expect([servers.A.connections.size, ...subscribers()]).toEqual([2, 1, 1]);
    remove();
    await settled();
    expect([servers.A.connections.size, servers.B.connections.size, ...subscribers()]).toEqual([1, 1, 0, 0]);
  });

  test('is shared by all who share the watch, and a listener that is added by each is told once', async () => {
    const [one, two] = [await listening(), await listening()];
    expect(subscribers()).toEqual([1, 1]);
    servers.A.publish(notice());
    await settled();
    expect(heard.length).toBe(1);
    one.release();
    await settled();
    expect(subscribers()).toEqual([1, 1]);
    two.release();
    await settled();
    expect(subscribers()).toEqual([0, 0]);
  });

  test('has a name and logs in as the watch does', async () => {
    network = memoryTransport({ clock: time });
    serve({ username: 'u', password: 'p' });
    await listening({ username: 'u', password: 'p' });
    expect(subscribers()).toEqual([1, 1]);
    expect(servers.B.commands).toContain('CLIENT SETNAME segue-notices');
  });

  test('ends with the connection to the node and comes back with it', async () => {
    await listening();
    servers.A.cutAll();
    await settled();
    expect(subscribers()).toEqual([1, 1]);
    servers.A.publish(notice());
    await settled();
    expect(heard.length).toBe(1);
  });

  test('that is lost alone is renewed with the next probe, and no event tells of it', async () => {
    await listening();
    await passTime(1000);
    for (const connection of [...servers.A.subscribers]) connection.cut();
    await settled();
    expect(subscribers()).toEqual([0, 1]);
    await passTime(1000);
    expect(subscribers()).toEqual([1, 1]);
    expect(about('notices-unavailable')).toEqual([]);
  });

  test('that is denied is reported once per node, and tried again when the node is dialled anew', async () => {
    network = memoryTransport({ clock: time });
    const reason = 'NOPERM No permissions to access a channel used as an argument';
    serve({ replies: { 'SUBSCRIBE SEGUE:NOTICE': `-${reason}\r\n` } });
    const topology = await listening();
    await passTime(5000);
    expect(topology.primary?.node).toBe('a:1');
    expect(about('notices-unavailable')).toEqual([
      { type: 'notices-unavailable', node: 'a:1', reason },
      { type: 'notices-unavailable', node: 'b:1', reason },
    ]);
    expect(servers.A.connections.size).toBe(1);
    const asked = () => servers.A.commands.filter((command) => command.startsWith('SUBSCRIBE')).length;
    expect(asked()).toBe(1);
    servers.A.cutAll();
    await settled();
    expect(asked()).toBe(2);
  });
});

describe('a notice', () => {
  test('that several nodes pass on is heard once, its next kind again', async () => {
    await listening();
    servers.A.publish(notice());
    servers.B.publish(notice());
    servers.A.publish(notice());
    servers.B.publish(notice({ kind: 'hold' }));
    await settled();
    expect(heard.map((one) => one.notice.kind)).toEqual(['prepare', 'hold']);
    expect(about('notice').length).toBe(2);
  });

  test('to prepare makes the watch ask all nodes first: it may have missed the switch before', async () => {
    await listening();
    world.promote('B');
    world.follow('A', 'B');
    servers.B.publish(notice({ from: 'b:1', to: 'a:1' }));
    servers.B.publish(notice({ from: 'b:1', to: 'a:1', kind: 'hold' }));
    await settled();
    expect(heard).toMatchObject([
      { notice: { kind: 'prepare' }, isFit: true, from: 'b:1', to: { node: 'a:1', term: 2 } },
      { notice: { kind: 'hold' }, isFit: true },
    ]);
    // A is known to be a replica by now, so its promotion is believed at once, whatever B says.
    world.promote('A');
    world.at('B').state = 'frozen';
    expect(await open[0]!.suspect('b:1')).toMatchObject({ node: 'a:1', term: 3 });
  });

  test('about this pair names its nodes', async () => {
    await listening();
    servers.A.publish(notice());
    await settled();
    const to = { node: 'b:1', address: { kind: 'tcp', host: 'b', port: 1 }, term: 1, since: 0 };
    expect(heard[0]).toMatchObject({ isFit: true, from: 'a:1', to });
    expect(about('notice')).toEqual([
      { type: 'notice', kind: 'prepare', id: 'n1', from: 'a:1', to: 'b:1', refused: undefined },
    ]);
  });

  test('may use the names that the servers use, where an address map leads elsewhere', async () => {
    network = memoryTransport({ clock: time });
    world.at('A').addresses.push('a:99');
    world.at('B').addresses.push('b:99');
    serve();
    await listening({ nodes: ['valkey://a:99'], addressMap: { 'a:1': 'a:99', 'b:1': 'b:99' } });
    servers.A.publish(notice());
    await settled();
    expect(heard[0]).toMatchObject({ isFit: true, from: 'a:99', to: { node: 'b:99' } });
  });

  test.each<[string, Partial<Notice>, string]>([
    ['of another pair', { from: 'c:1', to: 'd:1' }, 'c:1 is no node of this pair'],
    ['with a target that nobody vouches for', { to: 'evil:1' }, 'evil:1 is no node of this pair'],
    ['with the roles the wrong way round', { from: 'b:1', to: 'a:1' }, 'b:1 is not the primary'],
  ])('%s is unfit, dials nobody, and says why', async (_, change, reason) => {
    await listening();
    servers.A.publish(notice(change));
    await settled();
    expect(heard).toMatchObject([{ isFit: false, reason }]);
    expect(about('notice')).toMatchObject([{ refused: reason }]);
    expect(about('untrusted')).toEqual([]);
    expect([servers.A.connections.size, servers.B.connections.size]).toEqual([2, 2]);
  });

  test('is unfit when its target cannot be reached', async () => {
    await listening();
    world.at('B').state = 'frozen';
    servers.B.cutAll();
    await passTime(1000);
    servers.A.publish(notice());
    await settled();
    expect(heard).toMatchObject([{ isFit: false, reason: 'b:1 cannot be reached' }]);
  });

  test('that lets go is fit also after the roles have changed', async () => {
    await listening();
    world.promote('B');
    world.follow('A', 'B');
    await passTime(1000);
    servers.B.publish(notice({ kind: 'release', outcome: 'switched' } as Partial<Notice>));
    await settled();
    expect(heard).toMatchObject([{ isFit: true, from: 'a:1', to: { node: 'b:1', term: 2 } }]);
  });

  test('that is none is reported once for each reason, without its text', async () => {
    await listening();
    for (const text of ['x', 'y', '{"segue":2}', '{"segue":3}', 'x'.repeat(5000)]) servers.A.publish(text);
    await settled();
    expect(heard).toEqual([]);
    expect(about('notice-ignored').map((event) => 'reason' in event && event.reason)).toEqual([
      'not JSON',
      '"segue" is not 1',
      'longer than 4096 bytes',
    ]);
  });

  test('is one of at most twenty in a second', async () => {
    await listening();
    for (let n = 0; n < 50; n++) servers.A.publish(notice({ id: `n${n}`, kind: 'hold' }));
    await settled();
    expect([heard.length, about('notice-ignored').length]).toEqual([20, 1]);
    await passTime(1000);
    servers.A.publish(notice({ id: 'later', kind: 'hold' }));
    await settled();
    expect(heard.length).toBe(21);
  });

  test('that ends what was heard comes through a flood, once; that of anything else does not', async () => {
    await listening();
    const end = (id: string) => servers.A.publish(notice({ id, kind: 'release', outcome: 'switched' }));
    servers.A.publish(notice({ id: 'ours', kind: 'hold' }));
    for (let count = 0; count < 30; count++) servers.A.publish(notice({ id: `other${count}`, kind: 'hold' }));
    for (const id of ['ours', 'ours', 'other29']) end(id);
    await settled();
    expect(heard.map((one) => one.notice.id).slice(19)).toEqual(['other18', 'ours']);
  });

  test('larger than the subscription reads ends it, and it comes back', async () => {
    await listening();
    servers.A.publish('x'.repeat(200_000));
    await settled();
    await passTime(2000);
    expect(subscribers()).toEqual([1, 1]);
    expect(heard).toEqual([]);
  });
});

describe('an answer', () => {
  const answer = { id: 'n1', kind: 'ready', sessions: 2, late: 0, held: 1 } as const;

  test('is published on the primary, under a name that stays', async () => {
    const topology = await listening();
    topology.answer(answer);
    topology.answer({ ...answer, kind: 'holding' });
    await settled();
    const texts = published().map((command) => /^PUBLISH segue:answer:n1 (.*)$/.exec(command)?.[1] ?? '');
    const answers = texts.map((text) => JSON.parse(text));
    expect(answers).toMatchObject([
      { segue: 1, ...answer },
      { segue: 1, ...answer, kind: 'holding' },
    ]);
    expect(answers[0].process).toMatch(/^[\w-]{36}$/);
    expect(answers[1].process).toBe(answers[0].process);
  });

  test('that is denied is reported once', async () => {
    network = memoryTransport({ clock: time });
    serve({ replies: { 'PUBLISH SEGUE:ANSWER:N1': '-NOPERM no channel\r\n' } });
    const topology = await listening();
    topology.answer(answer);
    topology.answer(answer);
    await settled();
    expect(about('notices-unavailable')).toEqual([
      { type: 'notices-unavailable', node: 'a:1', reason: 'NOPERM no channel' },
    ]);
  });

  test('is nothing once the topology is released', async () => {
    const topology = await listening();
    topology.release();
    topology.answer(answer);
    expect(topology.onNotice(listener)).toBeTypeOf('function');
    await settled();
    expect(published()).toEqual([]);
  });
});
