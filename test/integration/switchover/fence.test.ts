import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import {
  LabClient,
  type LabPair,
  type LabServer,
  type PairOptions,
  replicationOf,
  serverVersions,
  startPair,
} from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { resumeSwitch, type StepName, type SwitchOptions, switchPrimary } from '../../../src/switchover/index.js';
import { Cable } from '../../chaos/switch/cable.js';

const deadlineMs = 20_000;
const persistent = ['--appendonly', 'yes', '--appendfsync', 'always'];
const watched = ['min-replicas-to-write', 'min-replicas-max-lag', 'repl-diskless-sync-delay', 'repl-ping-slave-period'];

// All wait more than they work, each on servers of its own: so several at a time.
interface Ground extends LabPair {
  readonly journalPath: string;
}

async function start({ onTestFinished }: TestContext, options: PairOptions): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'segue-fence-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const pair = await startPair(options);
  onTestFinished(() => pair.stop());
  return { ...pair, journalPath: join(folder, 'journal') };
}

async function waitForLink(replica: LabServer): Promise<void> {
  await waitFor(() => replicationOf(replica), {
    deadlineMs,
    what: 'its link',
    until: ({ state }) => state === 'connected',
  });
}

/** After a full sync the append-only file is written anew; until then the data would not survive the process. */
async function waitForAppendOnlyFile(server: LabServer): Promise<void> {
  await waitFor(() => server.info('persistence'), {
    deadlineMs,
    what: 'its append-only file',
    until: (facts) => facts.aof_rewrite_in_progress === '0' && facts.aof_rewrite_scheduled === '0',
  });
}

class End extends Error {}

/** A switch whose operator ends after `step`, with its connections, as if it had been killed. */
async function switchUntil(step: StepName, ground: Ground, more: Partial<SwitchOptions> = {}): Promise<void> {
  const { primary, replica, journalPath } = ground;
  const options: SwitchOptions = {
    from: `valkey://${primary.address}`,
    to: `valkey://${replica.address}`,
    journalPath,
    pauseTimeoutMs: 1_000,
    ...more,
    onBoundary(at) {
      if (at.step === step && at.side === 'after') throw new End();
    },
  };
  await expect(switchPrimary(options)).rejects.toBeInstanceOf(End);
}

async function configOf(server: LabServer): Promise<unknown[]> {
  return Promise.all(watched.map((name) => server.cli('CONFIG', 'GET', name)));
}

/** What a write is answered, once it is. */
async function answerTo(server: LabServer): Promise<string> {
  return String(await server.cli('SET', 'key', 'value').catch((error: Error) => error.message));
}

async function bounce(server: LabServer): Promise<void> {
  server.kill('SIGKILL');
  await server.exited;
  await server.restart({ replicaOf: null });
}

describe.concurrent.each(['redis-7.0', 'valkey-9.1'] as const)('the fence, on %s', (version) => {
  it('holds when the old primary does not hear that its replica was promoted, and the operator ends', async (test) => {
    const pair = await start(test, { version });
    const { primary, replica } = pair;
    const cable = await Cable.before(primary);
    try {
      await replica.cli('REPLICAOF', '127.0.0.1', cable.port);
      await waitForLink(replica);
      // With the time that is the default: it is made for this.
      const onBoundary: SwitchOptions['onBoundary'] = ({ step, side }) => {
        if (step === 'promote' && side === 'before') cable.cut();
        if (step === 'promote' && side === 'after') throw new End();
      };
      const { from, to } = { from: `valkey://${primary.address}`, to: `valkey://${replica.address}` };
      await expect(switchPrimary({ from, to, onBoundary })).rejects.toBeInstanceOf(End);
      const { slave0, connected_slaves } = await primary.info('replication');
      expect([connected_slaves, slave0]).toEqual(['1', expect.stringContaining('state=online')]);
      expect(await answerTo(primary)).toMatch(/^NOREPLICAS/);
    } finally {
      await cable.close();
    }
  });
});

