import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OPTIONS } from '../../../src/doors/options.js';
import { WIRE_ERRORS } from '../../../src/session/index.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** Thousands apart, as people write numbers. */
function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

function optionRow(name: string, option: (typeof OPTIONS)[keyof typeof OPTIONS]): string {
  if (option.kind === 'number') {
    const bounds = `${grouped(option.min)} – ${grouped(option.max)}`;
    return `| \`${name}\` | ${grouped(option.byDefault)} ${option.unit} | ${bounds} | ${option.what} |`;
  }
  const bounds = option.choices?.map((choice) => `\`${choice}\``).join(', ') ?? '';
  return `| \`${name}\` | ${option.byDefault} | ${bounds} | ${option.what} |`;
}

/** All text of src. */
function sources(): string {
  const files = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' });
  return files
    .filter((path) => path.endsWith('.ts'))
    .map((path) => read(`src/${path}`))
    .join('\n');
}

describe('the docs agree with the code', () => {
  it('docs/options.md lists every option as the code has it', () => {
    const rows = Object.entries(OPTIONS).map(([name, option]) => optionRow(name, option));
    const documented = read('docs/options.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(documented).toEqual(rows);
  });

  it('docs/errors.md has a row for every error code, and for nothing else', () => {
    // Error codes stand in quotes, or as keys of a table; environment variables do not.
    const thrown = [...sources().matchAll(/'(SEGUE_[A-Z_]+)'|^ {2}(SEGUE_[A-Z_]+):/gm)];
    const answered = [...sources().matchAll(/encodeError\(\s*'(GATEWAY[A-Z]+)'/g)].map((match) => match[1]!);
    const codes = new Set([...Object.keys(WIRE_ERRORS), ...answered, ...thrown.map((match) => match[1] ?? match[2]!)]);
    const documented = read('docs/errors.md')
      .split('\n')
      .flatMap((line) => /^\| `([A-Z_]+)` \|/.exec(line)?.[1] ?? []);
    expect([...documented].sort()).toEqual([...codes].sort());
    expect(new Set(documented).size).toBe(documented.length);
  });

  it('docs/errors.md tells of each wire error what became of the command', () => {
    const page = read('docs/errors.md');
    for (const [code, { delivery, retryable }] of Object.entries(WIRE_ERRORS)) {
      expect(page).toMatch(new RegExp(`^\\| \`${code}\` \\| ${delivery} \\| ${retryable ? 'yes' : 'no'} \\|`, 'm'));
    }
  });

  it.each([
    ['README.md', ['quickstart.mjs']],
    ['docs/recipes.md', ['exactly-once.mjs', 'exactly-once-multi.mjs']],
  ])('the examples in %s are those in examples', (page, examples) => {
    const blocks = [...read(page).matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]);
    expect(blocks).toEqual(examples.map((name) => read(`examples/${name}`)));
  });

  it('every npm script that is named anywhere exists, and every script of ours can be run by name', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const folders = ['docs/', 'scripts/', 'bench/', 'test/', 'src/', 'examples/'];
    const files = folders.flatMap((folder) =>
      readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}${path}`),
    );
    const texts = ['README.md', 'ARCHITECTURE.md', ...files].filter((path) => /\.(md|ts|mjs)$/.test(path)).map(read);
    const named = texts.flatMap((text) => [...text.matchAll(/npm (?:-s )?run (?:-s )?([a-z][a-z:]*[a-z])/g)]);
    const missing = named.map((match) => match[1]!).filter((name) => !(name in scripts));
    expect(missing).toEqual([]);
    const started = readdirSync(new URL('scripts/', root)).filter((name) => name !== 'run-dist.mjs');
    expect(started.filter((name) => !Object.values(scripts).some((command) => command.includes(name)))).toEqual([]);
  });

  it('README and ARCHITECTURE stay short', () => {
    expect(read('README.md').split('\n').length).toBeLessThan(200);
    expect(read('ARCHITECTURE.md').split('\n').length).toBeLessThan(150);
  });
});
