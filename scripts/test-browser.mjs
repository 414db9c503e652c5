// `npm run test:browser`: the admin page in a real headless browser: SEGUE_CHROMIUM, one on PATH, or Debian's (200 MB, unpacked
// beside the servers; nothing is installed). SEGUE_PICTURES=<folder> keeps a picture of every state. Where no browser can be
// had it says that nothing was run, and fails.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root, runScript, SetupError, setup, tool } from './setup.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

runScript(async () => {
  setup();
  const folder = mkdtempSync(join(tmpdir(), 'segue-chromium-'));
  try {
    const SEGUE_CHROMIUM = process.env.SEGUE_CHROMIUM ?? onPath() ?? (await fetched(folder));
    const command = [tool('vitest', 'vitest'), 'run', '-c', 'vitest.browser.config.ts', ...process.argv.slice(2)];
    const env = { ...process.env, SEGUE_CHROMIUM };
    process.exitCode = spawnSync(process.execPath, command, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function onPath() {
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

/**
 * A command in `folder` that runs the Chromium of this machine's own Debian: it is started by the machine's loader, since it looks for
 * its files beside itself, so its libraries must be of the same release.
 */
async function fetched(folder) {
  const suite = debianRelease();
  if (suite === undefined) throw notRun('this is no Debian to fetch one from');
  const program = 'usr/lib/chromium/chromium';
  const packages = ['chromium', 'fonts-dejavu-core'];
  const { findPackages } = await import('../dist/lab/packages/index.js');
  const onProgress = (line) => console.error(`segue: ${line}`);
  const tree = await findPackages({ name: 'chromium', suite, packages, programs: [program] }, { onProgress }).catch(
    ({ message }) => {
      throw notRun(message);
    },
  );
  const fonts = join(folder, 'fonts.conf');
  const [share, cache] = [join(tree.root, 'usr/share/fonts'), join(folder, 'fonts')];
  writeFileSync(fonts, `<fontconfig><dir>${share}</dir><cachedir>${cache}</cachedir></fontconfig>\n`);
  const command = join(folder, 'chromium');
  // libpulse names the folder of its private library by its absolute path, which is not where it was unpacked.
  const folders = tree.libraries.flatMap((each) => [each, join(each, 'pulseaudio')]);
  const libraries = [join(tree.root, 'usr/lib/chromium'), ...folders].join(':');
  const environment = `LD_LIBRARY_PATH='${libraries}' FONTCONFIG_FILE='${fonts}'`;
  writeFileSync(command, `#!/bin/sh\n${environment} exec '${join(tree.root, program)}' "$@"\n`, { mode: 0o700 });
  return command;
}

/** `bookworm`, say. */
function debianRelease() {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return /^ID=debian$/m.test(text) ? /^VERSION_CODENAME=(\w+)$/m.exec(text)?.[1] : undefined;
  } catch {
    return undefined;
  }
}

function notRun(why) {
  return new SetupError(
    `not run: no ${names.join(', ')} on PATH (SEGUE_CHROMIUM=/path/to/one names another), and ${why}`,
  );
}
