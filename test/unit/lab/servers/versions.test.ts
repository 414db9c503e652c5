import { describe, expect, it } from 'vitest';
import {
  debianSourceOf,
  environmentNameOf,
  isServerVersion,
  parseProgramVersion,
  serverVersions,
} from '../../../../src/lab/servers/versions.js';

describe('parseProgramVersion', () => {
  it.each([
    [
      'Valkey server v=9.1.2 sha=00000000:0 malloc=jemalloc-5.3.1 bits=64 build=9108e8f1788612b',
      { family: 'valkey', full: '9.1.2', label: 'valkey-9.1' },
    ],
    [
      'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=d6e27f1bb2cf1be8\n',
      { family: 'redis', full: '7.0.15', label: 'redis-7.0' },
    ],
    ['Valkey server v=9.2.0-rc1 sha=1', { family: 'valkey', full: '9.2.0-rc1', label: 'valkey-9.2' }],
    ['Redis server v=255.255.255 sha=1', { family: 'redis', full: '255.255.255', label: 'redis-255.255' }],
  ])('%s', (output, expected) => {
    expect(parseProgramVersion(output)).toEqual(expected);
  });

  it.each(['', 'GNU bash, version 5.2.15(1)-release', 'valkey-cli 9.1.2', 'Redis server v=seven'])(
    'not %j',
    (output) => {
      expect(parseProgramVersion(output)).toBeUndefined();
    },
  );
});

describe('the known versions', () => {
  it('have an environment variable each', () => {
    expect(serverVersions.map(environmentNameOf)).toEqual([
      'SEGUE_SERVER_REDIS_7_0',
      'SEGUE_SERVER_VALKEY_8_0',
      'SEGUE_SERVER_VALKEY_8_1',
      'SEGUE_SERVER_VALKEY_9_1',
    ]);
  });

  it('have a suite each', () => {
    expect(serverVersions.map((version) => debianSourceOf(version).suite)).toEqual([
      'bookworm',
      'bookworm-backports',
      'trixie',
      'sid',
    ]);
  });

  it('are told from others', () => {
    expect(isServerVersion('valkey-9.1')).toBe(true);
    expect(isServerVersion('valkey-9.2')).toBe(false);
  });
});
