import { type Address, bareHost, parsePort } from './address.js';
import { OptionError } from './option-error.js';

/** What a node's URL says. Userinfo is percent-decoded; `db` is a database number. */
export interface NodeUrl {
  address: Address;
  tls: boolean;
  username?: string;
  password?: string;
  db?: number;
}

const DEFAULT_PORT = 6379;
const TLS_BY_SCHEME = new Map([
  ['redis', false],
  ['valkey', false],
  ['rediss', true],
  ['valkeys', true],
]);

/**
 * Reads `redis://`, `rediss://`, `valkey://`, `valkeys://` and `unix:` URLs:
 * `scheme://[user[:password]@]host[:6379][/db][?db=n]`, `unix:[//[user[:password]@]]/path[?db=n]`.
 * @throws OptionError (SEGUE_OPTION_URL); the message never shows the password.
 */
export function parseNodeUrl(url: string): NodeUrl {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'unix') return parseUnixUrl(url);
  const tls = scheme === undefined ? undefined : TLS_BY_SCHEME.get(scheme);
  if (tls === undefined || !url.slice(scheme!.length).startsWith('://')) {
    throw urlError(url, 'expected redis://, rediss://, valkey://, valkeys:// or unix:');
  }
  const parts = /^[^:]+:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url);
  if (!parts) throw urlError(url, "a '#' must be written as %23");
  const [, authority = '', path = '', query = ''] = parts;
  const at = authority.lastIndexOf('@');
  const result: NodeUrl = { address: parseHostPort(url, authority.slice(at + 1)), tls };
  if (at >= 0) addUserInfo(url, result, authority.slice(0, at));
  addDb(url, result, path, query);
  return result;
}

/** The URL fit for a log: without user information, and without query values other than `db`. */
export function redactUrl(url: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:(\/\/)?/i.exec(url)?.[0] ?? '';
  const rest = url.slice(scheme.length);
  const at = rest.lastIndexOf('@');
  // `redis://:secret` is a password whose host was forgotten: what does not look like an address is not shown.
  if (at < 0 && !/^(\/|[\w.-]*(:\d{0,5})?([/?]|$)|\[[0-9a-f:.]*\](:\d{0,5})?([/?]|$))/i.test(rest))
    return `${scheme}***`;
  const shown = at < 0 ? rest : `***@${rest.slice(at + 1)}`;
  return (
    scheme + shown.replace(/([?&])([^=&]*)=([^&]*)/g, (all, mark, key) => (key === 'db' ? all : `${mark}${key}=***`))
  );
}

function parseUnixUrl(url: string): NodeUrl {
  const parts = /^unix:(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?$/i.exec(url);
  const [, authority = '', path = '', query = ''] = parts ?? [];
  const at = authority.lastIndexOf('@');
  if (!parts || path === '' || authority.slice(at + 1) !== '') {
    throw urlError(url, 'expected unix:/path/to/socket');
  }
  const result: NodeUrl = { address: { kind: 'unix', path: decode(url, path) }, tls: false };
  if (at >= 0) addUserInfo(url, result, authority.slice(0, at));
  addDb(url, result, '', query);
  return result;
}

function parseHostPort(url: string, text: string): Address {
  const parts = /^(\[[^\]]+\]|[^:[\]]+)(?::(.*))?$/.exec(text);
  if (!parts) throw urlError(url, 'expected a host (an IPv6 address in brackets)');
  const port = parts[2] === undefined || parts[2] === '' ? DEFAULT_PORT : parsePort(parts[2]);
  if (port === undefined) throw urlError(url, 'the port is not a number from 1 to 65535');
  return { kind: 'tcp', host: bareHost(decode(url, parts[1]!)), port };
}

function addUserInfo(url: string, result: NodeUrl, text: string): void {
  const colon = text.indexOf(':');
  const username = decode(url, colon < 0 ? text : text.slice(0, colon));
  const password = colon < 0 ? '' : decode(url, text.slice(colon + 1));
  if (username !== '') result.username = username;
  if (password !== '') result.password = password;
}

function addDb(url: string, result: NodeUrl, path: string, query: string): void {
  const text = new URLSearchParams(query).get('db') ?? path.replace(/\/$/, '');
  if (text === '') return;
  if (!/^\d{1,9}$/.test(text)) throw urlError(url, 'the database is not a number');
  result.db = Number(text);
}

function decode(url: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw urlError(url, "a '%' must be written as %25");
  }
}

function urlError(url: string, reason: string): OptionError {
  return new OptionError('SEGUE_OPTION_URL', `cannot use the node URL ${JSON.stringify(redactUrl(url))}: ${reason}`);
}
