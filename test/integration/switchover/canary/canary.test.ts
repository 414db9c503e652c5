import { afterEach, describe, expect, it } from 'vitest';
import { type LabPair, startPair } from '../../../../src/lab/servers/index.js';
import { waitFor } from '../../../../src/lab/wait-for.js';
import { Canary, PairGauge } from '../../../../src/switchover/canary/index.js';
import { switchPrimary } from '../../../../src/switchover/index.js';

let pair: LabPair | undefined;
afterEach(async () => {
  await pair?.stop();
  pair = undefined;
});

const deadlineMs = 20_000;

async function start(options: Parameters<typeof startPair>[0] = {}) {
  pair = await startPair(options);
  const nodes = pair.nodes.map(({ host, port }) => ({ kind: 'tcp' as const, host, port }));
  const access = { nodes: pair.nodes.map(({ address }) => `valkey://${address}`) };
  return { pair, options: { access, nodes } };
}

describe('a canary', () => {
  it.each(['redis-7.0', 'valkey-9.1'] as const)('writes through a switch of %s without a gap', async (version) => {
    const { pair, options } = await start({ version });
    const [from, to] = options.access.nodes as [string, string];
    const canary = await Canary.start(options);
    const gauge = new PairGauge(options);
    const wrote = (count: number) =>
      waitFor(() => canary.acknowledged >= count, { deadlineMs, what: `${count} writes of the canary` });
    await wrote(100);
    expect(await pair.primary.cli('TTL', canary.key)).toBeGreaterThan(60);
    await switchPrimary({ from, to });
    await wrote(canary.acknowledged + 100);
    const tracks = gauge.stop();
    const report = await canary.finish();
    expect(report).toMatchObject({ isProven: true, trouble: undefined });
    expect(report.sequence).toMatchObject({
      missing: 0,
      doubled: 0,
      reordered: 0,
      unexpected: 0,
      uncertain: 0,
      notes: [],
    });
    expect(report.refusals).toHaveProperty('READONLY');
    expect(report.buckets.answers.reduce((sum, count) => sum + count)).toBe(report.sequence.acknowledged);
    expect(await pair.replica.cli('EXISTS', canary.key)).toBe(0);
    expect(tracks.map(({ node }) => node)).toEqual(pair.nodes.map(({ address }) => address));
    for (const { atMs, commandsPerSecond } of tracks) {
      expect(atMs.length).toBeGreaterThan(2);
      expect(commandsPerSecond.some((rate) => rate !== null && rate > 0)).toBe(true);
      expect(commandsPerSecond).toContain(null);
    }
  });

  it('notices what is not there', async () => {
    const { pair, options } = await start();
    const canary = await Canary.start(options);
    await waitFor(() => canary.acknowledged > 10, { deadlineMs, what: 'some writes' });
    await pair.primary.cli('LREM', canary.key, 1, 5);
    const report = await canary.finish();
    expect(report.isProven).toBe(false);
    expect(report.sequence).toMatchObject({ missing: 1, notes: ['5 was acknowledged and is not there'] });
  });

  it('does not begin where it may not write', async () => {
    const { options } = await start({ args: ['--min-replicas-to-write', '0', '--maxmemory', '1'] });
    await expect(Canary.start(options)).rejects.toThrow(/OOM/);
  });

  it('ends also when both nodes are gone', async () => {
    const { pair, options } = await start();
    const canary = await Canary.start(options);
    await pair.stop();
    const report = await canary.finish();
    expect(report).toMatchObject({ isProven: false, trouble: 'no primary was found to compare with' });
  });
});
