/** What a server process is. */
export interface ServerFacts {
  readonly family: 'valkey' | 'redis';
  /** In full, for example `9.1.2`. */
  readonly version: string;
  /** standalone, cluster or sentinel. */
  readonly mode: string;
  readonly runId: string;
  readonly uptimeSeconds: number;
  /** Undefined: it was started without one, so it remembers nothing that it was told at run time. */
  readonly configFile: string | undefined;
  readonly executable: string | undefined;
}

export function readServer(info: ReadonlyMap<string, string>): ServerFacts {
  const valkey = info.get('valkey_version');
  return {
    family: valkey === undefined && info.get('server_name') !== 'valkey' ? 'redis' : 'valkey',
    version: valkey ?? info.get('redis_version') ?? 'unknown',
    mode: info.get('redis_mode') ?? info.get('server_mode') ?? 'standalone',
    runId: info.get('run_id') ?? '',
    uptimeSeconds: Number(info.get('uptime_in_seconds') ?? 0),
    configFile: info.get('config_file') || undefined,
    executable: info.get('executable') || undefined,
  };
}
