// `npm run test:browser`: the admin page in a real headless browser: SEGUE_CHROMIUM, or one on PATH. SEGUE_PICTURES=<folder>
// keeps a picture of every state. Without a browser it says that nothing was run, and fails.

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root, runScript, SetupError, setup, tool } from './setup.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

runScript(() => {
  setup();
  const SEGUE_CHROMIUM = process.env.SEGUE_CHROMIUM ?? browserOnPath();
  if (SEGUE_CHROMIUM === undefined) {
    throw new SetupError(`not run: no ${names.join(', ')} on PATH; SEGUE_CHROMIUM=/path/to/one names another`);
  }
  const command = [tool('vitest', 'vitest'), 'run', '-c', 'vitest.browser.config.ts', ...process.argv.slice(2)];
  const env = { ...process.env, SEGUE_CHROMIUM };
  process.exitCode = spawnSync(process.execPath, command, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
});

function browserOnPath() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
