import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { Primary } from '../../../src/session/index.js';
import { type Connection, Stage } from '../../scenario/session/stage.js';
import { property } from '../resp/seeded.js';

/**
 * A naive server process: it goes through its keys in an order of its own, as by hash seed. A cursor is the place in that
 * order from where to go on, so the numbers of one process are valid, and wrong, in another.
 */
class NaiveNode {
  readonly #order: { key: string; place: number }[];

  constructor(
    readonly process: string,
    keys: readonly string[],
  ) {
    this.#order = keys.map((key) => ({ key, place: placeOf(process, key) })).sort((a, b) => a.place - b.place);
  }

  answer(command: string): string {
    const [name, cursor, , count] = command.split(' ');
    if (name !== 'SCAN') return '+OK';
    const rest = this.#order.filter(({ place }) => place >= Number(cursor));
    // Never between two keys of the same place.
    let size = Math.min(Number(count), rest.length);
    while (size > 0 && size < rest.length && rest[size]!.place === rest[size - 1]!.place) size++;
    const next = size < rest.length ? String(rest[size]!.place) : '0';
    const keys = rest.slice(0, size).map(({ key }) => `\r\n$${key.length}\r\n${key}`);
    return `*2\r\n$${next.length}\r\n${next}\r\n*${keys.length}${keys.join('')}`;
  }
}

function placeOf(process: string, key: string): number {
  return 1 + (createHash('sha1').update(`${process} ${key}`).digest().readUInt16BE(0) % 200);
}

interface Iteration {
  cursor: string;
  readonly seen: Set<string>;
  over: boolean;
}

const KEYS = Array.from({ length: 40 }, (_, i) => `key-${i}`);

/** Two nodes, clients with a session each, and iterations that any of them goes on with. */
class World {
  readonly #sessions: Stage[];
  #primary: Primary = { node: 'A', term: 1, process: 'A0' };
  #restarts = 0;
  readonly #nodes = new Map<string, NaiveNode>();
  readonly iterations: Iteration[] = [];

  constructor(
    sessions: number,
    /** The topology can tell which process a node is. */
    private readonly told: boolean,
  ) {
    this.#sessions = Array.from({ length: sessions }, () => {
      const stage = new Stage();
      stage.session.open(this.#view);
      return stage;
    });
    this.settle();
  }

  get #view(): Primary {
    const { node, term, process } = this.#primary;
    return this.told ? { node, term, process } : { node, term };
  }

  /** A step of an iteration is sent; its answer comes when the world settles, or is refused, or lost, before. */
  step(session: number, iteration: number, count: number): void {
    while (this.iterations.length <= iteration) this.iterations.push({ cursor: '0', seen: new Set(), over: false });
    const one = this.iterations[iteration]!;
    if (one.over) return;
    const stage = this.#sessions[session % this.#sessions.length]!;
    stage.client(`SCAN ${one.cursor} COUNT ${count}`);
    this.#owners.push({ stage, one });
  }

  readonly #owners: { stage: Stage; one: Iteration }[] = [];

  /** Nodes answer, and clients read. */
  settle(): void {
    for (const stage of this.#sessions) {
      // Who goes back to the node that it has just left rests before.
      stage.wait(200);
      const connection = stage.connections.at(-1)!;
      if (connection.node !== this.#primary.node || connection.closed) continue;
      if (stage.session.state.at === 'joining') connection.accept();
      this.#answer(connection);
      for (const frame of stage.received()) this.#read(stage, frame);
    }
  }

  #answer(connection: Connection): void {
    const node = this.#node(this.#primary.process!);
    connection.answer(...connection.commands.map((command) => node.answer(command)));
  }

  #node(process: string): NaiveNode {
    const known = this.#nodes.get(process) ?? new NaiveNode(process, KEYS);
    this.#nodes.set(process, known);
    return known;
  }

  #read(stage: Stage, frame: string): void {
    const at = this.#owners.findIndex((owner) => owner.stage === stage);
    const { one } = this.#owners.splice(at, 1)[0]!;
    const parts = frame.split('\r\n');
    one.cursor = parts[2]!;
    one.over = one.cursor === '0';
    for (let i = 5; i < parts.length; i += 2) one.seen.add(parts[i]!);
  }

  planned(): void {
    const old = this.#primary.node;
    this.#promote(old === 'A' ? 'B' : 'A');
    for (const stage of this.#sessions) {
      const connection = stage.connections.at(-1)!;
      connection.answer(...connection.commands.map(() => '-REDIRECT x:1'));
      stage.session.primaryIs(this.#view);
    }
    this.settle();
  }

  crash(): void {
    const old = this.#primary.node;
    this.#restarts++;
    this.#promote(old === 'A' ? 'B' : 'A');
    this.#loseAll();
  }

  restart(): void {
    this.#restarts++;
    this.#promote(this.#primary.node);
    this.#loseAll();
  }

  #loseAll(): void {
    for (const stage of this.#sessions) {
      stage.connections.at(-1)!.lose();
      stage.session.primaryIs(this.#view);
    }
    this.settle();
  }

  /** A node that is away and comes back is another process after a crash, the same after a switch. */
  #promote(node: string): void {
    this.#primary = { node, term: this.#primary.term + 1, process: `${node}${this.#restarts}` };
  }
}

type Act =
  | { do: 'step'; session: number; iteration: number; count: number }
  | { do: 'settle' }
  | { do: 'planned' }
  | { do: 'crash' }
  | { do: 'restart' };

const step = fc.record({
  do: fc.constant('step' as const),
  session: fc.nat(3),
  iteration: fc.nat(2),
  count: fc.integer({ min: 1, max: 15 }),
});

function acts(kinds: readonly Act['do'][]): fc.Arbitrary<Act[]> {
  const act = fc.oneof(
    { arbitrary: step, weight: 6 },
    { arbitrary: fc.constant({ do: 'settle' } as const), weight: 6 },
    ...kinds.map((kind) => ({ arbitrary: fc.constant({ do: kind } as Act), weight: 1 })),
  );
  return fc.array(act, { maxLength: 60 });
}

/** Plays the acts, then lets each iteration end, and says what is wrong. */
function play(sessions: number, told: boolean, steps: readonly Act[]): string[] {
  const world = new World(sessions, told);
  for (const act of steps) {
    if (act.do === 'step') world.step(act.session, act.iteration, act.count);
    else world[act.do]();
    // A client goes on with an iteration only when it has the answer.
    if (act.do === 'step') continue;
    world.settle();
  }
  world.settle();
  const wrong: string[] = [];
  world.iterations.forEach((one, index) => {
    // From wherever it is: once through all keys, no more.
    for (let i = 0; i < 2 * KEYS.length && !one.over; i++) {
      world.step(i, index, 1);
      world.settle();
    }
    const missed = KEYS.filter((key) => !one.seen.has(key));
    if (!one.over) wrong.push(`iteration ${index} does not end`);
    else if (missed.length > 0) wrong.push(`iteration ${index} missed ${missed}`);
  });
  return wrong;
}

describe('SCAN over random moves', () => {
  property(
    'every key is seen and every iteration ends, whichever session goes on with it',
    fc.tuple(fc.integer({ min: 1, max: 4 }), acts(['planned', 'crash', 'restart'])),
    ([sessions, steps]) => {
      expect(play(sessions, true, steps)).toEqual([]);
    },
  );

  property(
    'the same by the names of the nodes, as long as none is restarted',
    fc.tuple(fc.integer({ min: 1, max: 4 }), acts(['planned'])),
    ([sessions, steps]) => {
      expect(play(sessions, false, steps)).toEqual([]);
    },
  );
});
