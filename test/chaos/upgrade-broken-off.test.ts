import { expect, it } from 'vitest';
import { stageText } from '../../src/cli/upgrade/upgrade-lines.js';
import { LoadRun, openClient } from '../../src/lab/load/index.js';
import { replicationOf, startPair } from '../../src/lab/servers/index.js';
import { waitFor } from '../../src/lab/wait-for.js';
import { stagesOf } from '../../src/switchover/upgrade/stage.js';
import { CliHome } from '../integration/cli/run-cli.js';
import { RestartService } from '../integration/upgrade/restart-service.js';

// kill -9 of the operator in every stage; then the upgrade is resumed. No application notices either.
const deadlineMs = 60_000;

/** The stages of an upgrade of a pair, with placeholders for its nodes: a new kind of stage shows up here by itself. */
const plan = { primary: 'A', target: 'B', replicas: ['B'], switchBack: true, restMs: 0, expect: undefined };
const stages = stagesOf(plan).map(stageText);

// Each has servers of its own and waits most of the time: so several at a time.
it.concurrent.for(stages.map((text, index) => [index, text] as const))(
  'killed in stage %i, "%s", the upgrade is resumed',
  { timeout: 180_000 },
  async ([index], { onTestFinished }) => {
    const home = await CliHome.make();
    onTestFinished(() => home.leave());
    const pair = await startPair({ version: 'valkey-8.1' });
    onTestFinished(() => pair.stop());
    const { primary, replica } = pair;
    const service = await RestartService.start(pair.nodes, 'valkey-9.1', home.folder);
    onTestFinished(() => service.close());
    const client = openClient({ library: 'ioredis6', host: primary.host, port: primary.port, segue: true });
    const load = new LoadRun(client, { keyPrefix: 'load', seed: index, paceMs: 10, workloads: ['single', 'multi'] });
    onTestFinished(() => client.disconnect());
    onTestFinished(() => load.close());
    await waitFor(() => load.meter.report().writes > 50, { deadlineMs, what: 'some writes' });

    const args = ['upgrade', '--nodes', primary.address, '--restart', service.command, '--yes', '--switch-back'];
    const killed = home.start([...args, '--expect', 'valkey-9.1']);
    const begun = (): number => killed.stderr().split('▸').length - 1;
    await waitFor(() => begun() > index, { deadlineMs, what: `stage ${index}`, intervalMs: 1 });
    killed.child.kill('SIGKILL');
    await killed.ended;

    const { code, stdout, stderr } = await home.run([...args, '--resume', '--json']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, primary: primary.address });
    expect(pair.nodes.map(({ version }) => version)).toEqual(['valkey-9.1', 'valkey-9.1']);
    expect(await replicationOf(primary)).toMatchObject({ role: 'master' });
    expect(await replicationOf(replica)).toMatchObject({ role: 'slave', port: primary.port, state: 'connected' });
    expect(await load.stop(deadlineMs)).toBe(true);
    expect(load.meter.report()).toMatchObject({ errors: 0, examples: [] });
    const reader = openClient({ library: 'ioredis6', host: primary.host, port: primary.port, segue: false });
    onTestFinished(() => reader.disconnect());
    expect((await load.verify(reader)).notes).toEqual([]);
  },
);
