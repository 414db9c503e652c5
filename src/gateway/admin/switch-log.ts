import type { SegueEvent } from '../../doors/pair.js';
import type { SessionEvent } from '../../session/index.js';
import { Spread } from '../spread.js';
import { rounded } from './history.js';

/** One change of the primary, or one time without, and what the clients felt of it. Times in ms. */
export interface SwitchView {
  /** Counts up. */
  readonly id: number;
  /** When it began, in ms since 1970. */
  readonly at: number;
  /**
   * `planned`: an operator had given notice. `unannounced`: another node was found to be primary. `restart`: the same node, a
   * new process. `interruption`: the same primary was away. `lost`: none is known yet.
   */
  readonly kind: 'planned' | 'unannounced' | 'restart' | 'interruption' | 'lost';
  readonly from: string | null;
  readonly to: string | null;
  readonly term: number | null;
  /** How long no primary was known to this gateway; null while none is. */
  readonly withoutMs: number | null;
  readonly reason: string | null;
  /** Sessions that have taken up their work since, and how long they were held. */
  readonly sessions: number;
  readonly heldMedianMs: number | null;
  readonly heldMaxMs: number | null;
  /** Commands that were sent again, of unknown outcome, and given up. */
  readonly replayed: number;
  readonly uncertain: number;
  readonly givenUp: number;
}

interface Entry {
  readonly id: number;
  readonly at: number;
  readonly beganMs: number;
  kind: SwitchView['kind'];
  from: string | undefined;
  to: string | undefined;
  term: number | undefined;
  reason: string | undefined;
  /** Clock time at which it was over; sessions still take up their work then. */
  endedMs: number | undefined;
  readonly held: Spread;
  replayed: number;
  uncertain: number;
  givenUp: number;
}

const ENTRIES_MAX = 50;
/** What sessions tell so long after the end of a switch has nothing to do with it any more. */
const AFTERMATH_MS = 15_000;
/** A notice so old says nothing of the switch that comes. */
const NOTICE_MS = 60_000;
/** Sessions notice the loss of a primary before its watch is sure of it. */
const FOREBODING_MS = 15_000;

/** The last changes of primary, by what the pair and its sessions tell. */
export class SwitchLog {
  readonly #entries: Entry[] = [];
  #ids = 0;
  #term: number | undefined;
  #noticed = Number.NEGATIVE_INFINITY;
  /** Commands of unknown outcome whose primary is not known to be lost yet. */
  #foreboding: { readonly node: string; readonly atMs: number; readonly commands: number }[] = [];

  constructor(
    /** Clock time in ms. */
    private readonly now: () => number,
    /** Milliseconds since 1970. */
    private readonly wall: () => number,
  ) {}

  /** The latest first. */
  get switches(): SwitchView[] {
    return this.#entries.map(viewOf).reverse();
  }

  pair(event: SegueEvent): void {
    switch (event.type) {
      case 'notice':
        if (event.kind === 'hold' && event.refused === undefined) this.#noticed = this.now();
        return;
      case 'primary-lost':
        this.#lost(event.node, event.reason);
        return;
      case 'primary':
        this.#found(event);
        return;
    }
  }

  session(event: SessionEvent): void {
    switch (event.type) {
      case 'move':
        this.#moved(event);
        return;
      case 'uncertain':
        this.#uncertain(event);
        return;
      case 'given-up':
        this.#recent(undefined, (entry) => {
          entry.givenUp += event.commands;
        });
        return;
    }
  }

  #lost(node: string, reason: string): void {
    if (this.#open !== undefined) return;
    const since = this.now() - FOREBODING_MS;
    const known = this.#foreboding.filter((one) => one.node === node && one.atMs >= since);
    const uncertain = known.reduce((sum, { commands }) => sum + commands, 0);
    this.#foreboding = [];
    Object.assign(this.#begin('lost'), { from: node, reason, uncertain });
  }

  /** Lost with the node that a switch has led to: that is the beginning of another story. */
  #uncertain({ node, commands }: SessionEvent & { type: 'uncertain' }): void {
    const last = this.#entries.at(-1);
    if (last !== undefined && last.to !== node && this.#isFresh(last)) last.uncertain += commands;
    else this.#foreboding = [...this.#foreboding, { node, atMs: this.now(), commands }].slice(-ENTRIES_MAX);
  }

  #found({ node, term, cause, previous }: SegueEvent & { type: 'primary' }): void {
    const isFirst = this.#term === undefined;
    this.#term = term;
    if (isFirst && this.#open === undefined) return;
    const entry = this.#open ?? this.#begin('unannounced');
    entry.kind = this.#kindOf(cause);
    entry.from ??= previous;
    entry.to = node;
    entry.term = term;
    entry.endedMs = this.now();
  }

  #kindOf(cause: (SegueEvent & { type: 'primary' })['cause']): SwitchView['kind'] {
    if (cause === 'back') return 'interruption';
    if (cause === 'restarted') return 'restart';
    const isPlanned = this.now() - this.#noticed <= NOTICE_MS;
    this.#noticed = Number.NEGATIVE_INFINITY;
    return isPlanned ? 'planned' : 'unannounced';
  }

  /** Sessions that begin do so, too; within a switch they have waited for it like the others. */
  #moved({ term, heldMs, replayed }: SessionEvent & { type: 'move' }): void {
    this.#recent(term, (entry) => {
      entry.held.add(heldMs);
      entry.replayed += replayed;
    });
  }

  /** Adds to the last one, if it is not too long ago and, where a term is named, of that term. */
  #recent(term: number | undefined, add: (entry: Entry) => void): void {
    const entry = this.#entries.at(-1);
    if (entry === undefined || !this.#isFresh(entry)) return;
    if (term === undefined || entry.term === undefined || term === entry.term) add(entry);
  }

  #isFresh({ endedMs }: Entry): boolean {
    return endedMs === undefined || this.now() - endedMs <= AFTERMATH_MS;
  }

  /** That which has not found its new primary. */
  get #open(): Entry | undefined {
    const last = this.#entries.at(-1);
    return last !== undefined && last.endedMs === undefined ? last : undefined;
  }

  #begin(kind: SwitchView['kind']): Entry {
    const entry: Entry = {
      id: ++this.#ids,
      at: this.wall(),
      beganMs: this.now(),
      kind,
      from: undefined,
      to: undefined,
      term: undefined,
      reason: undefined,
      endedMs: undefined,
      held: new Spread(),
      replayed: 0,
      uncertain: 0,
      givenUp: 0,
    };
    this.#entries.push(entry);
    if (this.#entries.length > ENTRIES_MAX) this.#entries.shift();
    return entry;
  }
}

function viewOf({ id, at, kind, from, to, term, reason, beganMs, endedMs, held, ...counts }: Entry): SwitchView {
  return {
    id,
    at,
    kind,
    from: from ?? null,
    to: to ?? null,
    term: term ?? null,
    withoutMs: endedMs === undefined ? null : rounded(endedMs - beganMs),
    reason: reason ?? null,
    sessions: held.count,
    heldMedianMs: rounded(held.quantile(0.5)),
    heldMaxMs: held.count === 0 ? null : rounded(held.maxMs),
    ...counts,
  };
}
