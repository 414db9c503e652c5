import { afterEach, describe, expect, it } from 'vitest';
import { type LabPair, serverVersions, startPair } from '../../src/lab/servers/index.js';
import { longPipeline } from '../../src/lab/soak/long-pipeline.js';

let pair: LabPair | undefined;

afterEach(async () => {
  await pair?.stop();
});

const length = 300_000;

describe('one pipeline of 300,000 INCRs across a switch', () => {
  it.each(serverVersions)('ends at exactly 300,000 on %s', async (version) => {
    pair = await startPair({ version, args: ['--repl-backlog-size', '64mb'] });
    const report = await longPipeline(pair, 'ioredis6', length);
    expect(report).toMatchObject({ wrongReplies: 0, counters: [length, length] });
    // Otherwise the switch came before or after the pipeline, and nothing has been shown.
    expect(report.before).toBeGreaterThan(0);
    expect(report.before).toBeLessThan(length);
  });

  it.each(['ioredis5', 'iovalkey'] as const)('ends at exactly 300,000 with %s', async (library) => {
    pair = await startPair({ version: 'valkey-9.1', args: ['--repl-backlog-size', '64mb'] });
    const report = await longPipeline(pair, library, length);
    expect(report).toMatchObject({ wrongReplies: 0, counters: [length, length] });
    expect(report.before).toBeLessThan(length);
  });
});
