import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal, readJournal } from '../../../../src/switchover/journal/journal.js';
import type { SwitchPlan } from '../../../../src/switchover/journal/plan.js';

const plan: SwitchPlan = {
  id: 'abc',
  method: 'manual',
  from: { name: 'node:1', tls: false, runId: 'one' },
  to: { name: 'node:2', tls: true },
  others: [],
  sentinels: [],
  replid: 'f00',
  offset: 12,
  fence: { settings: [{ name: 'min-replicas-to-write', was: '0', fenced: '1' }], transient: [], inFile: true },
  notice: true,
};

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segue-journal-'));
  path = join(folder, 'deeper', 'switch.journal');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function begun(): Promise<Journal> {
  return Journal.begin(path, plan);
}

describe('a journal', () => {
  it('has the plan on the disk when it has begun', async () => {
    const journal = await begun();
    expect(await readJournal(path)).toEqual({ plan, taken: new Set(), outcome: undefined });
    await journal.close();
  });

  it('keeps steps back until it is flushed', async () => {
    const journal = await begun();
    journal.step('pause', undefined);
    journal.step('promote', 'no');
    expect((await readJournal(path))?.taken).toEqual(new Set());
    await journal.flush();
    expect((await readJournal(path))?.taken).toEqual(new Set(['pause']));
    await journal.close();
  });

  it('makes room for the next switch only when it is ended', async () => {
    const journal = await begun();
    await expect(begun()).rejects.toMatchObject({ code: 'SEGUE_SWITCH_JOURNAL' });
    await expect(begun()).rejects.toThrow('the switch abc from node:1 to node:2, which was not finished: resume it');
    await journal.done('switched');
    await journal.close();
    expect((await readJournal(path))?.outcome).toBe('switched');
    await (await begun()).close();
    expect((await readJournal(path))?.outcome).toBeUndefined();
  });

  it('goes on behind a line that a crash has cut off', async () => {
    await (await begun()).close();
    await appendFile(path, '{"record":"step","at":"n');
    expect(await readJournal(path)).toMatchObject({ plan, outcome: undefined });
    const again = await Journal.resume(path);
    await again.done('undone');
    await again.close();
    expect(await readJournal(path)).toMatchObject({ plan, outcome: 'undone' });
  });

  it.each([0, 1, 20])('counts as none when the plan itself was cut off after %i bytes', async (bytes) => {
    await (await begun()).close();
    await writeFile(path, (await readFile(path)).subarray(0, bytes));
    expect(await readJournal(path)).toBeUndefined();
    await (await begun()).close();
  });

  it('counts as none when there is no file', async () => {
    expect(await readJournal(path)).toBeUndefined();
  });

  const damages: [string, (text: string) => string, string][] = [
    ['no JSON', () => 'hello\n', 'line 1'],
    ['zeros', (text) => `${'\0'.repeat(40)}\n${text}`, 'line 1'],
    ['a record that we do not know', (text) => `${text}{"record":"new"}\n`, 'line 2'],
    ['a plan without nodes', () => '{"record":"plan","segue":1,"at":"","plan":{"id":"x"}}\n', 'line 1'],
    [
      'no plan',
      (text) => text.split('\n')[0]!.replace('"plan"', '"resumed"').concat('\n'),
      'does not begin with a plan',
    ],
    ['two plans', (text) => text + text, 'it has two plans'],
  ];
  it.each(damages)('with %s is refused, in words', async (_name, damage, words) => {
    await (await begun()).close();
    await writeFile(path, damage(await readFile(path, 'utf8')));
    await expect(readJournal(path)).rejects.toMatchObject({ code: 'SEGUE_SWITCH_JOURNAL' });
    await expect(readJournal(path)).rejects.toThrow(words);
  });

  it('that cannot be written says so', async () => {
    await writeFile(join(folder, 'deeper'), 'a file, not a folder');
    await expect(begun()).rejects.toMatchObject({ code: 'SEGUE_SWITCH_JOURNAL' });
  });
});
