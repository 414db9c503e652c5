import { describe, expect, it, type TestContext } from 'vitest';
import {
  type LabPair,
  type LabSentinel,
  type SentinelOptions,
  type ServerVersion,
  startPair,
  startSentinel,
} from '../../../../src/lab/servers/index.js';
import { waitFor } from '../../../../src/lab/wait-for.js';
import type { Reply } from '../../../../src/resp/index.js';
import { checkPair, checks } from '../../../../src/switchover/checks/index.js';
import { resumeSwitch, type SwitchOptions, switchPrimary } from '../../../../src/switchover/index.js';
import { reversed, sentinelOrders, tellSentinels } from '../../../../src/switchover/sentinel/index.js';
import { isReached, type ReachedNode, type Survey, takeSurvey } from '../../../../src/switchover/survey/index.js';

const deadlineMs = 20_000;
// All wait more than they work, each on servers of its own: so several at a time.
interface Ground extends LabPair {
  readonly sentinels: readonly LabSentinel[];
  /** Whom each of them takes for the primary. */
  primaries(): Promise<string[]>;
}

async function start(
  { onTestFinished }: TestContext,
  version: ServerVersion,
  count: number,
  options: Partial<SentinelOptions> = {},
): Promise<Ground> {
  const pair = await startPair({
    version,
    ...(options.password === undefined ? {} : { password: options.password }),
  });
  onTestFinished(() => pair.stop());
  const sentinels: LabSentinel[] = [];
  onTestFinished(async () => {
    await Promise.all(sentinels.map((one) => one.stop()));
  });
  const quorum = Math.floor(count / 2) + 1;
  for (let at = 0; at < count; at += 1) {
    sentinels.push(await startSentinel({ version, primary: pair.primary, quorum, downAfterMs: 1_000, ...options }));
  }
  for (const one of sentinels) {
    await waitFor(() => Promise.all([list(one, 'REPLICAS'), list(one, 'SENTINELS')]), {
      deadlineMs,
      what: 'the Sentinels to know each other',
      until: ([replicas, peers]) => replicas.length === 1 && peers.length === count - 1,
    });
  }
  return { ...pair, sentinels, primaries: () => Promise.all(sentinels.map((one) => one.primary())) };
}

async function list(sentinel: LabSentinel, what: string): Promise<Record<string, string>[]> {
  const reply = (await sentinel.cli('SENTINEL', what, ...(what === 'MASTERS' ? [] : ['pair']))) as Reply[][];
  return reply.map((flat) => {
    const fields: Record<string, string> = {};
    for (let at = 0; at < flat.length; at += 2) fields[String(flat[at])] = String(flat[at + 1]);
    return fields;
  });
}

function ordersOf(survey: Survey): ReturnType<typeof sentinelOrders> {
  const to = survey.nodes.filter(isReached).find(({ role }) => role === 'replica') as ReachedNode;
  return sentinelOrders(survey.sentinels, survey.primary!, to);
}

/** Until the Sentinel has asked both nodes again and found them as it was told. */
async function content(sentinel: LabSentinel, primary: string): Promise<void> {
  await waitFor(() => Promise.all([list(sentinel, 'MASTERS'), list(sentinel, 'REPLICAS')]), {
    deadlineMs,
    what: `a Sentinel to be content with ${primary}`,
    until: ([[main], [replica]]) =>
      `${main?.ip}:${main?.port}` === primary &&
      main?.flags === 'master' &&
      main['role-reported'] === 'master' &&
      replica?.flags === 'slave' &&
      replica['role-reported'] === 'slave' &&
      `${replica['master-host']}:${replica['master-port']}` === primary,
  });
}

