import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, EVENTS } from '../../../src/doors/segue-event.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

function textOf(folder: string): string {
  const files = readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' });
  return files
    .filter((path) => path.endsWith('.ts') && !path.endsWith('house/events.test.ts'))
    .map((path) => read(`${folder}${path}`))
    .join('\n');
}

/** The first three cells of each row; the fourth is for people. */
function documented(): string[] {
  const rows = read('docs/events.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  return rows.map((line) => /^(\|.*?\|.*?\|.*?\|) \S.* \|$/.exec(line)?.[1] ?? `a row of another form: ${line}`);
}

const sources = textOf('src/');
const tests = textOf('test/');

// That the table in the code has all events of the union, and of each all fields, is seen to by its type.
describe('docs/events.md', () => {
  it('has a row for every event, with all its fields, in the order of the code', () => {
    const rows = EVENT_TYPES.map((type) => {
      const fields = Object.entries(EVENTS[type].fields).map(([name, kind]) => `\`${name}\` ${kind}`);
      return `| \`${type}\` | ${EVENTS[type].of} | ${fields.join(', ')} |`;
    });
    expect(documented()).toEqual(rows);
  });

  it('names fields whose unit is told by their name', () => {
    const fields = EVENT_TYPES.flatMap((type) => Object.entries(EVENTS[type].fields as Record<string, string>));
    for (const [name, kind] of fields) expect([name, kind === 'ms']).toEqual([name, name.endsWith('Ms')]);
  });

  it.each(EVENT_TYPES)('%s is told somewhere, and a test waits for it', (type) => {
    expect(new RegExp(`type: '${type}'`).test(sources)).toBe(true);
    expect(tests.includes(`'${type}'`)).toBe(true);
  });
});
