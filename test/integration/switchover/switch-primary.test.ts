import { describe, expect, it, type TestContext } from 'vitest';
import {
  type LabPair,
  type PairOptions,
  replicationOf,
  serverVersions,
  startPair,
} from '../../../src/lab/servers/index.js';
import { type StepName, SwitchError, type SwitchOptions, switchPrimary } from '../../../src/switchover/index.js';
import { stepsOf } from '../../../src/switchover/steps/index.js';

// All wait more than they work, each on servers of its own: so several at a time.
async function start({ onTestFinished }: TestContext, options: PairOptions = {}): Promise<LabPair> {
  const pair = await startPair(options);
  onTestFinished(() => pair.stop());
  return pair;
}

function optionsOf({ primary, replica }: LabPair): SwitchOptions {
  return { from: `valkey://${primary.address}`, to: `valkey://${replica.address}` };
}

async function failureOf(promise: Promise<unknown>): Promise<SwitchError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SwitchError);
  return error as SwitchError;
}

describe.concurrent('switchPrimary', () => {
  it.for(serverVersions)('switches there and back, with partial resyncs, on %s', async (version, test) => {
    const { primary, replica } = await start(test, { version });
    await primary.cli('SET', 'before', 'yes');
    const there = await switchPrimary({ from: `valkey://${primary.address}`, to: `valkey://${replica.address}` });
    expect(there.resync).toBe('partial');
    expect(await replicationOf(primary)).toMatchObject({ role: 'slave', port: replica.port, state: 'connected' });
    expect(await replicationOf(replica)).toMatchObject({ role: 'master' });
    expect(await replica.cli('GET', 'before')).toBe('yes');
    expect(await replica.cli('SET', 'after', 'yes')).toBe('OK');

    const back = await switchPrimary({ from: `valkey://${replica.address}`, to: `valkey://${primary.address}` });
    expect(back.resync).toBe('partial');
    expect(await primary.cli('GET', 'after')).toBe('yes');
    expect(await primary.cli('SET', 'again', 'yes')).toBe('OK');
  });

  it('reports its steps in order and tells them', async (test) => {
    const told: StepName[] = [];
    const report = await switchPrimary({ ...optionsOf(await start(test)), onStep: ({ name }) => told.push(name) });
    const names = report.steps.map(({ name }) => name);
    expect(names).toEqual(stepsOf.manual.map(({ name }) => name));
    expect(told).toEqual(names);
    expect(report.unwritableMs).toBeGreaterThan(0);
    expect(report.pausedMs).toBeGreaterThanOrEqual(report.unwritableMs!);
    expect(report.offset).toBeGreaterThan(0);
  });

  it('takes the other replicas along', async (test) => {
    const { primary, replica, nodes } = await start(test, { replicas: 3 });
    const others = nodes.slice(2);
    const report = await switchPrimary({
      from: `valkey://${primary.address}`,
      to: `valkey://${replica.address}`,
      others: others.map((node) => `valkey://${node.address}`),
    });
    expect(report.resync).toBe('partial');
    expect(report.others).toEqual(others.map((node) => ({ node: node.address, resync: 'partial' })));
    for (const node of [primary, ...others]) {
      expect(await replicationOf(node)).toMatchObject({ role: 'slave', port: replica.port, state: 'connected' });
    }
  });

  it('logs in with user and password of the URL or of the options', async (test) => {
    const { primary, replica } = await start(test, { password: 'se:cr@t' });
    const wrong = failureOf(switchPrimary({ from: `valkey://${primary.address}`, to: `valkey://${replica.address}` }));
    expect(await wrong).toMatchObject({ code: 'SEGUE_SWITCH_CHECK' });
    const report = await switchPrimary({
      from: `valkey://:se%3Acr%40t@${primary.address}`,
      to: `valkey://${replica.address}`,
      password: 'se:cr@t',
    });
    expect(report.resync).toBe('partial');
    expect(JSON.stringify(report)).not.toContain('cr@t');
  });

  it('works over TLS', async (test) => {
    const { primary, replica } = await start(test, { tls: true });
    const report = await switchPrimary({
      from: `valkeys://${primary.address}`,
      to: `valkeys://${replica.address}`,
      ...(primary.tls === undefined ? {} : { tls: primary.tls }),
    });
    expect(report.resync).toBe('partial');
  });
});

describe.concurrent('switchPrimary refuses', () => {
  it('a primary that is a replica', async (test) => {
    const { primary, replica } = await start(test);
    const error = await failureOf(
      switchPrimary({ from: `valkey://${replica.address}`, to: `valkey://${primary.address}` }),
    );
    expect(error.code).toBe('SEGUE_SWITCH_CHECK');
    expect(error.message).toContain(`${replica.address} is not a primary`);
    expect(error.message).toContain('nothing touched');
  });

  it('two nodes that have nothing to do with each other', async (test) => {
    const { primary } = await start(test);
    const other = await startPair();
    try {
      const error = await failureOf(
        switchPrimary({ from: `valkey://${primary.address}`, to: `valkey://${other.replica.address}` }),
      );
      expect(error.code).toBe('SEGUE_SWITCH_CHECK');
      expect(error.message).toContain('does not follow');
    } finally {
      await other.stop();
    }
  });

  it('a node that is not there', async (test) => {
    const { primary, replica } = await start(test);
    await replica.stop();
    const error = await failureOf(
      switchPrimary({ from: `valkey://${primary.address}`, to: `valkey://${replica.address}` }),
    );
    expect(error.code).toBe('SEGUE_SWITCH_CHECK');
    expect(error.report?.steps.at(-1)).toMatchObject({ name: 'connect' });
  });
});
