import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Topology, type TopologyEvent, type TopologyOptions } from '../../../src/topology/index.js';
import { type ManualClock, type MemoryTransport, manualClock, memoryTransport } from '../../../src/transport/index.js';
import { World } from '../../unit/topology/world.js';
import { type FakeOptions, FakeServer } from './fake-server.js';

let world: World;
let time: ManualClock;
let network: MemoryTransport;
let servers: Record<string, FakeServer>;
let events: TopologyEvent[];
const open: Topology[] = [];

beforeEach(() => {
  time = manualClock();
  network = memoryTransport({ clock: time });
  events = [];
  world = new World();
  for (const name of ['A', 'B']) world.add(name);
  world.follow('B', 'A');
  serve();
});

afterEach(() => {
  for (const topology of open.splice(0)) topology.release();
});

function serve(options: FakeOptions = {}): void {
  servers = {};
  for (const [name, node] of world.nodes) servers[name] = new FakeServer(world, node, network, options);
}

function acquire(options: Partial<TopologyOptions> = {}): Topology {
  const onEvent = (event: TopologyEvent) => events.push(event);
  const topology = Topology.acquire({ nodes: ['valkey://a:1'], transport: network, clock: time, onEvent, ...options });
  open.push(topology);
  return topology;
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

const reasonOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  );

describe('ready', () => {
  test('resolves with the primary; a probe is one write and one chunk of replies', async () => {
    const topology = acquire({ nodes: ['valkey://b:1'] });
    expect(await topology.ready(1000)).toMatchObject({
      node: 'a:1',
      term: 1,
      address: { kind: 'tcp', host: 'a', port: 1 },
    });
    expect(servers.B?.commands).toEqual(['CLIENT SETNAME segue-topology', 'INFO server', 'PING', 'INFO replication']);
    await quiet();
    time.advance(1000);
    await quiet();
    expect(servers.B?.commands.slice(4)).toEqual(['INFO replication']);
    expect(servers.B?.chunks).toBe(2);
  });

  test('says for each node why not, after the time given', async () => {
    world.at('A').state = 'frozen';
    world.follow('A', 'B');
    network.blackhole({ kind: 'tcp', host: 'c', port: 1 });
    const nodes = ['valkey://a:1', 'valkey://b:1', 'valkey://c:1', 'valkey://d:1'];
    const failed = reasonOf(acquire({ nodes }).ready(500));
    await quiet();
    time.advance(500);
    const text = await failed;
    expect(text).toMatch(/^SEGUE_TOPOLOGY_NO_PRIMARY: no primary found within 500 ms: /);
    expect(text.slice(text.indexOf('a:1')).split('; ')).toEqual([
      'a:1: no answer yet',
      'b:1: a replica of a:1 (link down)',
      'c:1: no answer yet',
      'd:1: cannot connect: refused',
    ]);
  });

  test('a wrong password is said at once, and not shown', async () => {
    serve({ password: 'right' });
    const text = await reasonOf(acquire({ nodes: ['valkey://u:hunter2@a:1'] }).ready(60_000));
    expect(text).toBe(
      'SEGUE_TOPOLOGY_AUTH: every node refused us: a:1: WRONGPASS invalid username-password pair or user is disabled.',
    );
  });

  test('no password where one is wanted', async () => {
    serve({ password: 'right' });
    expect(await reasonOf(acquire().ready(60_000))).toMatch(/^SEGUE_TOPOLOGY_AUTH: .*a:1: NOAUTH/);
  });

  test('the password of one seed serves the nodes that it leads to', async () => {
    serve({ username: 'app', password: 'p@ss' });
    const topology = acquire({ nodes: ['valkey://app:p%40ss@b:1'] });
    expect(await topology.ready(1000)).toMatchObject({ node: 'a:1' });
  });

  test('after release', async () => {
    world.at('A').state = 'frozen';
    const topology = acquire();
    const waiting = reasonOf(topology.ready(1000));
    topology.release();
    topology.release();
    expect(await waiting).toMatch(/^SEGUE_TOPOLOGY_RELEASED/);
    expect([await topology.suspect('a:1'), topology.primary]).toEqual([undefined, undefined]);
    expect(await reasonOf(topology.ask(['PING']))).toMatch(/^SEGUE_TOPOLOGY_RELEASED/);
  });
});

