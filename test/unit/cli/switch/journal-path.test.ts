import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findJournal, journalFolder, journalPath } from '../../../../src/cli/switch/journal-path.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'segue-journals-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the place of a journal', () => {
  it('is the state folder of the user', () => {
    expect(journalFolder({ XDG_STATE_HOME: '/state' })).toBe('/state/segue');
    expect(journalFolder({})).toMatch(/\/\.local\/state\/segue$/);
  });

  it('is the same whichever node is the primary', () => {
    const path = '/s/10.0.0.1-6379_b-1.journal';
    expect(journalPath(['10.0.0.1:6379', 'b:1'], '/s')).toBe(path);
    expect(journalPath(['b:1', '10.0.0.1:6379'], '/s')).toBe(path);
    expect(journalPath(['[::1]:1', 'a:1'], '/s')).toBe('/s/-1-1_a-1.journal');
  });

  it('is found by any node, also when the other is lost', () => {
    const nodes = ['10.0.0.1:6379', '10.0.0.2:6379'];
    const one = join(folder, 'one');
    mkdirSync(one);
    writeFileSync(journalPath(nodes, one), '');
    writeFileSync(journalPath(['10.0.0.1:63790', 'x:1'], one), '');
    writeFileSync(join(one, 'notes.txt'), '');
    expect(findJournal(['10.0.0.2:6379'], one)).toBe(journalPath(nodes, one));
    expect(() => findJournal(['10.0.0.3:6379'], one)).toThrow('nothing to resume');
    expect(() => findJournal(['10.0.0.2:6379', 'x:1'], one)).toThrow('more than one journal: say which with --journal');
    expect(() => findJournal(['a:1'], join(folder, 'none'))).toThrow('nothing to resume');
  });
});
