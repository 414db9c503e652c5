import { numberField } from './number-field.js';

/** How often a command was called since the start of the server, and how often it was turned away. */
export interface CommandCount {
  readonly calls: number;
  readonly rejected: number;
  readonly failed: number;
}

/** What a server has counted since its start (or since CONFIG RESETSTAT). */
export interface Counters {
  /** Error replies by their first word: READONLY, REDIRECT, NOREPLICAS, …. */
  readonly errors: ReadonlyMap<string, number>;
  /** By name in small letters; subcommands as `client|pause`. */
  readonly commands: ReadonlyMap<string, CommandCount>;
  readonly fullSyncs: number;
  readonly partialSyncs: number;
  readonly partialSyncsRefused: number;
  /** Of a replica: commands of its primary that it could not execute, so that its data differ. */
  readonly unexpectedErrorReplies: number;
  readonly connectedClients: number;
  readonly blockedClients: number;
  readonly rejectedConnections: number;
  readonly commandsProcessed: number;
}

export function readCounters(info: ReadonlyMap<string, string>): Counters {
  const count = (name: string): number => numberField(info, name) ?? 0;
  return {
    errors: byName(info, 'errorstat_', (text) => fieldsOf(text).get('count') ?? 0),
    commands: byName(info, 'cmdstat_', (text) => {
      const fields = fieldsOf(text);
      const of = (name: string): number => fields.get(name) ?? 0;
      return { calls: of('calls'), rejected: of('rejected_calls'), failed: of('failed_calls') };
    }),
    fullSyncs: count('sync_full'),
    partialSyncs: count('sync_partial_ok'),
    partialSyncsRefused: count('sync_partial_err'),
    unexpectedErrorReplies: count('unexpected_error_replies'),
    connectedClients: count('connected_clients'),
    blockedClients: count('blocked_clients'),
    rejectedConnections: count('rejected_connections'),
    commandsProcessed: count('total_commands_processed'),
  };
}

function byName<T>(info: ReadonlyMap<string, string>, prefix: string, read: (text: string) => T): Map<string, T> {
  const found = new Map<string, T>();
  for (const [key, value] of info) if (key.startsWith(prefix)) found.set(key.slice(prefix.length), read(value));
  return found;
}

/** `calls=3,usec=64,usec_per_call=21.33` */
function fieldsOf(text: string): Map<string, number> {
  return new Map(
    text.split(',').map((pair) => {
      const [name = '', value] = pair.split('=', 2);
      return [name, Number(value) || 0];
    }),
  );
}
