import type { CommandRun } from '../resp/index.js';
import { effectMarks, Mark } from './mark.js';
import type { Role } from './role.js';

/**
 * What is known of each command that is not yet settled, in the order in which the client sent them.
 *
 *      base            head               sent            tail
 *       │ given, kept   │ with the node    │ not yet sent  │
 *   ────┴───────────────┴──────────────────┴───────────────┴────▶ index (only grows)
 *
 * - [base, head): the client has these answers, but they belong to what is open (a transaction), which a move replays whole.
 * - [head, sent): the node has the whole command; its answer is the next thing to come.
 * - [sent, tail): waiting to be sent.
 *
 * Most commands are two numbers in two rings: where they end in the log, and their marks. Only those that need a second
 * look (`Mark.Noted`) have an object of their own.
 */

const NEEDS_A_LOOK = Mark.Inspect | Mark.Noted;

/** The second look at a command: what its answer means to the session, and how it is sent and answered if not as usual. */
export interface Note {
  role: Role;
  /** The client does not want the answer (CLIENT REPLY). */
  muted: boolean;
  /** Settled out of turn: it is not sent (again), and this is what the client gets when its turn comes. */
  answer: Buffer | undefined;
  /** It is sent again although `answer` is known, for what it does to the connection; what the node says then is dropped. */
  resend: boolean;
  /** `answer` counts only if the node that gave it turns out to be the primary still. */
  provisional: boolean;
  /** `answer` was given by a node behind a refusal, on a connection that has been left since. */
  kept: boolean;
  /** Sent in place of the client's own bytes: made of them at the moment of sending. */
  instead: ((own: Buffer) => Buffer) | undefined;
}

export function note(role: Role): Note {
  return { role, muted: false, answer: undefined, resend: false, provisional: false, kept: false, instead: undefined };
}

const INITIAL_CAPACITY = 16;
/** Rings larger than this are given up as soon as nothing is in them. */
const IDLE_CAPACITY_MAX = 16 * 1024;

export class Ledger {
  #ends = new Float64Array(INITIAL_CAPACITY);
  #marks = new Uint8Array(INITIAL_CAPACITY);
  #mask = INITIAL_CAPACITY - 1;
  readonly #notes = new Map<number, Note>();
  #base = 0;
  #head = 0;
  #sent = 0;
  #tail = 0;
  /** First index ≥ head that needs a second look; tail when none does. */
  #look = 0;
  /** Marks of all commands since `takeSeen`, together. */
  #seen = 0;
  /** Where entry `base` begins in the log. */
  #baseStart = 0;

  get base(): number {
    return this.#base;
  }
  get head(): number {
    return this.#head;
  }
  get sent(): number {
    return this.#sent;
  }
  get tail(): number {
    return this.#tail;
  }
  /** Commands sent and not answered. */
  get inflight(): number {
    return this.#sent - this.#head;
  }
  /** Commands not answered, sent or not. */
  get unanswered(): number {
    return this.#tail - this.#head;
  }

  /** How many commands have a note. */
  get notes(): number {
    return this.#notes.size;
  }

  /** Log position where command `index` begins. */
  start(index: number): number {
    return index === this.#base ? this.#baseStart : this.#ends[(index - 1) & this.#mask]!;
  }

  /** Log position just past command `index`. */
  end(index: number): number {
    return this.#ends[index & this.#mask]!;
  }

  marks(index: number): number {
    return this.#marks[index & this.#mask]!;
  }

