import { type CommandTable, commandArgs, Fact } from '../../resp/index.js';

/**
 * What matters of a command on a replica.
 * `read` and `write`: by the flags of the servers. `stray`: Valkey runs it on a replica although its effect or its answer
 * belongs to the primary; only strict mode knows these. `local`: everything else is the business of the node that is asked.
 */
export type Nature = 'local' | 'read' | 'write' | 'stray';

/** One whole command of a client. Its bytes are its own. */
export interface Command {
  /** Lower case. */
  readonly name: string;
  readonly args: readonly Buffer[];
  readonly bytes: Buffer;
  readonly id: number;
  readonly nature: Nature;
}

/** Scripts may write and what is published here reaches nobody at the primary; WAIT can only be refused. */
const STRAYS = new Set(['publish', 'spublish', 'eval', 'evalsha', 'fcall', 'wait', 'waitaof']);

/** Commands with a nature and without keys. In a cluster only for these no slot decides who is asked. */
const KEYLESS = new Set(['dbsize', 'randomkey', 'keys', 'scan', 'lolwut', 'flushdb', 'flushall', 'swapdb', 'function']);

/** What makes up a command's nature besides its own flags. */
export interface NatureRules {
  readonly table: CommandTable;
  readonly strict: boolean;
  /** The node is one of a cluster, and answers `-MOVED slot` by itself. `keyless`: only what has no slot is ours; `none`: nothing. */
  readonly ours: 'all' | 'keyless' | 'none';
}

/** `id` is what the scanner said; the bytes are a whole command. */
export function commandOf(rules: NatureRules, id: number, bytes: Buffer): Command {
  const args = commandArgs(bytes, 0, bytes.length);
  const name = id === 0 ? args[0]!.toString('latin1').toLowerCase() : rules.table.nameOf(id);
  return { name, args, bytes, id, nature: natureOf(rules, id, name, args[1]) };
}

function natureOf({ table, strict, ours }: NatureRules, id: number, name: string, second: Buffer | undefined): Nature {
  if (ours === 'none' || (ours === 'keyless' && !KEYLESS.has(name))) return 'local';
  if (strict && STRAYS.has(name)) return 'stray';
  const flags = table.flags[id] ?? 0;
  if ((flags & Fact.Container) === 0) return natureOfFlags(flags);
  return second === undefined ? 'local' : natureOfFlags(table.subcommandFlags(id, second.toString('latin1')) ?? 0);
}

/** Of a command that has no subcommands. */
export function natureOfFlags(flags: number): Nature {
  if ((flags & Fact.Write) !== 0) return 'write';
  return (flags & Fact.ReadOnly) !== 0 ? 'read' : 'local';
}
