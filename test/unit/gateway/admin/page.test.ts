import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { words } from '../../../../src/gateway/admin/page/words.js';
import { adminPage, pagePolicy } from '../../../../src/gateway/admin/page.js';

const parts = (name: string) =>
  [...adminPage.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map((m) => m[1]!);

describe('the page for people', () => {
  it('asks nobody for anything but this gateway, and its policy allows just its own script and style', () => {
    expect(parts('script')).toHaveLength(1);
    expect(parts('style')).toHaveLength(1);
    for (const [name, text] of [
      ['script-src', parts('script')[0]!],
      ['style-src', parts('style')[0]!],
    ] as const) {
      expect(pagePolicy).toContain(`${name} 'sha256-${createHash('sha256').update(text).digest('base64')}'`);
    }
    expect(pagePolicy).toMatch(/^default-src 'none'; /);
    expect(pagePolicy).not.toContain('unsafe');
    const addresses = adminPage.match(/\b(?:https?:)?\/\/[\w.-]+\.[a-z]+[^\s'"]*/g);
    expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org/2000/svg']));
    expect(adminPage).not.toMatch(/ style="| on[a-z]+="|innerHTML|localStorage|document\.cookie/);
  });

  it('its script is complete in itself', () => {
    // What the compiler would add for imports, or a test runner for its own.
    expect(parts('script')[0]).not.toMatch(/__vi_|__vite|_1\.|require\(|import\(/);
    expect(() => new Function(parts('script')[0]!)).not.toThrow();
  });
});

describe('its words', () => {
  const { amount, bytes, duration, moment, plural } = words();

  it.each([
    [0, '0.00 ms'],
    [0.0825, '0.08 ms'],
    [0.44, '0.4 ms'],
    [12.4, '12 ms'],
    [999.6, '1.0 s'],
    [59_400, '59 s'],
    [61_000, '1 min'],
    [3 * 3_600_000, '3 h'],
    [3.5 * 3_600_000, '3 h 30 min'],
    [12 * 86_400_000, '12 days'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('numbers and sizes', () => {
    expect([0, 9_999, 12_345, 999_499, 1_234_567, 1.8e9].map(amount)).toEqual([
      '0',
      '9,999',
      '12 k',
      '999 k',
      '1.2 M',
      '1.8 G',
    ]);
    expect([0, 1_023, 1_536, 64 * 1024 ** 2].map(bytes)).toEqual(['0 B', '1,023 B', '1.5 KiB', '64 MiB']);
    expect([plural(1, 'client'), plural(2, 'client')]).toEqual(['1 client', '2 clients']);
    const noon = new Date(2026, 0, 31, 12, 3, 4).getTime();
    expect([moment(noon, noon + 1_000), moment(noon, noon + 86_400_000)]).toEqual(['12:03:04', '31 Jan, 12:03:04']);
  });
});