  /** Adds a command that ends at log position `end`; returns its index. */
  push(end: number, marks: number): number {
    if (this.#tail - this.#base > this.#mask) this.#resize((this.#mask + 1) * 2);
    const index = this.#tail++;
    this.#ends[index & this.#mask] = end;
    this.#marks[index & this.#mask] = marks;
    this.#seen |= marks;
    if (this.#look === index && (marks & NEEDS_A_LOOK) === 0) this.#look++;
    return index;
  }

  /** Adds the commands of a run whose first byte is at log position `position`, with the marks that follow from their facts. */
  pushRun(position: number, { ends, facts, length }: CommandRun): void {
    while (this.#tail + length - this.#base > this.#mask + 1) this.#resize((this.#mask + 1) * 2);
    const ringEnds = this.#ends;
    const ringMarks = this.#marks;
    const mask = this.#mask;
    let index = this.#tail;
    let seen = 0;
    for (let at = 0; at < length; at++, index++) {
      const marks = effectMarks(facts[at]!);
      ringEnds[index & mask] = position + ends[at]!;
      ringMarks[index & mask] = marks;
      seen |= marks;
    }
    // Facts alone are no reason for a look.
    if (this.#look === this.#tail) this.#look = index;
    this.#tail = index;
    this.#seen |= seen;
  }

  /** The marks that came since this was last called, together. */
  takeSeen(): number {
    const seen = this.#seen;
    this.#seen = 0;
    return seen;
  }

  pushNoted(end: number, marks: number, entry: Note): number {
    const index = this.push(end, marks | Mark.Noted);
    this.#notes.set(index, entry);
    return index;
  }

  note(index: number): Note | undefined {
    return (this.marks(index) & Mark.Noted) === 0 ? undefined : this.#notes.get(index);
  }

  /** The note of a command, made if it has none yet. */
  annotate(index: number, role: Role): Note {
    const known = this.note(index);
    if (known !== undefined) return known;
    const made = note(role);
    this.#notes.set(index, made);
    this.#marks[index & this.#mask]! |= Mark.Noted;
    if (index >= this.#head && index < this.#look) this.#look = index;
    return made;
  }

  clearMark(index: number, mark: number): void {
    this.#marks[index & this.#mask]! &= ~mark;
  }

  addMark(index: number, mark: number): void {
    this.#marks[index & this.#mask]! |= mark;
    if ((mark & NEEDS_A_LOOK) !== 0 && index >= this.#head && index < this.#look) this.#look = index;
  }

  /** How many commands at the head are sent, unanswered and need no second look. */
  get plain(): number {
    return Math.min(this.#look, this.#sent) - this.#head;
  }

  /** Everything before `index` is with the node. */
  sentUpTo(index: number): void {
    this.#sent = index;
  }

  /** The first `count` commands at the head are answered. */
  answered(count: number): void {
    this.#head += count;
    if (this.#sent < this.#head) this.#sent = this.#head;
    if (this.#look < this.#head) this.#look = this.#nextLook(this.#head);
  }

  /** Forgets everything before `index` (≤ head); returns the log position up to which bytes are no longer needed. */
  release(index: number): number {
    if (index > this.#base) {
      this.#baseStart = this.end(index - 1);
      if (this.#notes.size > 0) for (let i = this.#base; i < index; i++) this.#forget(i);
      this.#base = index;
      if (index === this.#tail && this.#mask >= IDLE_CAPACITY_MAX) this.#resize(INITIAL_CAPACITY);
    }
    return this.#baseStart;
  }

  /** The next command begins at log position `position`. What is before it goes with the command before. */
  skip(position: number): void {
    if (this.#tail === this.#base) this.#baseStart = position;
    else this.#ends[(this.#tail - 1) & this.#mask] = position;
  }

  #forget(index: number): void {
    if ((this.marks(index) & Mark.Noted) !== 0) this.#notes.delete(index);
  }

  /** Back to the first retained command: all of [base, tail) is to be sent, on another connection. */
  rewind(): void {
    this.#head = this.#base;
    this.#sent = this.#base;
    this.#look = this.#nextLook(this.#base);
  }

  #nextLook(from: number): number {
    let index = from;
    while (index < this.#tail && (this.#marks[index & this.#mask]! & NEEDS_A_LOOK) === 0) index++;
    return index;
  }

  /** The first index in [sent, tail) whose command ends after log position `position`; tail when none does. */
  firstEndingAfter(position: number): number {
    let low = this.#sent;
    let high = this.#tail;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.end(middle) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #resize(capacity: number): void {
    const ends = new Float64Array(capacity);
    const marks = new Uint8Array(capacity);
    for (let index = this.#base; index < this.#tail; index++) {
      ends[index & (capacity - 1)] = this.end(index);
      marks[index & (capacity - 1)] = this.marks(index);
    }
    this.#ends = ends;
    this.#marks = marks;
    this.#mask = capacity - 1;
  }
}
