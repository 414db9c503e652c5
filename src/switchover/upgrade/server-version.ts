/** What a server calls itself. */
export interface ServerVersion {
  readonly family: 'redis' | 'valkey';
  /** `9.1.2` */
  readonly number: string;
}

/** From INFO server. Valkey names a Redis version, too, for programs that ask for one. */
export function versionFrom(infoServer: ReadonlyMap<string, string>): ServerVersion | undefined {
  const valkey = infoServer.get('valkey_version');
  if (valkey !== undefined) return { family: 'valkey', number: valkey };
  const redis = infoServer.get('redis_version');
  return redis === undefined ? undefined : { family: 'redis', number: redis };
}

/** `valkey-9.1.2`, and as wanted by a user also `valkey-9.1` or `valkey-9`; without a family it is `family`'s. */
export function parseVersion(text: string, family: ServerVersion['family']): ServerVersion | undefined {
  const match = /^(?:(redis|valkey)[- ])?(\d{1,4}(?:\.\d{1,4}){0,2})$/i.exec(text.trim());
  if (match === null) return undefined;
  return { family: (match[1]?.toLowerCase() as ServerVersion['family'] | undefined) ?? family, number: match[2]! };
}

/** `Valkey 9.1.2` */
export function versionText({ family, number }: ServerVersion): string {
  return `${family === 'valkey' ? 'Valkey' : 'Redis'} ${number}`;
}

/** Whether `is` is what was wanted: 9.1.2 is 9.1, and 9.1 is not 9.10. */
export function isVersion(is: ServerVersion, wanted: ServerVersion): boolean {
  return is.family === wanted.family && `${is.number}.`.startsWith(`${wanted.number}.`);
}

export function sameVersion(one: ServerVersion, other: ServerVersion): boolean {
  return one.family === other.family && one.number === other.number;
}

/** Major and minor as one number that can be compared: 9.1 is 9001. A missing minor is the newest of its major. */
function order({ number }: ServerVersion): number {
  const [major, minor = 999] = number.split('.').map(Number);
  return major! * 1000 + minor;
}

const valkeyFormat = 80;

/** The newest dump format that a server writes, and reads. */
function dumpFormat(version: ServerVersion): number {
  const at = order(version);
  if (version.family === 'valkey') return at >= 9000 ? valkeyFormat : 11;
  if (at >= 7004) return 12;
  if (at >= 7002) return 11;
  return at >= 7000 ? 10 : 9;
}

/** Whether `reader` can load what `writer` has written to its disk. Formats between Redis 7.2's and Valkey's are Redis' own. */
export function canLoad(writer: ServerVersion, reader: ServerVersion): boolean {
  const format = dumpFormat(writer);
  if (reader.family === 'valkey' && format > 11 && format < valkeyFormat) return false;
  return format <= dumpFormat(reader);
}

/**
 * Whether `replica` can be given a full copy by `primary`. The format on the wire is the primary's own; only Valkey 9.1 and
 * later write an older one for a replica of Valkey 8.
 */
export function canCopy(primary: ServerVersion, replica: ServerVersion): boolean {
  if (canLoad(primary, replica)) return true;
  return primary.family === 'valkey' && order(primary) >= 9001 && replica.family === 'valkey' && order(replica) >= 8000;
}
