import { afterEach, describe, expect, it } from 'vitest';
import { jobsAreClean } from '../../src/lab/load/index.js';
import { type LabPair, startPair } from '../../src/lab/servers/index.js';
import { queueSoak } from '../../src/lab/soak/queue-soak.js';

let pair: LabPair | undefined;

afterEach(async () => {
  await pair?.stop();
});

describe('a BullMQ queue across 20 switches', () => {
  it.each([
    ['valkey-9.1', 'ioredis6'],
    ['valkey-8.1', 'ioredis5'],
    ['redis-7.0', 'ioredis6'],
  ] as const)('loses no job, doubles none and has no error, on %s with %s', async (version, library) => {
    pair = await startPair({ version });
    const { verdict, replicaVerdict, meter } = await queueSoak(pair, library, 20);
    expect(meter.examples).toEqual([]);
    expect(meter.errors).toBe(0);
    expect(verdict.notes).toEqual([]);
    expect(jobsAreClean(verdict)).toBe(true);
    expect(jobsAreClean(replicaVerdict)).toBe(true);
    expect(verdict.checked).toBeGreaterThan(400);
  });
});
