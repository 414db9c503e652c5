import { HoldParty } from '../../../../src/doors/hold-party.js';
import type { HoldEvent } from '../../../../src/doors/hold-phase.js';
import type { HoldableSession } from '../../../../src/doors/party-members.js';
import type { Notice, PrimaryView, Statement } from '../../../../src/topology/index.js';
import { type ManualClock, manualClock } from '../../../../src/transport/index.js';

export const A: PrimaryView = { node: 'a:1', address: { kind: 'tcp', host: 'a', port: 1 }, term: 1, since: 0 };
export const B: PrimaryView = { node: 'b:1', address: { kind: 'tcp', host: 'b', port: 1 }, term: 2, since: 0 };
export const C: PrimaryView = { node: 'c:1', address: { kind: 'tcp', host: 'c', port: 1 }, term: 2, since: 0 };
export const HOLD_MAX_MS = 5000;

/** A session that does as it is told when the test says so. */
export class FakeSession implements HoldableSession {
  prepared: PrimaryView | undefined;
  target: PrimaryView | undefined;
  preparing = false;
  heldUntilMs: number | undefined;
  isQuiet = false;
  unanswered = 0;
  readonly told: string[] = [];

  constructor(private readonly party: () => HoldParty) {}

  primaryIs(view: PrimaryView): void {
    this.told.push(`primary ${view.node}`);
  }

  prepare(view: PrimaryView): void {
    this.told.push(`prepare ${view.node}`);
    this.target = view;
    this.preparing = true;
  }

  hold(untilMs: number): void {
    this.told.push(`hold ${untilMs}`);
    this.heldUntilMs = untilMs;
  }

  release(): void {
    this.told.push('release');
    this.heldUntilMs = undefined;
    this.prepared = undefined;
  }

  get quiet(): boolean {
    return this.isQuiet;
  }

  dialled(): void {
    this.prepared = this.target;
    this.preparing = false;
    this.party().stirred(this);
  }

  failed(): void {
    this.preparing = false;
    this.party().stirred(this);
  }

  quieten(): void {
    this.isQuiet = true;
    this.party().stirred(this);
  }
}

export let time: ManualClock;
export let party: HoldParty;
export let answers: Statement[];
export let events: HoldEvent[];
export let observed: HoldEvent[];
export let suspected: (string | undefined)[];
export let verdict: (view: PrimaryView | undefined) => void;
export let looked: string[];
/** Answers the last look, where the node does not answer by itself. */
export let seen: () => void;
let answersLooks: boolean;
export const onEvent = (event: HoldEvent) => events.push(event);

export const topology = {
  answer: (answer: Statement) => answers.push(answer),
  suspect: (node: string | undefined) => {
    suspected.push(node);
    return new Promise<PrimaryView | undefined>((resolve) => {
      verdict = resolve;
    });
  },
  look: (node: string) => {
    looked.push(node);
    if (answersLooks) return Promise.resolve();
    return new Promise<void>((resolve) => {
      seen = resolve;
    });
  },
};

/** Before each test. */
export function renew(): void {
  time = manualClock();
  observed = [];
  party = new HoldParty(time, (event) => observed.push(event));
  answers = [];
  events = [];
  suspected = [];
  looked = [];
  answersLooks = true;
}

/** From now on the node answers only by `seen`. */
export function leaveLooksOpen(): void {
  answersLooks = false;
}

export function join(
  count: number,
  change: { holdMaxMs?: number } = {},
): { session: FakeSession; leave: () => void }[] {
  return Array.from({ length: count }, () => {
    const session = new FakeSession(() => party);
    party.join({ session, topology, holdMaxMs: HOLD_MAX_MS, onEvent, ...change });
    return { session, leave: () => party.leave(session) };
  });
}

type Told = Pick<Notice, 'kind'> & {
  id?: string;
  holdMs?: number;
  processes?: number;
  outcome?: 'switched' | 'given-up';
  to?: PrimaryView;
};

export function hear({ kind, id = 'n1', holdMs = 1000, outcome, processes, to = B }: Told): void {
  const told = { id, kind, from: A.node, to: to.node, holdMs, processes };
  const notice = { ...told, ...(outcome ? { outcome } : {}) } as Notice;
  party.hear({ notice, isFit: true, from: A.node, to: { ...to, term: 1 } });
}

/** The operator says that it is done, and the sessions ask. */
export async function hearSwitched(id = 'n1'): Promise<void> {
  hear({ kind: 'release', id, outcome: 'switched' });
  await turns();
}

/** Lets all work that waits for turns of the event loop happen. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
