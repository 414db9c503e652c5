import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsMaterial } from './tls-material.js';

export interface AclUser {
  readonly name: string;
  readonly password: string;
  /** ACL rules; default: everything. */
  readonly rules?: string;
}

export interface TlsSetup {
  /** Default: one set per process. */
  readonly material?: TlsMaterial;
  /** Whether clients must show a certificate; default false. */
  readonly clientCertificates?: boolean;
}

export interface ConfigOptions {
  readonly dir: string;
  readonly port: number;
  readonly password?: string | undefined;
  /** How this server logs in at its primary; default: the default user with `password`. */
  readonly primaryAuth?: { readonly username?: string; readonly password: string } | undefined;
  readonly users?: readonly AclUser[] | undefined;
  readonly tls?: (TlsSetup & { readonly material: TlsMaterial }) | undefined;
  readonly unixSocket?: string | undefined;
}

/**
 * Writes the configuration file and the TLS files into `dir`; resolves with the file's path. A file and not arguments,
 * so that CONFIG REWRITE works and no password shows in the process list. Old names (`masterauth`) suit every version.
 */
export async function writeServerConfig(options: ConfigOptions): Promise<string> {
  const path = join(options.dir, 'server.conf');
  const lines = await serverSettings(options);
  const text = lines.map(([name, ...values]) => `${name} ${values.map(quote).join(' ')}\n`).join('');
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

/** The same as arguments, for a server that is to have no configuration file. Passwords show in the process list. */
export async function serverArguments(options: ConfigOptions): Promise<string[]> {
  return (await serverSettings(options)).flatMap(([name, ...values]) => [`--${name}`, ...values]);
}

async function serverSettings(options: ConfigOptions): Promise<string[][]> {
  const { dir, port, tls } = options;
  const lines: string[][] = [
    ['bind', '127.0.0.1'],
    ['port', tls === undefined ? String(port) : '0'],
    ['dir', dir],
    ['save', ''],
    ['repl-diskless-sync', 'yes'],
    ['repl-diskless-sync-delay', '0'],
  ];
  if (tls !== undefined) lines.push(...(await writeTls(dir, port, tls)));
  if (options.unixSocket !== undefined) lines.push(['unixsocket', options.unixSocket], ['unixsocketperm', '700']);
  if (options.password !== undefined) lines.push(['requirepass', options.password]);
  const primaryPassword = options.primaryAuth?.password ?? options.password;
  if (primaryPassword !== undefined) lines.push(['masterauth', primaryPassword]);
  if (options.primaryAuth?.username !== undefined) lines.push(['masteruser', options.primaryAuth.username]);
  for (const user of options.users ?? []) {
    const rules = (user.rules ?? '~* &* +@all').split(/\s+/);
    lines.push(['user', user.name, 'on', `>${user.password}`, ...rules]);
  }
  return lines;
}

async function writeTls(dir: string, port: number, tls: TlsSetup & { material: TlsMaterial }): Promise<string[][]> {
  const files = { 'ca.pem': tls.material.ca, 'cert.pem': tls.material.server.cert, 'key.pem': tls.material.server.key };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600 });
  return [
    ['tls-port', String(port)],
    ['tls-ca-cert-file', join(dir, 'ca.pem')],
    ['tls-cert-file', join(dir, 'cert.pem')],
    ['tls-key-file', join(dir, 'key.pem')],
    ['tls-auth-clients', tls.clientCertificates === true ? 'yes' : 'no'],
    ['tls-replication', 'yes'],
  ];
}

/** As the servers' configuration parser wants it. */
function quote(value: string): string {
  if (/^[\w./:@+~*&-]+$/.test(value)) return value;
  const escaped = [...Buffer.from(value)].map((byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${escaped.join('')}"`;
}
