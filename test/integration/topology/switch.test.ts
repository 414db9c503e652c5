import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type LabPair,
  type ServerVersion,
  startPair,
  startServer,
  waitFor,
  waitForSync,
} from '../../../src/lab/servers/index.js';
import type { Topology } from '../../../src/topology/index.js';
import { knowsAll, switchOver, urlOf, type Watched, watch } from './kit.js';

const versions: ServerVersion[] = ['valkey-9.1', 'redis-7.0'];

describe.each(versions)('a pair of %s', (version) => {
  let pair: LabPair;
  const open: Topology[] = [];

  function watched(...args: Parameters<typeof watch>): Watched {
    const one = watch(...args);
    open.push(one.topology);
    return one;
  }

  beforeEach(async () => {
    pair = await startPair({ version });
  });

  afterEach(async () => {
    for (const topology of open.splice(0)) topology.release();
    await pair.stop();
  });

  test.each(['primary', 'replica'] as const)('finds all from the %s alone', async (seed) => {
    const { topology, nodesOf } = watched({ nodes: [urlOf(pair[seed])] });
    const view = await topology.ready(5000);
    expect(view).toMatchObject({ node: pair.primary.address, term: 1 });
    await knowsAll(topology, 2);
    expect(nodesOf('untrusted')).toEqual([]);
    expect(await topology.ask(['PING'])).toBe('PONG');
  });

  test('a switch is the answer to suspect(), with the next term', async () => {
    const { topology, events, nodesOf } = watched({ nodes: [urlOf(pair.primary)], probeIntervalMs: 60_000 });
    await topology.ready(5000);
    await knowsAll(topology, 2);
    const heard: string[] = [];
    topology.onPrimary((view) => heard.push(view.node));
    await switchOver(pair.primary, pair.replica);
    const hint = { host: pair.replica.host, port: pair.replica.port };
    const view = await topology.suspect(pair.primary.address, hint);
    expect(view).toMatchObject({ node: pair.replica.address, term: 2 });
    expect(topology.primary).toEqual(view);
    expect(heard).toEqual([pair.replica.address]);
    expect(events.at(-1)).toMatchObject({ type: 'primary', cause: 'promoted', previous: pair.primary.address });
    expect([...nodesOf('stale-claim'), ...nodesOf('untrusted'), ...nodesOf('ambiguous')]).toEqual([]);
  });

  test('ten switches there and back, each found', async () => {
    const { topology } = watched({ nodes: [urlOf(pair.primary)], probeIntervalMs: 60_000 });
    await topology.ready(5000);
    await knowsAll(topology, 2);
    let [from, to] = [pair.primary, pair.replica];
    const tookMs: number[] = [];
    for (let term = 2; term <= 11; term++) {
      await switchOver(from, to);
      const startMs = performance.now();
      const answers = await Promise.all(Array.from({ length: 300 }, () => topology.suspect(from.address)));
      tookMs.push(performance.now() - startMs);
      for (const view of answers) expect(view).toMatchObject({ node: to.address, term });
      const follower = from;
      await waitFor(() => follower.info('replication'), {
        deadlineMs: 5000,
        what: 'the old primary to follow',
        until: (info) => info.master_link_status === 'up',
      });
      [from, to] = [to, from];
    }
    if (process.env.SEGUE_TEST_VERBOSE)
      process.stdout.write(`${version} ${tookMs.map((ms) => ms.toFixed(2)).join(' ')}\n`);
  });

  test('there and back without being seen: the same node, a later term', async () => {
    const { topology } = watched({ nodes: [urlOf(pair.primary)], probeIntervalMs: 60_000 });
    await topology.ready(5000);
    await knowsAll(topology, 2);
    await switchOver(pair.primary, pair.replica);
    await waitForSync(pair.replica, [pair.primary]);
    await switchOver(pair.replica, pair.primary);
    expect(await topology.suspect(pair.primary.address)).toMatchObject({ node: pair.primary.address, term: 2 });
  });

  test('the old primary, killed and restarted with its old data, is not followed, even while the new one is frozen', async () => {
    const { topology, events } = watched({ nodes: [urlOf(pair.primary), urlOf(pair.replica)], probeIntervalMs: 50 });
    await topology.ready(5000);
    await knowsAll(topology, 2);
    await pair.primary.cli('SAVE');
    await switchOver(pair.primary, pair.replica);
    expect(await topology.suspect(pair.primary.address)).toMatchObject({ node: pair.replica.address, term: 2 });
    pair.primary.kill();
    await pair.primary.exited;
    await pair.primary.restart({ replicaOf: null });
    await waitFor(() => events.some((event) => event.type === 'stale-claim'), {
      deadlineMs: 5000,
      what: 'the claim to be reported',
    });
    expect(topology.primary).toMatchObject({ node: pair.replica.address, term: 2 });
    pair.replica.kill('SIGSTOP');
    expect(await topology.suspect(pair.replica.address)).toBeUndefined();
    expect(await topology.suspect(undefined, { host: pair.primary.host, port: pair.primary.port })).toBeUndefined();
    const back = new Promise((resolve) => topology.onPrimary(resolve));
    pair.replica.kill('SIGCONT');
    expect(await back).toMatchObject({ node: pair.replica.address, term: 2 });
    expect(topology.primary?.term).toBe(2);
  });

  test('a replica restarted without its REPLICAOF is not taken for a promoted one', async () => {
    const { topology, events } = watched({ nodes: [urlOf(pair.primary), urlOf(pair.replica)], probeIntervalMs: 50 });
    await topology.ready(5000);
    await knowsAll(topology, 2);
    await pair.replica.restart({ replicaOf: null });
    await waitFor(() => events.find((event) => event.type === 'stale-claim'), { deadlineMs: 5000, what: 'a report' });
    expect(topology.primary).toMatchObject({ node: pair.primary.address, term: 1 });
    expect(events).not.toContainEqual(expect.objectContaining({ type: 'primary', term: 2 }));
  });

  test('a failover after kill -9 of the primary', async () => {
    const { topology, events } = watched({ nodes: [urlOf(pair.primary)], probeIntervalMs: 60_000 });
    await topology.ready(5000);
    await knowsAll(topology, 2);
    pair.primary.kill();
    await waitFor(() => events.some((event) => event.type === 'primary-lost'), { deadlineMs: 5000, what: 'the loss' });
    expect(topology.primary).toBeUndefined();
    const next = new Promise((resolve) => topology.onPrimary(resolve));
    expect(await topology.suspect(pair.primary.address)).toBeUndefined();
    await pair.replica.cli('REPLICAOF', 'NO', 'ONE');
    expect(await next).toMatchObject({ node: pair.replica.address, term: 2 });
  });

  test('the primary restarted alone is followed as a new term', async () => {
    const { topology } = watched({ nodes: [urlOf(pair.primary)], probeIntervalMs: 50 });
    await topology.ready(5000);
    const next = new Promise((resolve) => topology.onPrimary(resolve));
    pair.primary.kill();
    await pair.primary.exited;
    await pair.primary.restart({ replicaOf: null });
    const { run_id: process } = await pair.primary.info('server');
    expect(await next).toMatchObject({ node: pair.primary.address, term: 2, process });
  });

  test('a frozen bystander delays a verdict by a bounded time only, and the next one not at all', async () => {
    const { topology } = watched({ nodes: [urlOf(pair.primary)], probeIntervalMs: 60_000, connectTimeoutMs: 30_000 });
    await topology.ready(5000);
    await knowsAll(topology, 2);
    pair.replica.kill('SIGSTOP');
    expect(await topology.suspect(pair.primary.address)).toMatchObject({ node: pair.primary.address, term: 1 });
    expect(await topology.suspect(pair.primary.address)).toMatchObject({ node: pair.primary.address, term: 1 });
    pair.replica.kill('SIGCONT');
    const third = await startServer({ version, replicaOf: pair.primary });
    await knowsAllAfterSuspect(topology, 3);
    await third.stop();
  });
});

async function knowsAllAfterSuspect(topology: Topology, count: number): Promise<void> {
  await waitFor(
    async () => {
      await topology.suspect(topology.primary?.node);
      return topology.nodes().filter((node) => node.state === 'up').length;
    },
    { deadlineMs: 5000, what: `${count} nodes to be known`, until: (up) => up === count },
  );
}
