import { Fact } from '../resp/index.js';

/** What is to be known of a command until it is settled, as bits: whether it may run twice, and whether its answer is looked at. */
export const Mark = {
  /** If nobody knows whether it ran, running it again could run it twice. */
  Write: 1,
  /** Between MULTI and EXEC, both included. */
  Transaction: 2,
  /** Its answer must be seen whole, since a refusal may hide inside. */
  Inspect: 4,
  /** Has a note. */
  Noted: 8,
  /** No write by its flags, but it may have done something: a script, PUBLISH, a command of unknown effect. */
  Murky: 16,
  /** A write by its flags: a success means that the node was writable. */
  Definite: 32,
  /** Was on the wire when a connection was lost, and is to run again nevertheless: it may have run. */
  Lost: 64,
  /** No write, and yet nothing for a replica: the client wants the primary from here on. */
  Primary: 128,
} as const;

/** The marks that follow from a command's flags alone. What is neither read-only nor harmless may have done something. */
export function effectMarks(flags: number): number {
  if ((flags & Fact.Write) !== 0) return Mark.Write | Mark.Definite;
  if ((flags & (Fact.ReadOnly | Fact.Harmless | Fact.Transaction)) !== 0) return 0;
  return Mark.Write | Mark.Murky;
}
