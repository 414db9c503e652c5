import { afterEach, describe, expect, it } from 'vitest';
import { isClean, LoadRun, openClient, type Verdict } from '../../../src/lab/load/index.js';
import { type LabPair, startPair, waitForSync } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { switchPrimary } from '../../../src/switchover/index.js';

let pair: LabPair | undefined;
let closing: (() => void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) close();
  closing = [];
  await pair?.stop();
  pair = undefined;
});

const switches = 3;
const writesBetween = 500;
const deadlineMs = 20_000;

describe('switches under all workloads at once', () => {
  it.each([
    ['redis-7.0', 'ioredis6', 11],
    ['valkey-8.0', 'iovalkey', 12],
    ['valkey-8.1', 'ioredis5', 13],
    ['valkey-9.1', 'ioredis6', 14],
  ] as const)('on %s, %s with Segue (seed %i) sees nothing of them', async (version, library, seed) => {
    pair = await startPair({ version });
    const nodes = [pair.primary, pair.replica];
    const client = openClient({ library, host: nodes[0]!.host, port: nodes[0]!.port, segue: true });
    const load = new LoadRun(client, { keyPrefix: 'load', seed, paceMs: 2 });
    closing.push(
      () => client.disconnect(),
      () => load.close(),
    );
    const wrote = (count: number): Promise<unknown> =>
      waitFor(() => load.meter.report().writes >= count, { deadlineMs, what: `${count} writes` });

    await wrote(writesBetween);
    for (let done = 0; done < switches; done += 1) {
      const report = await switchPrimary({
        from: `valkey://${nodes[0]!.address}`,
        to: `valkey://${nodes[1]!.address}`,
      });
      expect(report.resync).toBe('partial');
      nodes.reverse();
      await wrote(load.meter.report().writes + writesBetween);
    }

    expect(await load.stop(deadlineMs)).toBe(true);
    await waitForSync(nodes[0]!, [nodes[1]!]);
    expect(load.meter.report()).toMatchObject({ errors: 0, examples: [] });
    for (const { host, port } of nodes) {
      const reader = openClient({ library, host, port, segue: false });
      closing.push(() => reader.disconnect());
      const verdict: Verdict = await load.verify(reader);
      expect(verdict.notes).toEqual([]);
      expect(isClean(verdict)).toBe(true);
      expect(verdict.checked).toBeGreaterThan(switches * writesBetween);
    }
  });

  it('a plain client does see them, so the load can', async () => {
    pair = await startPair({ version: 'valkey-9.1' });
    const { primary, replica } = pair;
    const client = openClient({ library: 'ioredis6', host: primary.host, port: primary.port, segue: false });
    const load = new LoadRun(client, { keyPrefix: 'load', seed: 15, paceMs: 2 });
    closing.push(
      () => client.disconnect(),
      () => load.close(),
    );
    await waitFor(() => load.meter.report().writes >= writesBetween, { deadlineMs, what: 'some writes' });
    await switchPrimary({ from: `valkey://${primary.address}`, to: `valkey://${replica.address}` });
    await waitFor(() => load.meter.report().errors > 0, { deadlineMs, what: 'an error' });
    await load.stop(deadlineMs);
    expect(Object.keys(load.meter.report().errorsByKind)).toContain('READONLY');
    const reader = openClient({ library: 'ioredis6', host: replica.host, port: replica.port, segue: false });
    closing.push(() => reader.disconnect());
    expect((await load.verify(reader)).notes).toEqual([]);
  });
});
