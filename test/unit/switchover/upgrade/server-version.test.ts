import { describe, expect, it } from 'vitest';
import {
  canCopy,
  canLoad,
  isVersion,
  parseVersion,
  type ServerVersion,
} from '../../../../src/switchover/upgrade/server-version.js';

const version = (text: string): ServerVersion => parseVersion(text, 'valkey')!;

describe('versions', () => {
  it.each([
    ['valkey-9.1', { family: 'valkey', number: '9.1' }],
    ['Redis 7.0.15', { family: 'redis', number: '7.0.15' }],
    ['9', { family: 'valkey', number: '9' }],
    ['latest', undefined],
    ['9.1.2.3', undefined],
    ['valkey-', undefined],
    ['', undefined],
  ])('reads %j', (text, expected) => {
    expect(parseVersion(text, 'valkey')).toEqual(expected);
  });

  it.each([
    ['9.1.2', '9.1', true],
    ['9.1.2', '9', true],
    ['9.1.2', '9.1.2', true],
    ['9.10.0', '9.1', false],
    ['8.1.1', '9.1', false],
    ['redis-9.1.2', '9.1', false],
  ])('%s as %s: %s', (is, wanted, expected) => {
    expect(isVersion(version(is), version(wanted))).toBe(expected);
  });

  // Measured on real servers, but for Valkey 9.0 and Redis 7.2 and later.
  it.each([
    ['redis-7.0', 'valkey-8.0', true],
    ['redis-7.0', 'valkey-9.1', true],
    ['redis-7.2', 'valkey-8.1', true],
    ['redis-7.4', 'valkey-9.1', false],
    ['redis-8.0', 'valkey-8.1', false],
    ['valkey-8.0', 'redis-7.0', false],
    ['valkey-9.1', 'redis-7.0', false],
    ['valkey-8.1', 'valkey-8.0', true],
    ['valkey-9.1', 'valkey-8.0', true],
    ['valkey-9.1', 'valkey-8.1', true],
    ['valkey-9.0', 'valkey-8.1', false],
    ['valkey-9.1', 'valkey-9.0', true],
    ['valkey-8.0', 'redis-7.2', true],
  ])('%s can copy itself to %s: %s', (primary, replica, expected) => {
    expect(canCopy(version(primary), version(replica))).toBe(expected);
  });

  it.each([
    ['redis-7.0', 'valkey-9.1', true],
    ['valkey-8.1', 'valkey-8.0', true],
    ['valkey-8.1', 'redis-7.0', false],
    ['valkey-9.1', 'valkey-8.1', false],
    ['valkey-9.1', 'valkey-9.0', true],
  ])('what %s has on its disk loads on %s: %s', (writer, reader, expected) => {
    expect(canLoad(version(writer), version(reader))).toBe(expected);
  });
});