describe.concurrent.each(['redis-7.0', 'valkey-8.1', 'valkey-9.1'] as const)('three Sentinels on %s', (version) => {
  it('are found by their hello, told of a switch at once, and can fail over afterwards', async (test) => {
    const { primary, replica, sentinels, primaries } = await start(test, version, 3);
    const access = { nodes: [`valkey://${primary.address}`] };
    const survey = await takeSurvey(access);
    expect(survey.sentinels.map(({ name }) => name).sort()).toEqual(sentinels.map(({ address }) => address).sort());
    const again = await takeSurvey(access, {}, { sentinels: survey.sentinels, clients: false });
    expect(again.sentinels.map(({ name }) => name).sort()).toEqual(survey.sentinels.map(({ name }) => name).sort());
    for (const one of survey.sentinels) {
      expect(one).toMatchObject({ reachable: true, coordinated: version === 'valkey-9.1' });
    }
    const findings = await checkPair(
      survey,
      { access },
      {},
      checks.filter(({ name }) => name === 'sentinel'),
    );
    expect(findings).toMatchObject([{ verdict: 'ok' }]);

    const orders = ordersOf(survey);
    const { sentinels: reports } = await switchPrimary({
      from: `valkey://${primary.address}`,
      to: `valkey://${replica.address}`,
    });
    expect(reports.length).toBe(3);
    expect(reports.every(({ outcome }) => outcome !== 'failed')).toBe(true);
    expect(await primaries()).toEqual(sentinels.map(() => replica.address));
    for (const one of sentinels) await content(one, replica.address);
    expect(await sentinels[0]!.log()).toContain(`+switch-master pair ${primary.host} ${primary.port}`);
    const repeated = await tellSentinels(orders, access);
    expect(repeated.map(({ outcome }) => outcome)).toEqual(['knew', 'knew', 'knew']);

    replica.kill();
    await waitFor(primaries, {
      deadlineMs,
      what: 'the Sentinels to fail over',
      until: (names) => names.every((name) => name === primary.address),
    });
    await waitFor(() => primary.info('replication'), {
      deadlineMs,
      what: 'the old primary to be primary again',
      until: ({ role }) => role === 'master',
    });
  });
});

describe.concurrent('one Sentinel', () => {
  it('without peers, with passwords, is told, and told back', async (test) => {
    const { primary, replica, sentinels, primaries } = await start(test, 'valkey-9.1', 1, {
      password: 'pair-secret',
      ownPassword: 'own-secret',
    });
    const [watcher] = sentinels as [LabSentinel];
    const node = { nodes: [`valkey://:pair-secret@${primary.address}`] };
    const unknown = await takeSurvey(node);
    expect(unknown.sentinels).toMatchObject([{ reachable: false }]);
    const findings = await checkPair(
      unknown,
      { access: node },
      {},
      checks.filter(({ name }) => name === 'sentinel'),
    );
    expect(findings).toMatchObject([{ verdict: 'refuse', reason: expect.stringContaining('cannot be told') }]);

    const access = { ...node, sentinels: [`valkey://:own-secret@${watcher.address}`] };
    const survey = await takeSurvey(access);
    const orders = ordersOf(survey);
    expect(JSON.stringify([survey.sentinels, orders])).not.toContain('secret');
    const url = (address: string): string => `valkey://:pair-secret@${address}`;
    const sentinelUrls = access.sentinels;
    const report = await switchPrimary({ from: url(primary.address), to: url(replica.address), sentinelUrls });
    expect(report.sentinels).toMatchObject([{ outcome: 'told', note: expect.stringContaining('10 s') }]);
    expect(JSON.stringify(report)).not.toContain('secret');
    expect(await list(watcher, 'SENTINELS')).toEqual([]);
    await content(watcher, replica.address);

    const alone = { from: url(replica.address), to: url(primary.address), sentinels: false };
    expect((await switchPrimary(alone)).sentinels).toEqual([]);
    expect(await primaries()).toEqual([replica.address]);
    expect(await tellSentinels(reversed(orders), access)).toMatchObject([{ outcome: 'told' }]);
    expect(await primaries()).toEqual([primary.address]);
  });

  it('is told by whoever ends a switch that was broken off', async (test) => {
    const { primary, replica, primaries } = await start(test, 'redis-7.0', 1);
    const journalPath = `${primary.dir}/switch.journal`;
    const [from, to] = [`valkey://${primary.address}`, `valkey://${replica.address}`];
    const onBoundary: SwitchOptions['onBoundary'] = ({ step, side }) => {
      if (step === 'promote' && side === 'after') throw new Error('the operator ends here');
    };
    await expect(switchPrimary({ from, to, journalPath, onBoundary })).rejects.toThrow('ends here');
    expect(await primaries()).toEqual([primary.address]);
    const { report } = await resumeSwitch(journalPath);
    expect(report?.sentinels).toMatchObject([{ outcome: 'told', to: replica.address }]);
    expect(await primaries()).toEqual([replica.address]);
  });

  it('that is gone is reported', async (test) => {
    const { primary, sentinels } = await start(test, 'valkey-8.1', 1);
    const access = { nodes: [`valkey://${primary.address}`], sentinels: [`valkey://${sentinels[0]!.address}`] };
    const orders = ordersOf(await takeSurvey(access));
    sentinels[0]!.kill();
    const [report] = await tellSentinels(orders, access);
    expect(report).toMatchObject({ outcome: 'failed', service: 'pair', to: orders[0]!.to });
    const survey = await takeSurvey(access);
    expect(survey.sentinels).toMatchObject([{ reachable: false, name: sentinels[0]!.address }]);
  });
});
