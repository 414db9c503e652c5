import { describe, expect, it } from 'vitest';
import { encodeHello, parseHello } from '../../../../src/switchover/sentinel/hello.js';

const id = '244f5a32a37b587584bbb01777cee9f7e1369d2e';
const text = `127.0.0.1,26618,${id},3,pair,127.0.0.1,14853,2`;

describe('the hello of a Sentinel', () => {
  it('is read and written as Sentinels do', () => {
    const hello = parseHello(text);
    expect(hello).toEqual({
      host: '127.0.0.1',
      port: 26618,
      id,
      epoch: 3,
      service: 'pair',
      primaryHost: '127.0.0.1',
      primaryPort: 14853,
      configEpoch: 2,
    });
    expect(encodeHello(hello!)).toBe(text);
    expect(parseHello(text.replaceAll('127.0.0.1', '::1'))?.primaryHost).toBe('::1');
  });

  it.each([
    '',
    'hello',
    text.replace(id, 'me'),
    `${text},more`,
    text.replace('14853', '0'),
    text.replace(',3,', ',x,'),
    text.replace(',2', ''),
  ])('%j is none', (other) => {
    expect(parseHello(other)).toBeUndefined();
  });
});
