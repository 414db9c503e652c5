import { type Choice, type CommandTable, Fact } from '../../resp/index.js';

/** Where a command may go. */
export const Reach = {
  /** Needs a connection of the client's own, from now on. */
  Own: 0,
  /** Means the same on any connection of the same user, database and protocol. */
  Shared: 1,
  /** Says who the client is: on a connection of its own, after which it may share again. */
  Greeting: 2,
  /** The end. */
  Quit: 3,
  /** The subcommand decides. */
  Container: 4,
  /** Could be shared, but not now. */
  Aside: 5,
} as const;

const NOT_SHARED =
  Fact.State | Fact.Transaction | Fact.Blocking | Fact.Script | Fact.PubSub | Fact.Admin | Fact.Subscription;
const UNDERSTOOD = Fact.Write | Fact.ReadOnly | Fact.Harmless;

/**
 * They would be right on a shared connection, but others would wait for them: an answer as large as the whole keyspace, and
 * a transfer to another server. What is merely slow holds up a server for everybody on any connection.
 */
const INCONSIDERATE = new Set(['keys', 'clusterscan', 'migrate', 'restore-asking']);
const GREETINGS = new Set(['auth', 'hello', 'select']);
const CLIENT_GREETINGS = new Set(['setname', 'setinfo', 'capa', 'getname']);

/**
 * Which commands may share a connection, by the generated facts of commands: those that the servers had when this was
 * written, that read or write data or tell of the server, are answered once and at once, and leave the connection as it was.
 * Commands that are unknown, or learnt from a server (of a module), are not among them: nobody knows what they do to it.
 */
export class ShareRules implements Choice {
  /** By table id: 1 for what is `Reach.Shared`. */
  readonly wanted: Uint8Array;
  readonly #reach: Uint8Array;
  readonly #client: number;

  constructor(readonly table: CommandTable) {
    const reach: number[] = [Reach.Own];
    for (let id = 1; table.nameOf(id) !== ''; id++) reach.push(reachOf(table.nameOf(id), table.flags[id]!));
    this.#reach = Uint8Array.from(reach);
    this.wanted = this.#reach.map((value) => (value === Reach.Shared ? 1 : 0));
    this.#client = table.idOf('client');
  }

  /** By table id; a value of `Reach`. */
  of(id: number): number {
    return this.#reach[id] ?? Reach.Own;
  }

  /** Of a container's command. */
  ofSubcommand(id: number, subcommand: Buffer | undefined): number {
    const name = subcommand?.toString('latin1').toLowerCase() ?? '';
    if (id === this.#client) return CLIENT_GREETINGS.has(name) ? Reach.Greeting : Reach.Own;
    const facts = this.table.subcommandFlags(id, name) ?? 0;
    return isShared(facts) ? Reach.Shared : Reach.Own;
  }
}

function reachOf(name: string, facts: number): number {
  if (INCONSIDERATE.has(name)) return Reach.Own;
  if (GREETINGS.has(name)) return Reach.Greeting;
  if (name === 'quit') return Reach.Quit;
  if ((facts & Fact.Container) !== 0) return name === 'cluster' ? Reach.Own : Reach.Container;
  return isShared(facts) ? Reach.Shared : Reach.Own;
}

function isShared(facts: number): boolean {
  return (facts & NOT_SHARED) === 0 && (facts & UNDERSTOOD) !== 0;
}
