import type { PrimaryView, Topology } from '../topology/index.js';
import type { HoldEvent } from './hold-phase.js';
import { tell } from './tell.js';

/** What the party needs of a session. */
export interface HoldableSession {
  primaryIs(view: PrimaryView): void;
  prepare(view: PrimaryView): void;
  readonly prepared: PrimaryView | undefined;
  readonly preparing: boolean;
  hold(untilMs: number): void;
  release(): void;
  readonly quiet: boolean;
  readonly unanswered: number;
}

export interface PartyMember {
  readonly session: HoldableSession;
  readonly topology: Pick<Topology, 'answer' | 'suspect' | 'look'>;
  /** However long the operator asks for. */
  readonly holdMaxMs: number;
  readonly onEvent: ((event: HoldEvent) => void) | undefined;
}

/** The sessions of a pair in this process, as the party counts and tells them. */
export class PartyMembers {
  readonly #members = new Map<HoldableSession, PartyMember>();

  get size(): number {
    return this.#members.size;
  }

  add(member: PartyMember): void {
    this.#members.set(member.session, member);
  }

  has(session: HoldableSession): boolean {
    return this.#members.has(session);
  }

  /** False when it was none. */
  delete(session: HoldableSession): boolean {
    return this.#members.delete(session);
  }

  get sessions(): Iterable<HoldableSession> {
    return this.#members.keys();
  }

  [Symbol.iterator](): Iterator<PartyMember> {
    return this.#members.values();
  }

  /** Commands without an answer. */
  get unanswered(): number {
    let commands = 0;
    for (const session of this.#members.keys()) commands += session.unanswered;
    return commands;
  }

  /** Of the most patient one. */
  get holdMaxMs(): number {
    let longestMs = 0;
    for (const { holdMaxMs } of this.#members.values()) longestMs = Math.max(longestMs, holdMaxMs);
    return longestMs;
  }

  /** How many have no connection that stands ready at `node`. */
  unprepared(node: string): number {
    let late = 0;
    for (const session of this.#members.keys()) if (session.prepared?.node !== node) late++;
    return late;
  }

  /** Those that hold commands first. */
  busyFirst(): HoldableSession[] {
    const busy: HoldableSession[] = [];
    const idle: HoldableSession[] = [];
    for (const session of this.#members.keys()) (session.unanswered > 0 ? busy : idle).push(session);
    return [...busy, ...idle];
  }

  /** Each listener once, however many have it. */
  tell(event: HoldEvent): void {
    const listeners = new Set([...this.#members.values()].map((member) => member.onEvent));
    for (const listener of listeners) tell(listener, event);
  }

  /** All members share one watch. */
  get topology(): PartyMember['topology'] | undefined {
    return this.#members.values().next().value?.topology;
  }
}
