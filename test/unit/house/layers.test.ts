import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../../../src/', import.meta.url));

/** What each layer may import of ours, apart from itself. ARCHITECTURE.md draws the same. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  resp: [],
  transport: ['resp'],
  session: ['resp'],
  topology: ['resp', 'transport'],
  doors: ['resp', 'session', 'topology', 'transport'],
  switchover: ['resp', 'topology', 'transport'],
  gateway: ['resp', 'session', 'topology', 'transport', 'doors'],
  lab: ['resp', 'session', 'topology', 'transport', 'doors', 'switchover', 'gateway'],
  cli: ['resp', 'session', 'topology', 'transport', 'doors', 'switchover', 'gateway', 'lab'],
  'index.ts': ['resp', 'session', 'topology', 'transport', 'doors', 'switchover'],
};

/** What applications import: no runtime dependency, no clock but one, no console. */
const APPLICATION_LAYERS = ['resp', 'transport', 'session', 'topology', 'doors'];

interface SourceFile {
  readonly path: string;
  readonly layer: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(src, path), 'utf8');
    const imports = [...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)';|^import '([^']+)';/gm)];
    const dynamic = [...text.matchAll(/\bimport\('([^']+)'\)/g)];
    return {
      path,
      layer: path.split('/')[0]!,
      text,
      imports: [...imports, ...dynamic].map((match) => match[1] ?? match[2]!),
    };
  });

/** Code without comments, so that a word in a sentence is no finding. */
function code(file: SourceFile): string {
  return file.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function targetOf(file: SourceFile, specifier: string): string {
  return relative(src, resolve(src, dirname(file.path), specifier)).replace(/\.js$/, '.ts');
}

describe('the house', () => {
  it('has sources to look at', () => {
    expect(files.length).toBeGreaterThan(40);
  });

  it.each(files.map((file) => [file.path, file] as const))('%s imports only what its layer may', (_path, file) => {
    const allowed = MAY_IMPORT[file.layer];
    expect(allowed, `${file.layer} is no layer`).toBeDefined();
    for (const specifier of file.imports.filter((name) => name.startsWith('.'))) {
      const layer = targetOf(file, specifier).split('/')[0]!;
      expect([file.layer, ...allowed!], `${file.path} imports ${specifier}`).toContain(layer);
    }
  });

  it('has no import cycles between files', () => {
    const graph = new Map(
      files.map((file) => [
        file.path,
        file.imports.filter((name) => name.startsWith('.')).map((name) => targetOf(file, name)),
      ]),
    );
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]): void => {
      expect(trail.includes(path) ? [...trail, path].join(' → ') : 'no cycle').toBe('no cycle');
      if (done.has(path)) return;
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
  });

  it('opens sockets only in transport', () => {
    const applications = files.filter((file) => APPLICATION_LAYERS.includes(file.layer) && file.layer !== 'transport');
    for (const file of applications) {
      // Types of node:tls are allowed: options are handed through.
      const values = [...file.text.matchAll(/^import (?!type\b)[^;]*from 'node:(net|tls|dgram|http2?)';/gm)];
      expect(values, file.path).toEqual([]);
    }
  });

  it('reads time in one file', () => {
    const timing = /\b(Date\.now|performance\.now|new Date\(|setTimeout\(|setInterval\(|process\.hrtime)/;
    const readers = files
      .filter((file) => APPLICATION_LAYERS.includes(file.layer))
      .filter((file) => timing.test(code(file).replace(/\.setTimeout\(|(?<=\n) {2}setTimeout\(/g, '')));
    expect(readers.map((file) => file.path)).toEqual(['transport/clock.ts']);
  });

  it('uses no console outside the command line', () => {
    const talkers = files.filter((file) => file.layer !== 'cli' && /\bconsole\./.test(code(file)));
    expect(talkers.map((file) => file.path)).toEqual([]);
  });

  it('gives applications no runtime dependency', () => {
    for (const file of files.filter((one) => APPLICATION_LAYERS.includes(one.layer))) {
      const foreign = file.imports.filter((name) => !name.startsWith('.') && !isBuiltin(name));
      expect(foreign, file.path).toEqual([]);
    }
  });
});
