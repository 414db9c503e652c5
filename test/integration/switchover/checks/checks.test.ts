import { afterAll, describe, expect, it } from 'vitest';
import { serverVersions, startPair } from '../../../../src/lab/servers/index.js';
import { type Check, checkPair, checks, type Finding } from '../../../../src/switchover/checks/index.js';
import { takeSurvey } from '../../../../src/switchover/survey/index.js';
import { type Fault, faults } from './faults.js';
import { inSync, type Stage, type StageName, stage, stopStages } from './stage.js';

const sampleMs = 50;
const timeoutMs = 400;

afterAll(() => stopStages());

async function look({ nodes, a, b }: Stage, which: readonly Check[], wanted: Fault['wanted'] = {}): Promise<Finding[]> {
  const urls = nodes.map((node) => `${node.tls === undefined ? 'valkey' : 'valkeys'}://${node.address}`);
  const tls = a.tls === undefined ? {} : { tls: a.tls };
  const access = { timeoutMs, ...wanted.access, ...tls, nodes: urls };
  const survey = await takeSurvey(access);
  return checkPair(survey, { sampleMs, to: b.address, ...wanted, access }, {}, which);
}

/** Faults of one stage after the other, so that each stage is started once. */
const rows = checks
  .flatMap((check) => (faults[check.name] ?? []).map((fault) => ({ check, fault, on: fault.on ?? 'trio' })))
  .sort((one, other) => one.on.localeCompare(other.on));

describe('a healthy pair', () => {
  it('passes every check', async () => {
    const trio = await stage('trio');
    for (const node of trio.nodes) await node.cli('CLIENT', 'CAPA', 'redirect');
    await inSync(trio);
    const findings = await look(trio, checks);
    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(checks.map(({ name }) => name));
  });
});

describe('a healthy pair of each version', () => {
  it.each(serverVersions)('%s passes every check', async (version) => {
    const pair = await startPair({ version });
    try {
      for (const node of pair.nodes) await node.cli('CLIENT', 'SETNAME', 'segue-survey');
      const access = { nodes: [`valkey://${pair.replica.address}`] };
      const findings = await checkPair(await takeSurvey(access), { access, sampleMs });
      expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    } finally {
      await pair.stop();
    }
  });
});

describe('a pair with a fault', () => {
  it.each(rows.map((row) => [row.check.name, row.fault.verdict, row.fault.does, row] as const))(
    '%s: %s at %s',
    async (_name, verdict, _does, { check, fault, on }) => {
      const there = await stage(on as StageName);
      const repair = await fault.make?.(there);
      try {
        const findings = await look(there, [check], fault.wanted);
        const texts = findings.filter((one) => one.verdict === verdict).map((one) => `${one.reason}; ${one.measured}`);
        expect(texts.join('\n'), JSON.stringify(findings)).toMatch(fault.says);
        expect(findings.filter((one) => one.verdict !== 'ok').every((one) => one.check === check.name)).toBe(true);
      } finally {
        await repair?.();
      }
    },
  );

  it('that tells too little passes no check that would have to know', async () => {
    const trio = await stage('trio');
    for (const node of trio.nodes)
      await node.cli('ACL', 'SETUSER', 'poor', 'on', '>poor', '~*', '&*', '+@all', '-config');
    const wanted = { access: { nodes: [], username: 'poor', password: 'poor' } };
    const findings = await look(trio, checks, wanted);
    const blind = findings.filter(({ reason }) => reason.includes('cannot be looked at')).map(({ check }) => check);
    const needy = checks.filter(({ needs }) => needs?.includes('config')).map(({ name }) => name);
    expect(blind.sort()).toEqual([...needy, 'login'].sort());
    for (const node of trio.nodes) await node.cli('ACL', 'DELUSER', 'poor');
  });

  it('is healthy again when all faults are repaired', async () => {
    const trio = await stage('trio');
    await inSync(trio);
    const findings = await look(trio, checks);
    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
  });
});

describe('whom a switch is about', () => {
  it('must be named where there is a choice', async () => {
    const { nodes } = await stage('trio');
    const access = { nodes: [`valkey://${nodes[0]!.address}`] };
    const survey = await takeSurvey(access);
    const [open] = await checkPair(survey, { access });
    expect(open).toMatchObject({ check: 'target', verdict: 'refuse', reason: 'there are 2 replicas' });
    const [same] = await checkPair(survey, { access, to: nodes[0]!.address });
    expect(same?.reason).toContain('is the primary already');
    const [nobody] = await checkPair(survey, { access, to: '127.0.0.1:1' });
    expect(nobody?.reason).toContain('no node of the pair is called 127.0.0.1:1');
  });
});
