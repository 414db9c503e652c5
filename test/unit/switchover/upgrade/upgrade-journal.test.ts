import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stageName, stagesOf, type UpgradePlan } from '../../../../src/switchover/upgrade/stage.js';
import { readJournal, UpgradeJournal } from '../../../../src/switchover/upgrade/upgrade-journal.js';

const plan: UpgradePlan = {
  primary: 'a:1',
  target: 'b:2',
  replicas: ['c:3', 'b:2'],
  switchBack: true,
  restMs: 0,
  expect: 'valkey-9.1',
};
const memory = { runId: 'abc', before: { family: 'valkey', number: '8.1.1' }, hasEnded: false } as const;
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segue-journal-'));
  path = join(folder, 'deeper', 'journal');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the journal of an upgrade', () => {
  it('gives back what was written, and is complete at its end', async () => {
    const journal = await UpgradeJournal.begin(path, plan);
    await journal.begun('restart c:3', memory);
    await journal.commandEnded('restart c:3');
    await journal.done('restart c:3', 'fine');
    await journal.begun('restart b:2', memory);
    expect(await readJournal(path)).toEqual({
      plan,
      done: new Set(['restart c:3']),
      restarts: new Map([
        ['restart c:3', { ...memory, hasEnded: true }],
        ['restart b:2', memory],
      ]),
      isEnded: false,
    });
    await journal.end();
    await journal.close();
    expect((await readJournal(path))?.isEnded).toBe(true);
  });

  it('survives a last line that was cut off, also when it is written on', async () => {
    const journal = await UpgradeJournal.begin(path, plan);
    await journal.close();
    await appendFile(path, '{"record":"done","sta');
    expect((await readJournal(path))?.done.size).toBe(0);
    const again = await UpgradeJournal.resume(path);
    await again.done('restart c:3', 'fine');
    await again.close();
    expect((await readJournal(path))?.done).toEqual(new Set(['restart c:3']));
  });

  it('never overwrites an upgrade that was not finished', async () => {
    await (await UpgradeJournal.begin(path, plan)).close();
    const text = await readFile(path, 'utf8');
    await expect(UpgradeJournal.begin(path, plan)).rejects.toMatchObject({ code: 'SEGUE_UPGRADE_JOURNAL' });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it.each(['something else\n', '{"record":"done","stage":"x"}\n', '[1]\n'])('refuses %j', async (text) => {
    const other = join(folder, 'other');
    await writeFile(other, text);
    await expect(readJournal(other)).rejects.toThrow(/is not the journal of an upgrade/);
  });

  it('is nothing where there is none', async () => {
    expect(await readJournal(path)).toBeUndefined();
  });
});

describe('stages', () => {
  it('restart replicas, switch, let the clients leave, restart the old primary, switch back, prove', () => {
    expect(stagesOf(plan).map(stageName)).toEqual([
      'restart c:3',
      'restart b:2',
      'switch b:2',
      'leave a:1',
      'restart a:1',
      'switch a:1',
      'prove',
    ]);
    const names = stagesOf({ ...plan, restMs: 5 }).map(stageName);
    expect(names).toContain('rest after switch b:2');
    expect(new Set(names).size).toBe(names.length); // the journal tells them apart by name
  });
});
