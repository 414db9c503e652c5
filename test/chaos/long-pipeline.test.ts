import { afterEach, describe, expect, it } from 'vitest';
import { type LabPair, startPair } from '../../src/lab/servers/index.js';
import { longPipeline } from '../../src/lab/soak/long-pipeline.js';

let pair: LabPair | undefined;

afterEach(async () => {
  await pair?.stop();
});

const length = 300_000;

describe('one pipeline of 300,000 INCRs across a switch', () => {
  // Other libraries and versions: test/integration/ioredis. Here the old primary is stopped in the very middle.
  it.each(['redis-7.0', 'valkey-9.1'] as const)('ends at exactly 300,000 on %s', async (version) => {
    pair = await startPair({ version });
    const report = await longPipeline(pair, 'ioredis6', length);
    expect(report).toMatchObject({ wrongReplies: 0, counters: [length, length] });
    // Otherwise the switch came before or after the pipeline, and nothing has been shown.
    expect(report.before).toBeGreaterThan(0);
    expect(report.before).toBeLessThan(length);
  });
});
