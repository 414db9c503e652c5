import { describe, expect, it } from 'vitest';
import { findingLines, verdictLine } from '../../../src/cli/check/finding-lines.js';
import { makeStyle } from '../../../src/cli/style.js';
import type { Finding } from '../../../src/switchover/checks/index.js';

const plain = makeStyle(false);
const fine: Finding = { check: 'lag', verdict: 'ok', reason: 'it is close', remedy: 'never shown' };
const refused: Finding = {
  check: 'backlog',
  verdict: 'refuse',
  node: 'a:1',
  reason: 'too small',
  measured: '1 MiB',
  remedy: 'make it larger',
};
const warned: Finding = { check: 'clients', verdict: 'warning', reason: 'some would see errors' };

describe('findings', () => {
  it('come the worst first, each with its measure and remedy', () => {
    expect(findingLines([fine, warned, refused], plain, 100)).toEqual([
      '  ✗ backlog  a:1: too small (1 MiB)',
      '             → make it larger',
      '  ! clients  some would see errors',
      '  ✓ lag      it is close',
    ]);
  });

  it('are broken where the terminal ends', () => {
    const long = { ...refused, reason: 'a reason that goes on for longer than a narrow terminal is wide' };
    for (const line of findingLines([long], plain, 50)) expect(line.length).toBeLessThanOrEqual(56);
  });

  it.each<[Finding[], string]>([
    [[fine], '  fit for a switch'],
    [[fine, warned], '  fit for a switch, with 1 warning'],
    [[refused, warned, warned], '  not fit for a switch: 1 check refuses, with 2 warnings'],
    [[refused, refused], '  not fit for a switch: 2 checks refuse'],
  ])('end with a verdict', (findings, line) => expect(verdictLine(findings, plain)).toBe(line));
});