describe('sharing', () => {
  test('one watch for the same pair, however the seeds are ordered and the TLS options copied', async () => {
    const nodes = ['valkeys://a:1', 'valkeys://b:1'];
    const one = acquire({ nodes, tls: { ca: ['x'], servername: 's' } });
    const two = acquire({ nodes: nodes.toReversed(), tls: { ca: ['x'], servername: 's' } });
    const other = acquire({ nodes, tls: { ca: ['y'], servername: 's' } });
    const user = acquire({ nodes, tls: { ca: ['x'], servername: 's' }, password: 'p' });
    expect(two.sharedKey).toBe(one.sharedKey);
    expect(new Set([one, other, user].map((topology) => topology.sharedKey)).size).toBe(3);
  });

  test('the last release closes the connections and the timers', async () => {
    const [one, two] = [acquire(), acquire()];
    await one.ready(1000);
    await quiet();
    one.release();
    expect(await two.ready(1000)).toMatchObject({ node: 'a:1' });
    expect(servers.A?.connections.size).toBe(1);
    two.release();
    await quiet();
    expect([servers.A?.connections.size, servers.B?.connections.size, time.pendingTimers]).toEqual([0, 0, 0]);
    const again = acquire();
    expect(await again.ready(1000)).toMatchObject({ term: 1 });
  });

  test('a listener that throws disturbs nobody', async () => {
    const thrown: unknown[] = [];
    const remembered = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => thrown.push(error));
    try {
      const one = acquire({ onEvent: () => {} });
      one.onPrimary(() => {
        throw new Error('mine');
      });
      const two = acquire();
      expect(await two.ready(1000)).toMatchObject({ node: 'a:1' });
      await new Promise((resolve) => setImmediate(resolve));
      expect(String(thrown[0])).toBe('Error: mine');
    } finally {
      for (const listener of remembered) process.on('uncaughtException', listener);
    }
  });
});

describe('a switch', () => {
  test('is the answer to all who suspect, and news for the others', async () => {
    const topology = acquire();
    await topology.ready(1000);
    await quiet();
    const heard: string[] = [];
    const stop = topology.onPrimary((view) => heard.push(`${view.node} ${view.term}`));
    world.promote('B');
    world.follow('A', 'B', true);
    const before = servers.B!.chunks;
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => topology.suspect('a:1', { host: 'b', port: 1 })),
    );
    expect(answers.every((view) => view?.node === 'b:1' && view.term === 2)).toBe(true);
    expect(servers.B!.chunks - before).toBeLessThanOrEqual(2);
    expect(heard).toEqual(['b:1 2']);
    stop();
    expect(await topology.ask(['PING'])).toBe('PONG');
  });

  test('a listener that suspects again at once', async () => {
    const topology = acquire();
    await topology.ready(1000);
    await quiet();
    const again: Promise<unknown>[] = [];
    topology.onPrimary((view) => again.push(topology.suspect(view.node)));
    world.promote('B');
    world.follow('A', 'B', true);
    await topology.suspect('a:1');
    await quiet();
    expect(await Promise.all(again)).toMatchObject([{ node: 'b:1', term: 2 }]);
  });

  test('all control connections are killed by the switch, as Sentinel does', async () => {
    const topology = acquire();
    await topology.ready(1000);
    await quiet();
    world.promote('B');
    world.follow('A', 'B', true);
    for (const server of Object.values(servers)) server.cutAll();
    expect(await topology.suspect('a:1')).toMatchObject({ node: 'b:1', term: 2 });
    expect(events.map((event) => event.type)).not.toContain('primary-lost');
  });
});

