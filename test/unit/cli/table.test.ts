import { describe, expect, it } from 'vitest';
import { bytes, plural } from '../../../src/cli/format.js';
import { makeStyle } from '../../../src/cli/style.js';
import { tableLines, wrap } from '../../../src/cli/table.js';

describe('a table', () => {
  it('is as wide as its widest cells, whatever their colours', () => {
    const style = makeStyle(true);
    const lines = tableLines(
      [{ title: 'a' }, { title: 'number', align: 'right' }],
      [
        [style.bad('xyz'), '1'],
        ['x', '22'],
      ],
      style,
    );
    expect(lines).toEqual(['\u001b[1m  a    number\u001b[22m', '  \u001b[31mxyz\u001b[39m       1', '  x        22']);
  });
});

describe('wrapping', () => {
  it.each<[string, number, string[]]>([
    ['one two three', 7, ['one two', '  three']],
    ['one', 1, ['one']],
    ['unbreakable word', 4, ['unbreakable', '  word']],
    ['', 5, ['']],
  ])('%j at %i', (text, width, lines) => expect(wrap(text, width, '  ')).toEqual(lines));
});

describe('amounts', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1,023 bytes'],
    [1024, '1.0 KiB'],
    [34 * 1024 ** 2, '34 MiB'],
    [5 * 1024 ** 4, '5.0 TiB'],
    [5000 * 1024 ** 4, '5000 TiB'],
  ])('%i bytes are %s', (value, text) => expect(bytes(value)).toBe(text));

  it('have a plural', () =>
    expect([plural(1, 'client'), plural(2, 'process', 'processes')]).toEqual(['1 client', '2 processes']));
});
