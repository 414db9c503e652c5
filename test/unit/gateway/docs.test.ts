import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/gateway/limits.js';
import { GUARDED } from '../../../src/gateway/policy.js';

const page = readFileSync(new URL('../../../docs/gateway.md', import.meta.url), 'utf8');
const grouped = (value: number): string => value.toLocaleString('en-US');
/** `idleTimeoutMs` is written `idle-timeout` in a settings file. */
const fileName = (name: string): string =>
  name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

describe('docs/gateway.md agrees with the code', () => {
  it('lists every limit as the code has it', () => {
    const rows = Object.entries(LIMITS).map(([name, { unit, byDefault, min, max, what, closes }]) => {
      const reason = closes === undefined ? '' : `\`${closes}\``;
      return `| \`${fileName(name)}\` | ${grouped(byDefault)} ${unit} | ${grouped(min)} – ${grouped(max)} | ${what} | ${reason} |`;
    });
    const documented = page
      .split('\n')
      .filter((line) => /^\| `[a-z-]+` \| [\d,]+ (connections|commands|bytes|ms) \|/.test(line));
    expect(documented).toEqual(rows);
  });

  it('names every guarded command', () => {
    for (const name of Object.keys(GUARDED)) expect(page).toContain(`\`${name.toUpperCase()}\``);
  });
});
