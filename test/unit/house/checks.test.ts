import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checks } from '../../../src/switchover/checks/index.js';
import { faults } from '../../integration/switchover/checks/faults.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const names = checks.map(({ name }) => name);

describe('the checks of a switch', () => {
  it('are all in the array: every file that makes one', () => {
    const folder = 'src/switchover/checks/';
    const made = readdirSync(new URL(folder, root))
      .map((file) => read(folder + file))
      .flatMap((text) => /^export const \w+: Check = \{\n {2}name: '([^']+)'/m.exec(text)?.[1] ?? []);
    expect([...made].sort()).toEqual([...names].sort());
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(names)('%s is shown to say its worst on a real pair that has the fault', (name) => {
    const { worst } = checks.find((check) => check.name === name)!;
    expect(faults[name]?.map(({ verdict }) => verdict)).toContain(worst);
  });

  it('docs/checks.md has a row for each, as the code has it, and for nothing else', () => {
    const rows = checks.map(({ name, what, worst }) => `| \`${name}\` | ${what} | ${worst} |`);
    const documented = read('docs/checks.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(documented).toEqual(rows);
  });
});
