import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchPackages, type PackageSet } from '../../../../src/lab/packages/index.js';

const set: PackageSet = { name: 'tool', suite: 'bookworm', packages: ['tool'], programs: ['usr/bin/tool'] };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segue-packages-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A folder as fetching leaves it. */
async function makeTree(): Promise<string> {
  const root = join(folder, set.name);
  await mkdir(join(root, 'lib/x86_64-linux-gnu'), { recursive: true });
  await writeFile(join(root, 'lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'), '');
  const loader = 'lib/x86_64-linux-gnu/ld-linux-x86-64.so.2';
  const note = { set, loader, libraries: ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'] };
  await writeFile(join(root, 'segue-packages.json'), JSON.stringify(note));
  return root;
}

describe('fetchPackages', () => {
  it('takes what is there, run by its own loader', async () => {
    const root = await makeTree();
    const tree = await fetchPackages(set, folder, { archives: [] });
    const libraries = [join(root, 'usr/lib/x86_64-linux-gnu'), join(root, 'lib/x86_64-linux-gnu')];
    expect(tree).toMatchObject({ root, libraries });
    const loader = join(root, 'lib/x86_64-linux-gnu/ld-linux-x86-64.so.2');
    const program = join(root, 'usr/bin/tool');
    expect(tree.command('usr/bin/tool')).toEqual([loader, '--library-path', libraries.join(':'), program]);
  });

  it('does not take what other packages left under the name, and says who could not be asked', async () => {
    await makeTree();
    const other = { ...set, packages: ['tool', 'more'] };
    const error = await fetchPackages(other, folder, { archives: [] }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'LabError', code: 'SEGUE_LAB_FETCH_FAILED' });
    expect(String(error)).toContain('tool');
    expect(await readdir(folder)).toEqual(['tool']);
  });
});
