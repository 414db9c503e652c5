import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canFetch } from '../../../../src/lab/packages/apt.js';
import { runProgram } from '../../../../src/lab/packages/run-program.js';
import { fetchServer, findServers, serversFolder, serverVersions } from '../../../../src/lab/servers/index.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segue-fetch-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** An archive that has everything but a signature. */
async function makeUnsignedArchive(): Promise<string> {
  const architecture = (await runProgram('dpkg', ['--print-architecture'])).stdout.trim();
  const index = join('main', `binary-${architecture}`, 'Packages');
  const dist = join(folder, 'archive/dists/sid');
  await mkdir(join(dist, 'main', `binary-${architecture}`), { recursive: true });
  const packages = `Package: valkey-server\nVersion: 9.1.0\nArchitecture: all\nFilename: valkey.deb\nSize: 1\nSHA256: ${'0'.repeat(64)}\n`;
  await writeFile(join(dist, index), packages);
  const sum = createHash('sha256').update(packages).digest('hex');
  const head = `Origin: Debian\nLabel: Debian\nSuite: unstable\nCodename: sid\nArchitectures: ${architecture}\nComponents: main\n`;
  const date = `Date: ${new Date().toUTCString()}\n`;
  await writeFile(join(dist, 'Release'), `${head}${date}SHA256:\n ${sum} ${packages.length} ${index}\n`);
  return `file:${join(folder, 'archive')}/`;
}

describe('fetching servers', () => {
  it('gives every version', async () => {
    const programs = await findServers(serverVersions);
    expect([...programs.values()].map((program) => program.label)).toEqual([...serverVersions]);
  });

  it('refuses an archive that is not signed, and leaves nothing of it', async () => {
    const into = join(folder, 'servers');
    const attempt = canFetch()
      ? fetchServer('valkey-9.1', into, { archives: [await makeUnsignedArchive()] })
      : fetchServer('valkey-9.1', into, { archives: [] });
    const error = await attempt.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'LabError', code: 'SEGUE_LAB_FETCH_FAILED' });
    if (canFetch()) expect(String(error)).toMatch(/not signed|does not have a Release file|NO_PUBKEY/);
    expect(await readdir(into)).toEqual([]);
  });

  it('fetches nothing twice, however many ask at once', async () => {
    const [program] = (await findServers(['valkey-9.1'])).values();
    if (program!.from !== 'packages') return;
    const lines: string[] = [];
    const asked = [1, 2, 3].map(() =>
      fetchServer('valkey-9.1', serversFolder(), { archives: [], onProgress: (line) => lines.push(line) }),
    );
    const trees = await Promise.all(asked);
    expect(new Set(trees.map((tree) => tree.full)).size).toBe(1);
    expect(lines).toEqual([]);
    expect(existsSync(trees[0]!.command[0]!)).toBe(true);
  });
});
