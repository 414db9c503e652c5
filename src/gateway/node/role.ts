import { type Change, changeOf } from '../../session/identity.js';
import type { Command } from './command.js';

export type ReplyMode = 'on' | 'off' | 'skip';

/** What a command is to the state of its connection. */
export type Role =
  | { is: 'plain' }
  | { is: 'multi' }
  | { is: 'exec' }
  | { is: 'discard' }
  | { is: 'watch' }
  | { is: 'unwatch' }
  /** `known`: it names `redirect`. */
  | { is: 'capa'; known: boolean }
  | { is: 'readonly'; on: boolean }
  | { is: 'reset' }
  | { is: 'monitor' }
  | { is: 'quit' }
  | { is: 'clients' }
  | { is: 'reply'; mode: ReplyMode }
  | { is: 'change'; change: Change }
  /** `names` is 0 where all are meant. */
  | { is: 'subscribe' | 'unsubscribe'; names: number }
  /** It may wait in the server. */
  | { is: 'blocking' }
  /** `headed`: whether its body begins with `#!`, if that is known. */
  | { is: 'script'; headed: boolean | undefined }
  /** From here on the connection speaks the protocol of replication. */
  | { is: 'sync' };

export const PLAIN: Role = { is: 'plain' };

const SIMPLE = new Set(['multi', 'exec', 'discard', 'watch', 'unwatch', 'reset', 'monitor', 'quit'] as const);
const HEADER = Buffer.from('#!');

/** `mayBlock`: the command has a timeout, and its place in the arguments is taken. */
export function roleOf({ name, args }: Command, mayBlock: boolean): Role {
  if (isSimple(name)) return { is: name };
  switch (name) {
    case 'readonly':
    case 'readwrite':
      return { is: 'readonly', on: name === 'readonly' };
    case 'client':
      return clientRole(args);
    case 'subscribe':
    case 'psubscribe':
    case 'ssubscribe':
      return { is: 'subscribe', names: args.length - 1 };
    case 'unsubscribe':
    case 'punsubscribe':
    case 'sunsubscribe':
      return { is: 'unsubscribe', names: args.length - 1 };
    case 'eval':
      return { is: 'script', headed: args[1]?.subarray(0, 2).equals(HEADER) };
    case 'evalsha':
    case 'fcall':
      return { is: 'script', headed: undefined };
    case 'sync':
    case 'psync':
      return { is: 'sync' };
    case 'auth':
    case 'hello':
    case 'select': {
      const change = changeOf(args);
      return change === undefined ? PLAIN : { is: 'change', change };
    }
    default:
      return mayBlock ? { is: 'blocking' } : PLAIN;
  }
}

function isSimple(name: string): name is 'multi' {
  return (SIMPLE as ReadonlySet<string>).has(name);
}

function clientRole(args: readonly Buffer[]): Role {
  const word = (index: number) => args[index]?.toString('latin1').toLowerCase();
  switch (word(1)) {
    case 'capa':
      return { is: 'capa', known: args.slice(2).some((arg) => arg.toString('latin1').toLowerCase() === 'redirect') };
    case 'list':
    case 'info':
      return { is: 'clients' };
    case 'reply': {
      const mode = word(2);
      const known = args.length === 3 && (mode === 'on' || mode === 'off' || mode === 'skip');
      return known ? { is: 'reply', mode } : PLAIN;
    }
    default: {
      const change = changeOf(args);
      return change === undefined ? PLAIN : { is: 'change', change };
    }
  }
}

/** Whether how the next commands are to be treated is known only when it is answered. */
export function isBarrier(role: Role): boolean {
  switch (role.is) {
    case 'capa':
    case 'readonly':
    case 'reset':
    case 'reply':
    case 'monitor':
    case 'blocking':
    case 'sync':
      return true;
    default:
      return false;
  }
}
