import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type LabPair, startPair } from '../../../src/lab/servers/index.js';
import { runExample } from './example.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

let pair: LabPair;
beforeAll(async () => {
  await run(process.execPath, ['scripts/setup.mjs'], { cwd: root });
});
beforeEach(async () => {
  pair = await startPair({ version: 'valkey-9.1' });
});
afterEach(() => pair?.stop());

it('examples/quickstart.mjs, the one in the README, runs against the built package', async () => {
  const { lines, stderr } = await runExample('quickstart.mjs', pair.primary.port);
  expect(stderr).toBe('');
  expect(lines[0]).toMatch(/^now at 127\.0\.0\.1:\d+, held for [\d.]+ ms$/);
  expect(lines.slice(1)).toEqual(Array.from({ length: 10 }, (_, i) => `visits: ${i + 1}`));
});

/** kill -9 of the primary when the example has said its second line, and its replica promoted. */
function killPrimary(): (line: string) => void {
  let lines = 0;
  return () => {
    if (++lines !== 2) return;
    pair.primary.kill('SIGKILL');
    void pair.primary.exited.then(() => pair.replica.cli('REPLICAOF', 'NO', 'ONE'));
  };
}

it.each([
  ['exactly-once.mjs', 20_000],
  ['exactly-once-multi.mjs', 4_000],
] as const)('examples/%s pays each of its payments once, through kill -9 of the primary', async (name, payments) => {
  const { lines, stderr, code } = await runExample(name, pair.primary.port, killPrimary());
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(lines.at(-1)).toBe(`balance: ${payments}`);
  expect(await pair.replica.cli('GET', 'account')).toBe(String(payments));
  expect(await pair.replica.cli('DBSIZE')).toBe(payments + 1);
});
