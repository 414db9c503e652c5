import { afterEach, expect, it } from 'vitest';
import { type ClientLibrary, LoadRun, openClient } from '../../src/lab/load/index.js';
import { type LabPair, startPair, waitForSync } from '../../src/lab/servers/index.js';
import { waitFor } from '../../src/lab/wait-for.js';
import { CliHome } from '../integration/cli/run-cli.js';
import { RestartService } from '../integration/upgrade/restart-service.js';

// The whole way up as an operator goes it: the compiled command, once for each version, on one pair under load.
const deadlineMs = 30_000;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const seed = Math.floor(Math.random() * 1e9);

it(`Redis 7.0 → Valkey 8.0 → 8.1 → 9.1 under load with segue upgrade: nobody notices (seed ${seed})`, async () => {
  const home = await CliHome.make();
  closing.push(() => home.leave());
  const pair = await startPair({ version: 'redis-7.0', args: ['--repl-backlog-size', '64mb'] });
  closing.push(() => pair.stop());
  const service = await RestartService.start(pair.nodes, 'valkey-8.0', home.folder);
  closing.push(() => service.close());
  const loads = (['ioredis5', 'ioredis6', 'iovalkey'] as const).map((library, at) =>
    startLoad(pair, library, seed + at),
  );
  const writes = (): number => Math.min(...loads.map((load) => load.meter.report().writes));

  for (const version of ['valkey-8.0', 'valkey-8.1', 'valkey-9.1'] as const) {
    const before = writes();
    await waitFor(() => writes() > before + 200, { deadlineMs, what: `writes before ${version}` });
    service.version = version;
    const report = await upgrade(home, pair, service.command, version);
    expect(report).toMatchObject({ ok: true, nodes: [{ resync: 'partial' }, { resync: 'partial' }] });
    expect(pair.nodes.map((node) => node.version)).toEqual([version, version]);
  }

  expect(service.restarted).toHaveLength(6);
  const stopped = await Promise.all(loads.map((load) => load.stop(deadlineMs)));
  expect(stopped).toEqual([true, true, true]);
  // Three switches of a pair: the first replica is primary in the end.
  await waitForSync(pair.replica, [pair.primary]);
  for (const load of loads) {
    expect(load.meter.report()).toMatchObject({ errors: 0, examples: [] });
    for (const { host, port } of pair.nodes) {
      const reader = openClient({ library: 'ioredis6', host, port, segue: false });
      closing.push(() => reader.disconnect());
      expect((await load.verify(reader)).notes).toEqual([]);
    }
  }
}, 180_000);

function startLoad({ primary }: LabPair, library: ClientLibrary, seed: number): LoadRun {
  const client = openClient({ library, host: primary.host, port: primary.port, segue: true });
  const load = new LoadRun(client, { keyPrefix: library, seed, paceMs: 10 });
  closing.push(
    () => client.disconnect(),
    () => load.close(),
  );
  return load;
}

/** Resolves with what it printed on stdout. */
async function upgrade(home: CliHome, { primary }: LabPair, restart: string, expected: string): Promise<unknown> {
  const args = ['upgrade', '--nodes', primary.address, '--restart', restart, '--expect', expected, '--yes', '--json'];
  const { code, stdout, stderr } = await home.run(args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}
