// `npm test [-- arguments for vitest]`: set-up, lint, types, all tests; ends with one line, `N passed, N failed`.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runScript, SetupError, setup, tool } from './setup.mjs';

runScript(() => {
  const counts = testAll(process.argv.slice(2));
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
});

function testAll(args) {
  try {
    setup();
  } catch (error) {
    console.error(error instanceof SetupError ? `FAIL set-up: ${error.message}` : error);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const checks = [
    ['lint', tool('@biomejs/biome', 'biome'), 'check', '.'],
    ['types', tool('typescript', 'tsc'), '--noEmit'],
  ].map(([name, ...command]) => ({ name, ok: run(command) === 0 }));
  const counts = runTests(args);
  for (const check of checks.filter((each) => !each.ok)) {
    counts.failed += 1;
    console.log(`FAIL ${check.name}`);
  }
  return counts;
}

function run(command) {
  const result = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  return result.status ?? 1;
}

function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'segue-test-'));
  const file = join(folder, 'results.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const status = run([tool('vitest', 'vitest'), 'run', ...reporters, ...args]);
    return count(readResults(file), status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A file that failed without a failed test in it (it did not load, a hook threw) counts as one, and so does a vitest
 *  that was not content for a reason outside all files (an error nobody awaited). */
function count(results, status) {
  if (results === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const brokenFiles = results.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = results.numFailedTests + brokenFiles;
  return {
    passed: results.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}
