import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { parseNodeUrl } from '../../transport/index.js';
import { UsageError } from '../report-error.js';
import { duration, mapping, path, secret, text, urls, type Values, withScheme, yesNo } from './setting.js';

/** How a pair is reached: every command that talks to one has these. */
export const pairSettings = {
  nodes: urls('any nodes of the pair, one is enough: valkey://host:port, valkeys:// for TLS, unix:/path'),
  user: text('<name>', 'ACL user to log in as, where a URL names none'),
  password: secret('its password, or that of the default user'),
  timeout: duration('for connecting to a node, and for each of its answers', '2s'),
  tlsCa: path('certificate authority that the nodes are checked against (PEM)'),
  tlsCert: path('certificate to show to the nodes (PEM)'),
  tlsKey: path('its private key (PEM)'),
  tlsServerName: text('<name>', "name in the nodes' certificates, where it is not the host's"),
  sentinels: urls('Sentinels that do not announce themselves at the primary'),
  addressMap: mapping('<a:1=b:2>', 'where a node that the pair calls a:1 is reached from here (NAT, containers)'),
} as const;

/** How a command speaks. */
export const outputSettings = {
  json: yesNo('print JSON on stdout, everything else on stderr'),
  color: yesNo('use colours on a terminal (NO_COLOR turns them off, too)', true),
} as const;

/** The part of PairAccess that settings make. */
export interface PairReach {
  readonly nodes: readonly string[];
  readonly username?: string;
  readonly password?: string;
  readonly tls?: ConnectionOptions;
  readonly sentinels?: readonly string[];
  readonly addressMap?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/**
 * The settings as the libraries take them. TLS is asked for by URLs or, for a bare `host:port`, by a TLS setting.
 * @throws UsageError, also for files that cannot be read and for TLS settings that would have no effect.
 */
export function pairReach(values: Values<typeof pairSettings>): PairReach {
  if (values.nodes.length === 0) {
    throw new UsageError(
      'which pair? --nodes valkey://host:port (or SEGUE_NODES, or "nodes:" in a --config file); one node is enough',
    );
  }
  if (values.user !== undefined && values.password === undefined) {
    throw new UsageError(`--user ${values.user} needs a password: --password-file, or SEGUE_PASSWORD`);
  }
  const tls = tlsOf(values);
  const nodes = values.nodes.map((url) => withScheme(url, tls === undefined ? 'valkey' : 'valkeys'));
  checkTransport(nodes, tls !== undefined);
  return {
    nodes,
    timeoutMs: values.timeout,
    ...loginOf(values, nodes),
    ...(tls === undefined ? {} : { tls }),
    ...(values.sentinels.length === 0 ? {} : { sentinels: values.sentinels.map((url) => withScheme(url, 'valkey')) }),
    ...(values.addressMap === undefined ? {} : { addressMap: values.addressMap }),
  };
}

/** Nodes that are found by others get the login of the settings, or else of the first URL that has one. */
function loginOf(
  { user, password }: Values<typeof pairSettings>,
  nodes: readonly string[],
): { readonly username?: string; readonly password?: string } {
  const named = nodes.map((url) => parseNodeUrl(url)).find((url) => url.password !== undefined);
  const login = password === undefined ? named : { username: user, password };
  return {
    ...(login?.username === undefined ? {} : { username: login.username }),
    ...(login?.password === undefined ? {} : { password: login.password }),
  };
}

function tlsOf({ tlsCa, tlsCert, tlsKey, tlsServerName }: Values<typeof pairSettings>): ConnectionOptions | undefined {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [given, missing] = tlsCert === undefined ? ['--tls-key', '--tls-cert'] : ['--tls-cert', '--tls-key'];
    throw new UsageError(`${given} needs ${missing}, too`);
  }
  if (tlsCa === undefined && tlsCert === undefined && tlsServerName === undefined) return undefined;
  return {
    ...(tlsCa === undefined ? {} : { ca: readPem('--tls-ca', tlsCa) }),
    ...(tlsCert === undefined ? {} : { cert: readPem('--tls-cert', tlsCert) }),
    ...(tlsKey === undefined ? {} : { key: readPem('--tls-key', tlsKey) }),
    ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
  };
}

function readPem(flag: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${flag}: cannot read the file: ${(error as Error).message}`);
  }
  if (!text.includes('-----BEGIN ')) throw new UsageError(`${flag}: ${file} is no PEM file`);
  return text;
}

function checkTransport(nodes: readonly string[], hasTls: boolean): void {
  const remote = nodes.map((url) => parseNodeUrl(url)).filter(({ address }) => address.kind === 'tcp');
  const encrypted = remote.filter(({ tls }) => tls).length;
  if (encrypted > 0 && encrypted < remote.length) {
    throw new UsageError('--nodes: either all URLs ask for TLS (valkeys:// or rediss://), or none');
  }
  if (hasTls && remote.length > 0 && encrypted === 0) {
    throw new UsageError('a TLS setting is given, but --nodes asks for plain text: write valkeys:// or rediss://');
  }
}

/** The part of it that a switch takes, whose nodes are named one by one. */
export function switchAccess(
  reach: PairReach,
): Pick<PairReach, 'username' | 'password' | 'tls'> & { nodeTimeoutMs: number; sentinelUrls?: readonly string[] } {
  const { username, password, tls, timeoutMs, sentinels: sentinelUrls } = reach;
  return {
    nodeTimeoutMs: timeoutMs,
    ...(sentinelUrls === undefined ? {} : { sentinelUrls }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
}
