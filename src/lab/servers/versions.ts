/** The server versions that the lab can put side by side, and where Debian keeps each of them. */
export const serverVersions = ['redis-7.0', 'valkey-8.0', 'valkey-8.1', 'valkey-9.1'] as const;
export type ServerVersion = (typeof serverVersions)[number];

export type ServerFamily = 'redis' | 'valkey';

export interface DebianSource {
  /** The suite that holds the server. */
  readonly suite: string;
  /** Further suites that its dependencies come from. */
  readonly alsoSuites: readonly string[];
}

const debianSources: Record<ServerVersion, DebianSource> = {
  'redis-7.0': { suite: 'bookworm', alsoSuites: [] },
  'valkey-8.0': { suite: 'bookworm-backports', alsoSuites: ['bookworm'] },
  'valkey-8.1': { suite: 'trixie', alsoSuites: [] },
  'valkey-9.1': { suite: 'sid', alsoSuites: [] },
};

export function debianSourceOf(version: ServerVersion): DebianSource {
  return debianSources[version];
}

export function isServerVersion(text: string): text is ServerVersion {
  return (serverVersions as readonly string[]).includes(text);
}

export function familyOf(version: ServerVersion): ServerFamily {
  return version.startsWith('redis') ? 'redis' : 'valkey';
}

/** The environment variable that names a server program of this version: `SEGUE_SERVER_VALKEY_9_1`. */
export function environmentNameOf(version: ServerVersion): string {
  return `SEGUE_SERVER_${version.toUpperCase().replace(/[-.]/g, '_')}`;
}

/** What a server program says about itself. */
export interface ProgramVersion {
  readonly family: ServerFamily;
  /** For example `9.1.2`. */
  readonly full: string;
  /** For example `valkey-9.1`: comparable with a ServerVersion, but may be one that the lab does not know. */
  readonly label: string;
}

/** Reads the output of `valkey-server --version` or `redis-server --version`; undefined when it is something else. */
export function parseProgramVersion(output: string): ProgramVersion | undefined {
  const match = /(redis|valkey)\s+server\s+v=((\d+)\.(\d+)\.[\w.-]+)/i.exec(output);
  if (match === null) return undefined;
  const family = match[1]!.toLowerCase() as ServerFamily;
  return { family, full: match[2]!, label: `${family}-${match[3]}.${match[4]}` };
}