describe('odd servers', () => {
  test('INFO is denied: ROLE does, and an event says so', async () => {
    const denied = "-NOPERM User app has no permissions to run the 'info' command\r\n";
    const role = '*3\r\n$6\r\nmaster\r\n:10\r\n*1\r\n*3\r\n$1\r\nb\r\n$1\r\n1\r\n$2\r\n10\r\n';
    servers.A = new FakeServer(world, world.at('A'), network, {
      replies: { 'INFO SERVER': denied, 'INFO REPLICATION': denied, ROLE: role },
    });
    const topology = acquire();
    expect(await topology.ready(1000)).toMatchObject({ node: 'a:1' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'degraded', node: 'a:1' }));
    await quiet();
    expect(topology.nodes().map((node) => [node.node, node.state])).toEqual([
      ['a:1', 'up'],
      ['b:1', 'up'],
    ]);
  });

  test('neither INFO nor ROLE', async () => {
    const denied = '-NOPERM no permissions\r\n';
    const replies = { 'INFO SERVER': denied, 'INFO REPLICATION': denied, ROLE: denied };
    servers.A = new FakeServer(world, world.at('A'), network, { replies });
    expect(await reasonOf(acquire().ready(1000))).toBe(
      'SEGUE_TOPOLOGY_AUTH: every node refused us: a:1: NOPERM no permissions',
    );
  });

  test('no server with data', async () => {
    servers.A = new FakeServer(world, world.at('A'), network, { replies: { 'INFO REPLICATION': '$3\r\nfoo\r\n' } });
    const failed = reasonOf(acquire().ready(100));
    await quiet();
    time.advance(100);
    expect(await failed).toMatch(/a:1: it is no server with data/);
  });

  test('one that never answers: its connection is given up and dialled again', async () => {
    const topology = acquire({ connectTimeoutMs: 300, probeIntervalMs: 100 });
    await topology.ready(1000);
    await quiet();
    world.at('A').state = 'frozen';
    for (let turn = 0; turn < 12; turn++) {
      time.advance(100);
      await quiet();
    }
    expect(topology.primary).toBeUndefined();
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'primary-lost', reason: 'a:1: no reply within 300 ms' }),
    );
    const back = new Promise((resolve) => topology.onPrimary(resolve));
    world.at('A').state = 'up';
    for (let turn = 0; turn < 12; turn++) {
      time.advance(100);
      await quiet();
    }
    expect(await back).toMatchObject({ node: 'a:1', term: 1 });
  });
});

describe('options', () => {
  test.each([
    [{ nodes: [] }, /at least one/],
    [{ nodes: ['valkey://a', 'valkeys://b'] }, /either all URLs ask for TLS, or none/],
    [{ nodes: ['valkey://a'], tls: {} }, /rediss:\/\/ or valkeys:\/\//],
    [{ nodes: ['http://a'] }, /node URL/],
    [{ nodes: ['valkey://a'], probeIntervalMs: 0 }, /probeIntervalMs/],
    [{ nodes: ['valkey://a'], seekIntervalMs: Number.NaN }, /seekIntervalMs/],
    [{ nodes: ['valkey://a'], connectTimeoutMs: -1 }, /connectTimeoutMs/],
  ] as [TopologyOptions, RegExp][])('%j', (options, message) => {
    expect(() => Topology.acquire(options)).toThrow(message);
  });

  test('TCP is dialled with TLS whenever the seeds are, a unix socket never', async () => {
    world.at('A').addresses.push('unix:/a');
    servers.A = new FakeServer(world, world.at('A'), network);
    const topology = acquire({ nodes: ['unix:/a', 'valkeys://b:1'] });
    await topology.ready(1000);
    await quiet();
    const dialled = (server: FakeServer | undefined) =>
      [...server!.connections].map(({ options }) => options.tls !== undefined);
    expect([dialled(servers.A), dialled(servers.B)]).toEqual([[false], [true]]);
    expect(network.dialled).toEqual(['unix:/a', 'b:1']);
  });

  test('a map from announced addresses', async () => {
    world.at('B').addresses.push('nat:9');
    new FakeServer(world, world.at('B'), network);
    const topology = acquire({ addressMap: { 'b:1': 'nat:9' } });
    await topology.ready(1000);
    await quiet();
    expect(topology.nodes().map((node) => node.node)).toEqual(['a:1', 'nat:9']);
  });
});
