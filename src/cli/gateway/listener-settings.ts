import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { LIMITS, type Limits, type ListenerOptions } from '../../gateway/index.js';
import type { ListenTls } from '../../transport/index.js';
import { nearestName } from '../../transport/nearest-name.js';
import { UsageError } from '../report-error.js';
import { durationMs, type Setting } from '../settings/setting.js';
import { fileKeyOf } from '../settings/setting-names.js';

/** A listener as a settings file has it. Paths count from the working directory. */
export interface ListenerEntry {
  readonly listen: string;
  readonly name?: string | undefined;
  readonly kind?: 'follow' | 'node' | 'replica' | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly 'client-ca'?: string | undefined;
  readonly 'unix-mode'?: string | undefined;
  readonly 'proxy-protocol'?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly 'login-required'?: boolean | undefined;
  readonly share?: boolean | undefined;
  readonly 'lag-max'?: string | undefined;
  readonly node?: string | undefined;
  readonly strict?: boolean | undefined;
  readonly reply?: 'redirect' | 'moved' | undefined;
  readonly 'address-map'?: Readonly<Record<string, string>> | undefined;
}

/** `idleTimeoutMs` is written `idle-timeout: 5m`, `connectionsMax` `connections-max: 100`. */
const limitNames = new Map(
  (Object.keys(LIMITS) as (keyof Limits)[]).map((name) => [fileKeyOf(name.replace(/Ms$/, '')), name]),
);

const limitsSchema = z.record(z.string(), z.union([z.number(), z.string()])).transform((given, context) => {
  const limits: Record<string, number> = {};
  for (const [key, value] of Object.entries(given)) {
    const name = limitNames.get(key);
    const amount = name === undefined ? undefined : amountOf(value, LIMITS[name].unit);
    if (name !== undefined && amount !== undefined) limits[name] = amount;
    else context.addIssue({ code: 'custom', message: whyNot(key, name) });
  }
  return limits as Partial<Limits>;
});

function whyNot(key: string, name: keyof Limits | undefined): string {
  if (name === undefined) {
    const hint = nearestName(key, limitNames.keys());
    return `there is no limit "${key}"; ${hint === undefined ? `there are ${[...limitNames.keys()].join(', ')}` : `did you mean "${hint}"?`}`;
  }
  const { unit } = LIMITS[name];
  const wanted = { ms: 'a time such as 500ms, 30s or 5m', bytes: 'a size such as 65536, 512kb, 64mb or 1gb' };
  return `limit "${key}" must be ${unit === 'ms' || unit === 'bytes' ? wanted[unit] : `a number of ${unit}`}`;
}

const sizes: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

function amountOf(value: string | number, unit: string): number | undefined {
  if (unit === 'ms') return value === 0 || value === '0' ? 0 : durationMs(String(value));
  const parts = /^(\d{1,15})([a-z]*)$/i.exec(String(value));
  const size = parts === null ? undefined : sizes[unit === 'bytes' ? parts[2]!.toLowerCase() : parts[2]!];
  return size === undefined || parts === null ? undefined : Number(parts[1]) * size;
}

const entrySchema = z.strictObject({
  listen: z.string(),
  name: z.string().min(1).optional(),
  kind: z.enum(['follow', 'node', 'replica']).optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
  'client-ca': z.string().optional(),
  'unix-mode': z
    .string()
    .regex(/^0?[0-7]{3}$/, 'permissions such as "660"')
    .optional(),
  'proxy-protocol': z.boolean().optional(),
  limits: limitsSchema.optional(),
  allow: z.array(z.string()).optional(),
  'login-required': z.boolean().optional(),
  share: z.boolean().optional(),
  'lag-max': z
    .string()
    .refine((text) => durationMs(text) !== undefined, 'a time such as 5s')
    .optional(),
  node: z.string().optional(),
  strict: z.boolean().optional(),
  reply: z.enum(['redirect', 'moved']).optional(),
  'address-map': z.record(z.string(), z.string()).optional(),
});

/** Any number of listeners with settings of their own. On a command line as JSON. */
export function listeners(what: string): Setting<readonly ListenerEntry[]> {
  const schema = z.unknown().transform((value, context) => {
    const result = z.array(entrySchema).safeParse(value);
    if (result.success) return result.data;
    const { path, message } = result.error.issues[0]!;
    const where =
      path.length === 0 ? '' : `${path.map((part) => (typeof part === 'number' ? part + 1 : part)).join(', ')}: `;
    context.addIssue({ code: 'custom', message: `${where}${message}` });
    return z.NEVER;
  });
  return { kind: 'plain', placeholder: '<json>', what, schema, decode: decodeJson, byDefault: [] };
}

function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Limits of all listeners: `connections-max=100,idle-timeout=5m` in a flag. */
export function limits(what: string): Setting<Partial<Limits>> {
  const decode = (text: string): unknown =>
    Object.fromEntries(text.split(',').map((part) => part.split('=', 2).map((side) => side.trim())));
  return { kind: 'plain', placeholder: '<name=value,…>', what, schema: limitsSchema, decode, byDefault: {} };
}

const OF_NODES = ['node', 'strict', 'reply', 'address-map'] as const;
/** What is no setting of a kind. */
const FOREIGN = {
  follow: [...OF_NODES, 'lag-max'],
  node: ['allow', 'login-required', 'share', 'lag-max'],
  replica: [...OF_NODES, 'share'],
} as const;

/** As the gateway takes it. @throws UsageError for files that cannot be read, and for settings of the other kind. */
export function listenerOf(entry: ListenerEntry, common: Partial<Limits>): ListenerOptions {
  const { listen, name, kind = 'follow', 'unix-mode': mode, 'proxy-protocol': proxyProtocol } = entry;
  const tls = tlsOf(entry);
  const base = {
    listen,
    limits: { ...common, ...entry.limits },
    ...(name === undefined ? {} : { name }),
    ...(tls === undefined ? {} : { tls }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
    ...(mode === undefined ? {} : { unixMode: Number.parseInt(mode, 8) }),
  };
  for (const key of FOREIGN[kind]) {
    if (entry[key] !== undefined)
      throw new UsageError(`listener ${name ?? listen}: "${key}" is no setting of a ${kind} listener`);
  }
  if (kind !== 'node') {
    const { allow, share, 'login-required': loginRequired, 'lag-max': lag } = entry;
    const lagMaxMs = lag === undefined ? undefined : durationMs(lag);
    return {
      ...base,
      ...(kind === 'follow' && share !== undefined ? { share } : {}),
      ...(kind === 'follow' ? {} : { kind, ...(lagMaxMs === undefined ? {} : { lagMaxMs }) }),
      ...(allow === undefined ? {} : { allow }),
      ...(loginRequired === undefined ? {} : { loginRequired }),
    };
  }
  const { node, strict, reply, 'address-map': addressMap } = entry;
  if (node === undefined)
    throw new UsageError(`listener ${name ?? listen}: a node listener needs "node", the URL of its node`);
  return {
    ...base,
    kind,
    node,
    ...(strict === undefined ? {} : { strict }),
    ...(reply === undefined ? {} : { reply }),
    ...(addressMap === undefined ? {} : { addressMap }),
  };
}

function tlsOf({ listen, cert, key, 'client-ca': clientCa }: ListenerEntry): ListenTls | undefined {
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new UsageError(`listener ${listen}: TLS needs both a certificate ("cert") and its private key ("key")`);
  }
  const mutual = clientCa === undefined ? {} : { ca: read(clientCa), requestCert: true, rejectUnauthorized: true };
  return { cert: read(cert), key: read(key), ...mutual };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
  }
}
