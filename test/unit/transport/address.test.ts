import { expect, test } from 'vitest';
import { type Address, formatAddress, parseAddress } from '../../../src/transport/index.js';

test.each<[string, Address]>([
  ['db1:6379', { kind: 'tcp', host: 'db1', port: 6379 }],
  ['[::1]:6379', { kind: 'tcp', host: '::1', port: 6379 }],
  ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
])('%s there and back', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
  expect(formatAddress(address)).toBe(text);
});

test('IPv6 as servers write it: the port stands after the last colon', () => {
  expect(parseAddress('::1:6379')).toEqual({ kind: 'tcp', host: '::1', port: 6379 });
});

test.each(['', 'db1', 'db1:', ':6379', 'db1:0', 'db1:65536', 'db1:1e3', 'unix:', '[]:1'])(
  '%j is no address',
  (text) => {
    expect(parseAddress(text)).toBeUndefined();
  },
);
