import { describe, expect, it } from 'vitest';
import { count, time, versionName } from '../../../src/cli/format.js';
import { makeStyle, padEnd, padStart, wantsColor, widthOf } from '../../../src/cli/style.js';

describe('colour', () => {
  const cases: [boolean, NodeJS.ProcessEnv, boolean][] = [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { TERM: 'dumb' }, false],
  ];
  it.each(cases)('on a terminal: %s, with %o: %s', (isTerminal, env, wanted) => {
    expect(wantsColor(isTerminal, env)).toBe(wanted);
  });

  it('takes no room', () => {
    const style = makeStyle(true);
    expect(widthOf(style.bad('✓ no'))).toBe(4);
    expect(padEnd(style.good('a'), 3)).toBe('\u001b[32ma\u001b[39m  ');
    expect(padStart(style.good('a'), 3)).toBe('  \u001b[32ma\u001b[39m');
    expect(makeStyle(false).bold('a')).toBe('a');
  });
});

describe('numbers for people', () => {
  it.each([
    [0, '0'],
    [1234567, '1,234,567'],
  ])('%d is %s', (value, text) => expect(count(value)).toBe(text));

  it.each([
    [0.44, '0.4 ms'],
    [9.96, '10.0 ms'],
    [12.3, '12 ms'],
    [999.6, '1.0 s'],
    [3210, '3.2 s'],
  ])('%d ms is %s', (ms, text) => expect(time(ms)).toBe(text));

  it('versions have names', () => expect(versionName('valkey-9.1')).toBe('Valkey 9.1'));
});
