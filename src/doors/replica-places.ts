import type { ReadPlaces, ReadWish } from '../session/index.js';
import type { PrimaryView, Topology } from '../topology/index.js';
import type { IdleQueue } from './idle-queue.js';

/** What it needs of a session. */
export interface Reader {
  readonly unanswered: number;
  placesChanged(): void;
}

/** Where one is, from its first choice on. */
export interface Seat {
  readonly session: Reader;
}

type Sight = Pick<Topology, 'replicas' | 'answers' | 'onChange' | 'primary'>;

interface Place {
  readonly topology: Sight;
  /** The replica that was named to it last. */
  node: string | undefined;
}

/**
 * Where the sessions of a process that read from the replicas of one pair are, as far as one bound on the lag goes: each
 * stays with its replica as long as that is fit; else it gets the one that has the fewest of them.
 */
export class ReplicaPlaces {
  readonly #readers = new Map<Reader, Place>();
  /** Fit nodes and the term, when they were looked at last. */
  #known = '';
  #stop: (() => void) | undefined;

  /** `idle`: for news to those who wait for nothing. */
  constructor(
    private readonly lagMaxMs: number,
    private readonly idle: Pick<IdleQueue, 'add'>,
  ) {}

  /** The view of one session, whose topology this is. It counts from its first choice until `leave`. */
  of(seat: Seat, topology: Sight): ReadPlaces<PrimaryView> {
    return new View(this, seat, topology);
  }

  leave(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    this.#stop?.();
    this.#stop = undefined;
    this.#listen();
  }

  /** The replica to read from; undefined: none is fit. */
  choose(reader: Reader, topology: Sight, { current, avoid, freshMs }: ReadWish): PrimaryView | undefined {
    const place = this.#readers.get(reader) ?? { topology, node: undefined };
    this.#readers.set(reader, place);
    this.#listen();
    const fit = topology.replicas({ lagMaxMs: this.lagMaxMs, freshMs }).filter(({ node }) => node !== avoid);
    place.node = undefined;
    const chosen = fit.find(({ node }) => node === current) ?? this.#leastRead(fit);
    place.node = chosen?.node;
    return chosen;
  }

  #leastRead(fit: readonly PrimaryView[]): PrimaryView | undefined {
    if (fit.length < 2) return fit[0];
    const readers = new Map<string, number>();
    for (const { node } of this.#readers.values())
      if (node !== undefined) readers.set(node, (readers.get(node) ?? 0) + 1);
    const count = ({ node }: PrimaryView) => readers.get(node) ?? 0;
    return fit.reduce((least, view) => (count(view) < count(least) ? view : least));
  }

  /** All readers share one watch; any of their topologies tells of it. */
  #listen(): void {
    const first: Place | undefined = this.#readers.values().next().value;
    if (this.#stop !== undefined || first === undefined) return;
    const { topology } = first;
    this.#known = this.#fitAsOf(topology);
    this.#stop = topology.onChange(() => this.#look(topology));
  }

  #look(topology: Sight): void {
    const known = this.#fitAsOf(topology);
    if (known === this.#known) return;
    this.#known = known;
    for (const reader of this.#readers.keys()) {
      if (reader.unanswered > 0) reader.placesChanged();
      else this.idle.add(() => reader.placesChanged());
    }
  }

  #fitAsOf(topology: Sight): string {
    const fit = topology.replicas({ lagMaxMs: this.lagMaxMs }).map(({ node }) => node);
    return [topology.primary?.term, ...fit].join(' ');
  }
}

/** As one session sees it. */
class View implements ReadPlaces<PrimaryView> {
  constructor(
    private readonly places: ReplicaPlaces,
    private readonly seat: Seat,
    private readonly topology: Sight,
  ) {}

  choose(wish: ReadWish): PrimaryView | undefined {
    return this.places.choose(this.seat.session, this.topology, wish);
  }

  get primary(): PrimaryView | undefined {
    return this.topology.primary;
  }

  answers(node: string): boolean {
    return this.topology.answers(node);
  }
}
