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

/** `id` is what the scanner said; the bytes are a whole command. */
export function commandOf(table: CommandTable, id: number, bytes: Buffer, strict: boolean): Command {
  const args = commandArgs(bytes, 0, bytes.length);
  const name = id === 0 ? args[0]!.toString('latin1').toLowerCase() : table.nameOf(id);
  return { name, args, bytes, id, nature: natureOf(table, id, name, args[1], strict) };
}

function natureOf(table: CommandTable, id: number, name: string, second: Buffer | undefined, strict: boolean): Nature {
  let flags = table.flags[id] ?? 0;
  if ((flags & Fact.Container) !== 0)
    flags = second === undefined ? 0 : (table.subcommandFlags(id, second.toString('latin1')) ?? 0);
  if (strict && STRAYS.has(name)) return 'stray';
  return natureOfFlags(flags);
}

/** Of a command that has no subcommands. */
export function natureOfFlags(flags: number): Nature {
  if ((flags & Fact.Write) !== 0) return 'write';
  return (flags & Fact.ReadOnly) !== 0 ? 'read' : 'local';
}
