import { describe, expect, test } from 'vitest';
import { type NodeUrl, OptionError, parseNodeUrl, redactUrl } from '../../../src/transport/index.js';

const tcp = (host: string, port = 6379): NodeUrl['address'] => ({ kind: 'tcp', host, port });
const unix = (path: string): NodeUrl['address'] => ({ kind: 'unix', path });

describe('parseNodeUrl', () => {
  test.each<[string, NodeUrl]>([
    ['valkey://db1', { address: tcp('db1'), tls: false }],
    ['redis://db1:7000', { address: tcp('db1', 7000), tls: false }],
    ['rediss://db1', { address: tcp('db1'), tls: true }],
    ['valkeys://db1:6380/', { address: tcp('db1', 6380), tls: true }],
    ['VALKEY://Db1', { address: tcp('Db1'), tls: false }],
    ['valkey://[::1]', { address: tcp('::1'), tls: false }],
    ['valkey://[fe80::1%25eth0]:7000/3', { address: tcp('fe80::1%eth0', 7000), tls: false, db: 3 }],
    ['valkey://u:p@10.0.0.1:6379/15', { address: tcp('10.0.0.1'), tls: false, username: 'u', password: 'p', db: 15 }],
    ['valkey://:p@db1', { address: tcp('db1'), tls: false, password: 'p' }],
    ['valkey://u@db1', { address: tcp('db1'), tls: false, username: 'u' }],
    ['valkey://u:a%40b%3Ac%2F@db1', { address: tcp('db1'), tls: false, username: 'u', password: 'a@b:c/' }],
    ['valkey://u:a:b@c@db1', { address: tcp('db1'), tls: false, username: 'u', password: 'a:b@c' }],
    ['valkey://db1?db=4', { address: tcp('db1'), tls: false, db: 4 }],
    ['valkey://db1/2?db=4', { address: tcp('db1'), tls: false, db: 4 }],
    ['valkey://db1?name=x', { address: tcp('db1'), tls: false }],
    ['unix:/run/valkey.sock', { address: unix('/run/valkey.sock'), tls: false }],
    ['unix:///run/valkey.sock?db=2', { address: unix('/run/valkey.sock'), tls: false, db: 2 }],
    ['unix://u:p@/run/a%20b.sock', { address: unix('/run/a b.sock'), tls: false, username: 'u', password: 'p' }],
    ['unix:relative.sock', { address: unix('relative.sock'), tls: false }],
  ])('%s', (url, expected) => {
    expect(parseNodeUrl(url)).toEqual(expected);
  });

  test.each([
    '',
    'db1:6379',
    'http://db1',
    'valkey:db1',
    'valkey://',
    'valkey://:hunter2',
    'valkey://u:hunter2@',
    'valkey://u:hunter2@db1:99999',
    'valkey://u:hunter2@db1:0',
    'valkey://u:hunter2@db1:12x',
    'valkey://u:hunter2@::1:6379',
    'valkey://u:hunter2@[::1',
    'valkey://u:hunter2@db1/x',
    'valkey://u:hunter2@db1/-1',
    'valkey://u:hunter2@db1?db=one',
    'valkey://u:hunter2#@db1',
    'valkey://u:hunter2/@db1',
    'valkey://u:hunter2?@db1',
    'valkey://u:hunter2%@db1',
    'hunter2@db1',
    'unix:',
    'unix://db1/run/x.sock',
    'unix://:hunter2@',
  ])('%s is refused, and its password not shown', (url) => {
    const error = errorOf(() => parseNodeUrl(url));
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ code: 'SEGUE_OPTION_URL' });
    expect(String((error as Error).stack)).not.toContain('hunter2');
  });
});

describe('redactUrl', () => {
  test.each([
    ['valkey://u:p@db1:6379/3?db=4', 'valkey://***@db1:6379/3?db=4'],
    ['valkey://db1:6379', 'valkey://db1:6379'],
    ['valkey://[::1]:6379/1', 'valkey://[::1]:6379/1'],
    ['valkey://a@b:c@db1', 'valkey://***@db1'],
    ['valkey://:secret', 'valkey://***'],
    ['valkey://db1?password=x&db=1', 'valkey://db1?password=***&db=1'],
    ['unix:/run/x.sock', 'unix:/run/x.sock'],
    ['unix://u:p@/run/x.sock', 'unix://***@/run/x.sock'],
    ['p@ss@db1', '***@db1'],
  ])('%s', (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
