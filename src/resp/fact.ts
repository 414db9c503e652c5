/**
 * What is known of a command, as bit flags. Whoever may run a command again when nobody knows whether it ran asks for
 * ReadOnly or Harmless; no such flag (all unknown commands) means: a write whose outcome matters.
 */
export const Fact = {
  /** May change data; set as soon as one server version says so, or one subcommand. */
  Write: 1,
  /** Reads data and changes none, in every version. */
  ReadOnly: 2,
  /** May wait; `CommandTable.timeoutOf()` tells how long. */
  Blocking: 4,
  /** Runs or keeps scripts and functions. */
  Script: 8,
  /** Publishes or subscribes. */
  PubSub: 16,
  /** Changes what the connection is: user, database, name, protocol, subscriptions, … */
  State: 32,
  /** MULTI EXEC DISCARD WATCH UNWATCH. */
  Transaction: 64,
  /** Has subcommands; its other flags hold for all of them, or (Write) for one of them. */
  Container: 128,
  /** Administrative, in the servers' sense. */
  Admin: 256,
  /** Not read-only by flag, yet may be run again when nobody knows whether it ran. */
  Harmless: 512,
  /** (P|S)(UN)SUBSCRIBE: answered once per name, as a message or a push. */
  Subscription: 1024,
  /** (S|H|Z)SCAN: begins or goes on with an iteration, by a cursor that only the process which gave it understands. */
  Cursor: 2048,
} as const;

/** Flags of a server's COMMAND reply to facts. Names that mean nothing to a session are ignored. */
export function factsOfFlags(flags: readonly string[]): number {
  let facts = 0;
  for (const flag of flags) facts |= flagFacts[flag] ?? 0;
  return (facts & Fact.Write) !== 0 ? facts & ~Fact.ReadOnly : facts;
}

const flagFacts: Readonly<Record<string, number>> = {
  write: Fact.Write,
  readonly: Fact.ReadOnly,
  blocking: Fact.Blocking,
  pubsub: Fact.PubSub,
  admin: Fact.Admin,
};
