import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type LabServer,
  type ServerOptions,
  startPair,
  startServer,
  waitForSync,
} from '../../../src/lab/servers/index.js';
import type { Topology, TopologyOptions } from '../../../src/topology/index.js';
import { knowsAll, switchOver, urlOf, watch } from './kit.js';

const started: { stop(): Promise<void> }[] = [];
const open: Topology[] = [];

afterEach(async () => {
  for (const topology of open.splice(0)) topology.release();
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

const version = 'valkey-9.1';

function watched(options: TopologyOptions) {
  const one = watch(options);
  open.push(one.topology);
  return one;
}

async function pairOf(options: ServerOptions) {
  const pair = await startPair({ version, ...options });
  started.push(pair);
  return pair;
}

const reasonOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  );

test('a password, of the default user and of another', async () => {
  const users = [{ name: 'app', password: 'app pass', rules: '+info +role +ping +client|setname' }];
  const { primary, replica } = await pairOf({ password: 'secret', users });
  for (const login of ['app:app%20pass', ':secret']) {
    const { topology } = watched({ nodes: [`valkey://${login}@${replica.address}`] });
    expect(await topology.ready(5000)).toMatchObject({ node: primary.address });
    await knowsAll(topology, 2);
  }
});

test('a wrong password, and none, are said clearly', async () => {
  const { primary } = await pairOf({ password: 'secret' });
  const wrong = await reasonOf(watched({ nodes: [`valkey://:hunter2@${primary.address}`] }).topology.ready(5000));
  expect(wrong).toMatch(/^SEGUE_TOPOLOGY_AUTH: .*WRONGPASS/);
  expect(wrong).toContain(primary.address);
  expect(wrong).not.toContain('hunter2');
  const none = await reasonOf(watched({ nodes: [urlOf(primary)] }).topology.ready(5000));
  expect(none).toMatch(/^SEGUE_TOPOLOGY_AUTH: .*NOAUTH/);
});

test('a user who may not run INFO: the primary is found, a switch is followed, an event says what is missing', async () => {
  const users = [{ name: 'app', password: 'p', rules: '+role +ping' }];
  const { primary, replica } = await pairOf({ users });
  const { topology, nodesOf } = watched({ nodes: [`valkey://app:p@${primary.address}`] });
  await topology.ready(5000);
  await knowsAll(topology, 2);
  await switchOver(primary, replica);
  expect(await topology.suspect(primary.address)).toMatchObject({ node: replica.address, term: 2 });
  expect(nodesOf('degraded').toSorted()).toEqual([primary.address, replica.address].toSorted());
});

test('a unix socket as the only seed; it and the port are one node', async () => {
  const { primary, replica } = await pairOf({ unixSocket: true });
  for (const seed of [primary, replica]) {
    const { topology } = watched({ nodes: [`unix:${seed.socketPath}`] });
    expect(await topology.ready(5000)).toMatchObject({ term: 1 });
    await knowsAll(topology, 2);
    expect(topology.nodes().map((node) => node.node)).toContain(`unix:${seed.socketPath}`);
    expect(topology.nodes().find((node) => node.isPrimary)?.names).toContain(primary.address);
  }
});

test('localhost and 127.0.0.1 are one node', async () => {
  const { primary, replica } = await pairOf({});
  const { topology } = watched({ nodes: [`valkey://localhost:${primary.port}`, urlOf(primary), urlOf(replica)] });
  await topology.ready(5000);
  await knowsAll(topology, 2);
  expect(topology.nodes().length).toBe(2);
  await switchOver(primary, replica);
  const view = await topology.suspect(primary.address, { host: 'localhost', port: replica.port });
  expect(view).toMatchObject({ node: replica.address, term: 2 });
});

test('all nodes down: each is named with its reason', async () => {
  const [one, two] = [await freePort(), await freePort()];
  const nodes = [`valkey://:hunter2@127.0.0.1:${one}`, `valkey://127.0.0.1:${two}`];
  const text = await reasonOf(watched({ nodes }).topology.ready(300));
  expect(text).toMatch(/^SEGUE_TOPOLOGY_NO_PRIMARY: no primary found within 300 ms: /);
  for (const port of [one, two]) expect(text).toMatch(new RegExp(`127.0.0.1:${port}: cannot connect: .*ECONNREFUSED`));
  expect(text).not.toContain('hunter2');
});

test('an acquired topology does not keep the process alive', async () => {
  const { primary } = await pairOf({});
  const active = () =>
    process
      .getActiveResourcesInfo()
      .filter((name) => name !== 'Timeout')
      .toSorted();
  await primary.cli('PING');
  const before = active();
  const { topology } = watched({ nodes: [urlOf(primary)] });
  await topology.ready(5000);
  await knowsAll(topology, 2);
  expect(active()).toEqual(before);
});

describe('TLS', () => {
  test('from either node, after a switch, with replication over TLS', async () => {
    const { primary, replica } = await pairOf({ tls: true, password: 'secret' });
    const url = `valkeys://:secret@${replica.address}`;
    const { topology } = watched({ nodes: [url], tls: primary.tls! });
    expect(await topology.ready(5000)).toMatchObject({ node: primary.address });
    await knowsAll(topology, 2);
    await switchOver(primary, replica);
    expect(await topology.suspect(primary.address)).toMatchObject({ node: replica.address, term: 2 });
  });

  test('an unknown authority is a clear error', async () => {
    const server = await startServer({ version, tls: true });
    started.push(server);
    const text = await reasonOf(watched({ nodes: [`valkeys://${server.address}`] }).topology.ready(300));
    expect(text).toMatch(/SEGUE_TOPOLOGY_NO_PRIMARY: .*cannot connect: .*certificate/);
  });

  test('replication and redirects name plain ports: they mean the TLS seeds, and nothing is dialled in plain text', async () => {
    const { a, b, plainA, plainB } = await mixedPair();
    const { topology, nodesOf } = watched({ nodes: [`valkeys://${a.address}`, `valkeys://${b.address}`], tls: a.tls! });
    expect(await topology.ready(5000)).toMatchObject({ node: a.address });
    await knowsAll(topology, 2);
    await b.cli('REPLICAOF', 'NO', 'ONE');
    await a.cli('REPLICAOF', '127.0.0.1', plainB);
    const view = await topology.suspect(a.address, { host: '127.0.0.1', port: plainB });
    expect(view).toMatchObject({ node: b.address, address: { port: b.port }, term: 2 });
    expect(nodesOf('untrusted')).toEqual([]);
    expect(topology.nodes().length).toBe(2);
    for (const [server, plain] of [[a, plainA] as const, [b, plainB] as const]) {
      const clients = String(await server.cli('CLIENT', 'LIST')).split('\n');
      const control = clients.filter((line) => line.includes('name=segue-topology'));
      expect(control.length).toBe(1);
      expect(control[0]).toContain(`laddr=127.0.0.1:${server.port}`);
      expect(control[0]).not.toContain(`laddr=127.0.0.1:${plain}`);
    }
  });

  test('one TLS seed and a map from plain to TLS ports', async () => {
    const { a, b, plainB } = await mixedPair();
    const addressMap = { [`127.0.0.1:${plainB}`]: b.address };
    const { topology } = watched({ nodes: [`valkeys://${a.address}`], tls: a.tls!, addressMap });
    await topology.ready(5000);
    await knowsAll(topology, 2);
    await b.cli('REPLICAOF', 'NO', 'ONE');
    await a.cli('REPLICAOF', '127.0.0.1', plainB);
    expect(await topology.suspect(a.address)).toMatchObject({ node: b.address, term: 2 });
  });
});

/** Clients use TLS, replication does not: servers name their plain ports. */
async function mixedPair(): Promise<{ a: LabServer; b: LabServer; plainA: number; plainB: number }> {
  const [plainA, plainB] = [await freePort(), await freePort()];
  const start = async (plain: number) => {
    const args = ['--port', String(plain), '--tls-replication', 'no'];
    const server = await startServer({ version, tls: true, args });
    started.push(server);
    return server;
  };
  const [a, b] = [await start(plainA), await start(plainB)];
  await b.cli('REPLICAOF', '127.0.0.1', plainA);
  await waitForSyncByPort(a, b, plainA);
  return { a, b, plainA, plainB };
}

/** As waitForSync of the lab, for a primary whose replicas use another port than we do. */
async function waitForSyncByPort(primary: LabServer, replica: LabServer, port: number): Promise<void> {
  const seen = new Proxy(primary, {
    get: (target, name) => {
      if (name === 'port') return port;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  await waitForSync(seen, [replica]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