describe.concurrent.each(serverVersions)('the fence, on %s', (version) => {
  it('holds when the operator ends right after the promotion, also when the pause and the server have ended', async (test) => {
    const pair = await start(test, { version, args: persistent });
    const { primary, replica } = pair;
    const before = await configOf(primary);
    await switchUntil('promote', pair);
    expect(await answerTo(replica)).toBe('OK');
    // This write waits until the pause is over.
    expect(await answerTo(primary)).toMatch(/^NOREPLICAS/);
    await bounce(primary);
    expect(await replicationOf(primary)).toMatchObject({ role: 'master' });
    expect(await answerTo(primary)).toMatch(/^NOREPLICAS/);

    const { outcome } = await resumeSwitch(pair.journalPath);
    expect(outcome).toBe('finished');
    expect(await replicationOf(primary)).toMatchObject({ role: 'slave', port: replica.port, state: 'connected' });
    expect(await configOf(primary)).toEqual(before);
    expect(await primary.cli('GET', 'key')).toBe('value');
    await bounce(primary);
    expect(await replicationOf(primary)).toMatchObject({ role: 'slave', port: replica.port });
  });

  it('is forgotten by a server without a configuration file; whoever resumes does not throw away what it took', async (test) => {
    const pair = await start(test, { version, args: persistent, configFile: false });
    const { primary, replica, journalPath } = pair;
    await switchUntil('promote', pair);
    expect(await answerTo(primary)).toMatch(/^NOREPLICAS/);
    await bounce(primary);
    // The limit that the report and the checks tell of: nobody is left who would refuse this.
    expect(await answerTo(primary)).toBe('OK');
    const resumed = resumeSwitch(journalPath, { finishTimeoutMs: 2_000 });
    await expect(resumed).rejects.toMatchObject({ code: 'SEGUE_SWITCH_UNKNOWN' });
    await expect(resumed).rejects.toThrow(`${primary.address} was restarted without its fence`);
    expect([(await replicationOf(primary)).role, (await replicationOf(replica)).role]).toEqual(['master', 'master']);
  });

  it('keeps a promoted node that comes back as a replica from losing what it took', async (test) => {
    const pair = await start(test, { version, args: persistent });
    const { primary, replica } = pair;
    await replica.cli('CONFIG', 'REWRITE');
    await waitForAppendOnlyFile(replica);
    await switchUntil('promote', pair);
    expect(await answerTo(replica)).toBe('OK');
    await bounce(replica);
    await waitFor(() => primary.info('replication'), {
      deadlineMs,
      what: 'it to ask for a copy',
      until: ({ slave0 }) => slave0?.includes('state=wait_bgsave') === true,
    });
    expect(await answerTo(primary)).toMatch(/^NOREPLICAS/);
    expect((await resumeSwitch(pair.journalPath)).because).toContain('restarted as a replica with its data');
    expect(await primary.cli('GET', 'key')).toBe('value');
    expect(await answerTo(replica)).toBe('OK');
  });

  it('holds although further replicas stay with the old primary; they are taken along in the end', async (test) => {
    const pair = await start(test, { version, replicas: 2, args: persistent });
    const [primary, replica, other] = pair.nodes;
    await switchUntil('promote', pair, { others: [`valkey://${other!.address}`] });
    expect(await answerTo(primary!)).toMatch(/^NOREPLICAS/);
    expect((await resumeSwitch(pair.journalPath)).outcome).toBe('finished');
    for (const node of [primary!, other!]) {
      expect(await replicationOf(node)).toMatchObject({ role: 'slave', port: replica!.port, state: 'connected' });
    }
  });

  it('is not noticed by clients, and gone after an undone switch', async (test) => {
    const pair = await start(test, { version });
    const { primary } = pair;
    const before = await configOf(primary);
    await switchUntil('pause', pair);
    expect(await answerTo(primary)).toBe('OK');
    expect(await configOf(primary)).not.toEqual(before);
    const { outcome, because } = await resumeSwitch(pair.journalPath);
    expect([outcome, because]).toEqual(['undone', `${pair.replica.address} has not been promoted`]);
    expect(await configOf(primary)).toEqual(before);
    const file = await readFile(join(primary.dir, 'server.conf'), 'utf8');
    expect(file).not.toContain('2147483647');
    expect(await primary.cli('KEYS', 'segue:*')).toEqual([]);
    expect((await resumeSwitch(pair.journalPath)).outcome).toBe('nothing');
  });

  it('lets nobody see NOREPLICAS while the operator lives', async (test) => {
    const pair = await start(test, { version });
    const { primary, replica } = pair;
    const late = new LabClient({ host: primary.host, port: primary.port });
    let waiting: Promise<unknown> | undefined;
    await switchPrimary({
      from: `valkey://${primary.address}`,
      to: `valkey://${replica.address}`,
      async onBoundary({ step, side }) {
        if (step !== 'demote' || side !== 'before') return;
        await waitFor(() => primary.info('replication'), {
          deadlineMs,
          what: 'the promoted replica to leave',
          until: ({ connected_slaves }) => connected_slaves === '1',
        });
        waiting = late.command('SET', 'key', 'late').catch((error: Error) => error.message);
      },
    }).finally(() => late.close());
    expect(await waiting).toMatch(/^READONLY/);
  });
});
