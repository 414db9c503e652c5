import { Fact } from '../resp/index.js';
import { blockingDeadline } from './blocking.js';
import { changeOf } from './identity.js';
import { effectMarks, Mark } from './mark.js';
import type { Role } from './role.js';
import { cursorSpot } from './scan-cursors.js';
import type { SessionPorts } from './session-ports.js';
import type { Primary } from './state.js';
import type { Family } from './subscriptions.js';

/** A command that needs a closer look. `name` is in lower case, `id` and `flags` are the table's; 0: it knows none. */
export interface CloseCommand {
  readonly id: number;
  readonly name: string;
  readonly args: readonly Buffer[];
  readonly flags: number;
  readonly inTransaction: boolean;
}

const SUBSCRIBE_FAMILY: Record<string, Family> = {
  subscribe: 'channel',
  psubscribe: 'pattern',
  ssubscribe: 'shard',
};
const UNSUBSCRIBE_FAMILY: Record<string, Family> = {
  unsubscribe: 'channel',
  punsubscribe: 'pattern',
  sunsubscribe: 'shard',
};

/** What a command means to the session: the role of its answer, and the marks by which it may or may not run twice. */
export class CommandMeaning {
  constructor(private readonly ports: Pick<SessionPorts<Primary>, 'table' | 'scripts' | 'now'>) {}

  /** Undefined: its answer means nothing to the session. Script bodies in it are remembered. */
  roleOf({ id, name, args, inTransaction }: CloseCommand): Role | undefined {
    switch (name) {
      case 'multi':
      case 'discard':
      case 'watch':
      case 'unwatch':
      case 'monitor':
      case 'reset':
      case 'quit':
        return { is: name };
      case 'exec':
        return { is: 'exec', blind: false };
      case 'eval':
      case 'eval_ro':
        if (args[1] !== undefined) this.ports.scripts.remember(args[1]);
        return undefined;
      case 'script':
        return this.#scriptRole(args);
      case 'client':
        // In a transaction it is queued, and kept with it.
        if (!inTransaction && asksForCaching(args)) return { is: 'caching' };
    }
    const family = SUBSCRIBE_FAMILY[name];
    if (family !== undefined) return { is: 'subscribe', family, names: names(args), confirmed: 0, given: 0 };
    const left = UNSUBSCRIBE_FAMILY[name];
    if (left !== undefined) return { is: 'unsubscribe', family: left, names: names(args), confirmed: 0, given: 0 };
    const cursor = cursorSpot(name);
    if (cursor !== undefined) return { is: 'scan', spot: cursor };
    const spot = this.ports.table.timeoutOf(id);
    if (spot !== undefined && !inTransaction) {
      const deadline = blockingDeadline(args, spot, this.ports.now());
      return deadline === undefined ? undefined : { is: 'blocking', spot, deadline };
    }
    const change = changeOf(args);
    return change === undefined ? undefined : { is: 'change', change };
  }

  marksOf({ id, name, args, flags }: CloseCommand, role: Role | undefined): number {
    if (wantsPrimary(role)) return Mark.Primary;
    // What it changes is gone with the connection: it can and must run again on the next.
    if (role?.is === 'change' || role?.is === 'caching') return 0;
    if (id === 0) return Mark.Write | Mark.Murky;
    let effect = flags;
    if ((flags & Fact.Container) !== 0 && args[1] !== undefined) {
      effect = this.ports.table.subcommandFlags(id, args[1].toString('latin1').toLowerCase()) ?? flags;
    }
    const marks = effectMarks(effect);
    return (flags & Fact.Script) !== 0 && name !== 'script' && name !== 'function' ? marks | Mark.Inspect : marks;
  }

  #scriptRole(args: readonly Buffer[]): Role | undefined {
    const what = args[1]?.toString('latin1').toLowerCase();
    if (what === 'load' && args[2] !== undefined) this.ports.scripts.remember(args[2]);
    return what === 'flush' ? { is: 'script-flush' } : undefined;
  }
}

/** Who watches is going to write; the two others end the wish to read from a replica. */
function wantsPrimary(role: Role | undefined): boolean {
  if (role?.is === 'change') return role.change.set === 'read-only' && !role.change.on;
  return role?.is === 'watch' || role?.is === 'reset';
}

function asksForCaching(args: readonly Buffer[]): boolean {
  const [, subcommand, answer, ...more] = args.map((arg) => arg.toString('latin1').toLowerCase());
  return subcommand === 'caching' && answer === 'yes' && more.length === 0;
}

function names(args: readonly Buffer[]): string[] {
  return args.slice(1).map((arg) => arg.toString('latin1'));
}
