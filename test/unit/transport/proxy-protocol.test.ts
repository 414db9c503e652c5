import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProxyHeaderError, readProxyHeader } from '../../../src/transport/proxy-protocol.js';
import { type HeaderParts, IPV4, proxyHeader } from './proxy-header.js';

const ipv6 = (host: string): Buffer => Buffer.concat([Buffer.from(host, 'hex'), Buffer.alloc(16), IPV4.subarray(8)]);
const rest = Buffer.from('PING\r\n');

describe('a header of the PROXY protocol', () => {
  it.each<[string, HeaderParts, string | undefined]>([
    ['TCP over IPv4', {}, '192.0.2.7:51000'],
    ['UDP over IPv4', { family: 0x12 }, '192.0.2.7:51000'],
    ['IPv6', { family: 0x21, addresses: ipv6('20010db8000000000000000000000001') }, '[2001:db8::1]:51000'],
    ['IPv4 in IPv6', { family: 0x21, addresses: ipv6('00000000000000000000ffffc0000207') }, '192.0.2.7:51000'],
    ['a unix socket', { family: 0x31, addresses: Buffer.alloc(216) }, 'unix'],
    ['with TLVs', { more: Buffer.from('0300044a6f686e', 'hex') }, '192.0.2.7:51000'],
    ['LOCAL', { version: 0x20, family: 0, addresses: Buffer.alloc(0) }, undefined],
    ['LOCAL with addresses', { version: 0x20, family: 0xff }, undefined],
    ['of a client that the balancer does not know', { family: 0, addresses: Buffer.alloc(0) }, undefined],
  ])('%s', (_, parts, remote) => {
    const header = proxyHeader(parts);
    expect(readProxyHeader(Buffer.concat([header, rest]))).toEqual({ length: header.length, remote });
  });

  it.each<[string, HeaderParts | string, RegExp]>([
    ['commands', 'PING\r\n', /does not begin/],
    ['the first version', 'PROXY TCP4 192.0.2.7 198.51.100.1 51000 6380\r\n', /does not begin/],
    ['a version that is not there yet', { version: 0x31 }, /another version/],
    ['an unknown command', { version: 0x22 }, /another version/],
    ['an unknown family', { family: 0x41 }, /unknown kind/],
    ['an unknown transport', { family: 0x13 }, /unknown kind/],
    ['addresses cut short', { addresses: IPV4.subarray(1) }, /shorter than its addresses/],
    ['without end', { length: 65_535 }, /longer than 4096 bytes/],
  ])('%s is none', (_, parts, message) => {
    const bytes = typeof parts === 'string' ? Buffer.from(parts) : proxyHeader(parts);
    expect(() => readProxyHeader(bytes)).toThrow(ProxyHeaderError);
    expect(() => readProxyHeader(bytes)).toThrow(message);
  });

  it('is read the same wherever it is cut, and nothing is said before its end', () => {
    const parts = fc.record({
      family: fc.constantFrom(0x11, 0x00),
      addresses: fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
      more: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(parts, fc.nat(), (given, cut) => {
        const header = proxyHeader(given);
        const whole = readProxyHeader(Buffer.concat([header, rest]));
        expect(whole?.length).toBe(header.length);
        expect(readProxyHeader(header.subarray(0, cut % header.length))).toBeUndefined();
      }),
    );
  });

  it('of any bytes comes a header, a typed error, or a wish for more; never more than 4 KiB of them', () => {
    const begun = fc
      .uint8Array({ maxLength: 5_000 })
      .map((bytes) => Buffer.concat([proxyHeader().subarray(0, 12), bytes]));
    const any = fc.oneof(
      begun,
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(any, (bytes) => {
        try {
          const header = readProxyHeader(bytes);
          if (header === undefined) expect(bytes.length).toBeLessThan(16 + 4_096);
          else expect(header.length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ProxyHeaderError);
        }
      }),
    );
  });
});
