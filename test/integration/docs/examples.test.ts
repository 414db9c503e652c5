import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startPair } from '../../../src/lab/servers/index.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

it('examples/quickstart.mjs, the one in the README, runs against the built package', async () => {
  await run(process.execPath, ['scripts/setup.mjs'], { cwd: root });
  const pair = await startPair({ version: 'valkey-9.1' });
  try {
    const example = await readFile(new URL('examples/quickstart.mjs', `file://${root}`), 'utf8');
    const here = example.replace('port: 6379', `port: ${pair.primary.port}`);
    expect(here).not.toBe(example);
    // Evaluated in the package's folder, so that `valkey-segue/ioredis` is what users would import.
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', here], { cwd: root });
    expect(stderr).toBe('');
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^now at 127\.0\.0\.1:\d+, held for [\d.]+ ms$/);
    expect(lines.slice(1)).toEqual(Array.from({ length: 10 }, (_, i) => `visits: ${i + 1}`));
  } finally {
    await pair.stop();
  }
});
