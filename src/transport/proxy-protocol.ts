import { formatAddress } from './address.js';

/**
 * The PROXY protocol, version 2: what a load balancer says of a client before the client's first byte.
 *
 * ```
 *   signature 12 │ version, command 1 │ family, transport 1 │ length 2 │ addresses and TLVs, `length` bytes
 * ```
 */
export interface ProxyHeader {
  /** Bytes of the header: the client's own begin there. */
  readonly length: number;
  /** `host:port` of the client, or `unix`. Undefined: that of the connection, as for the balancer's own health checks. */
  readonly remote: string | undefined;
}

/** What came is no header of version 2. Never holds bytes of it. */
export class ProxyHeaderError extends Error {
  override readonly name = 'ProxyHeaderError';
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIXED_BYTES = 16;
/** Addresses take 216 bytes at most; the rest is room for TLVs, certificates' names for one. */
const LENGTH_MAX = 4 * 1024;

const VERSION = 0x20;
const LOCAL = 0;
const PROXY = 1;

/** Of each family: how many bytes its addresses take, and what is told of them. */
const FAMILIES: readonly { readonly bytes: number; read(addresses: Buffer): string | undefined }[] = [
  { bytes: 0, read: () => undefined },
  { bytes: 12, read: (addresses) => tcp([...addresses.subarray(0, 4)].join('.'), addresses.readUInt16BE(8)) },
  { bytes: 36, read: (addresses) => tcp(ipv6(addresses.subarray(0, 16)), addresses.readUInt16BE(32)) },
  { bytes: 216, read: () => 'unix' },
];

/** Undefined: more bytes are needed. @throws ProxyHeaderError as soon as it can be none. */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  const seen = Math.min(bytes.length, SIGNATURE.length);
  if (!bytes.subarray(0, seen).equals(SIGNATURE.subarray(0, seen))) {
    throw new ProxyHeaderError('it does not begin with a PROXY protocol header of version 2');
  }
  if (bytes.length < FIXED_BYTES) return undefined;
  const [version, command] = [bytes[12]! & 0xf0, bytes[12]! & 0x0f];
  const [family, transport] = [bytes[13]! >> 4, bytes[13]! & 0x0f];
  const length = bytes.readUInt16BE(14);
  if (version !== VERSION || command > PROXY) throw new ProxyHeaderError('its PROXY header is of another version');
  if (length > LENGTH_MAX) throw new ProxyHeaderError(`its PROXY header is longer than ${LENGTH_MAX} bytes`);
  const form = FAMILIES[family];
  const isMeant = command !== LOCAL;
  if (isMeant && (form === undefined || transport > 2)) {
    throw new ProxyHeaderError('its PROXY header names an unknown kind of address');
  }
  if (isMeant && form!.bytes > length) throw new ProxyHeaderError('its PROXY header is shorter than its addresses');
  if (bytes.length < FIXED_BYTES + length) return undefined;
  const addresses = bytes.subarray(FIXED_BYTES, FIXED_BYTES + length);
  return { length: FIXED_BYTES + length, remote: isMeant ? form!.read(addresses) : undefined };
}

function tcp(host: string, port: number): string {
  return formatAddress({ kind: 'tcp', host, port });
}

/** With the longest run of zeros left out, as people write it; IPv4 in IPv6 as IPv4. */
function ipv6(bytes: Buffer): string {
  const isMapped = bytes.readUInt32BE(8) === 0xffff && bytes.subarray(0, 8).every((byte) => byte === 0);
  if (isMapped) return [...bytes.subarray(12)].join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
