const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

export interface HeaderParts {
  /** Default 0x21: version 2, PROXY. */
  readonly version?: number;
  /** Default 0x11: TCP over IPv4. */
  readonly family?: number;
  readonly addresses?: Buffer;
  /** Behind the addresses. */
  readonly more?: Buffer;
  /** Default: what it is. */
  readonly length?: number;
}

/** 192.0.2.7:51000 to 198.51.100.1:6380 */
export const IPV4 = Buffer.from('c0000207c6336401c73818ec', 'hex');

/** A header of the PROXY protocol, version 2, as a load balancer writes it; right unless it is asked to be wrong. */
export function proxyHeader({
  version = 0x21,
  family = 0x11,
  addresses = IPV4,
  more = Buffer.alloc(0),
  length = addresses.length + more.length,
}: HeaderParts = {}): Buffer {
  const fixed = Buffer.from([version, family, length >> 8, length & 0xff]);
  return Buffer.concat([SIGNATURE, fixed, addresses, more]);
}
