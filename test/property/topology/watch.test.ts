import fc from 'fast-check';
import { expect } from 'vitest';
import { WatchSim, World } from '../../unit/topology/world.js';
import { property } from '../resp/seeded.js';

/*
 * Operators promote, demote, restart and freeze servers at random; some servers come up as lone primaries that nobody
 * decided on. Whatever happens, the watch names only nodes that were made primary on purpose, never an earlier one
 * after a later one, and finds the right one as soon as it can be heard.
 */

type Move = {
  kind: 'switch' | 'impostor' | 'rejoin' | 'bounce' | 'freeze' | 'thaw' | 'kill' | 'suspect' | 'wait';
  at: number;
};

const NAMES = ['A', 'B', 'C'];
const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('switch', 'impostor', 'rejoin', 'bounce', 'freeze', 'thaw', 'kill', 'suspect', 'wait'),
  at: fc.nat(NAMES.length - 1),
});

class History {
  readonly world = new World();
  readonly sim: WatchSim;
  /** The primaries on purpose, one after the other. */
  readonly rightful = ['A'];
  #reached = 0;
  #checked = 0;

  constructor() {
    for (const name of NAMES) this.world.add(name);
    for (const name of ['B', 'C']) this.world.follow(name, 'A');
    this.sim = new WatchSim(this.world, ['a:1', 'b:1'], { probeIntervalMs: 100 }).start();
  }

  get #primary() {
    return this.world.at(this.rightful.at(-1)!);
  }

  apply({ kind, at }: Move): void {
    const node = this.world.at(NAMES[at]!);
    const isPrimary = node === this.#primary;
    if (kind === 'switch') this.#switchTo(node.name);
    else if (kind === 'impostor' && !isPrimary && node.state === 'up')
      this.world.restart(node.name, this.#primary.state === 'up');
    else if (kind === 'rejoin' && !isPrimary) this.#rejoin(node.name);
    else if (kind === 'bounce' && isPrimary && node.state === 'up') this.world.restart(node.name, true);
    else if (kind === 'freeze' && node.state === 'up' && !this.#hasSavedImpostor()) node.state = 'frozen';
    else if (kind === 'thaw' && node.state === 'frozen') this.#thaw(node.name);
    else if (kind === 'kill' && !isPrimary) node.state = 'down';
    else if (kind === 'suspect') this.sim.suspect(node.name);
    else if (kind === 'wait' && this.#primary.state === 'up') this.sim.advance(5000);
    this.sim.noticeDeaths();
    this.sim.advance(200);
    this.#check();
  }

  /** Everybody is heard again and follows the rightful primary. */
  heal(): void {
    for (const name of NAMES) this.#thaw(name);
    for (const name of NAMES) if (name !== this.#primary.name) this.#rejoin(name);
    this.sim.noticeDeaths();
    this.sim.advance(5000);
    this.#check();
    expect(this.sim.primary).toBe(this.#primary.name);
  }

  /** As a careful operator does it: the target is in step and has been seen as a replica, the old primary is demoted. */
  #switchTo(name: string): void {
    const [from, to] = [this.#primary, this.world.at(name)];
    if (to.follows !== from.name || to.state !== 'up' || from.state !== 'up' || to.replid !== from.replid) return;
    this.sim.advance(200);
    this.world.promote(name);
    this.world.follow(from.name, name, true);
    this.rightful.push(name);
  }

  #rejoin(name: string): void {
    if (this.world.at(name).state === 'down') this.world.restart(name, true, this.#primary.name);
    else this.world.follow(name, this.#primary.name);
  }

  #thaw(name: string): void {
    if (this.world.at(name).state !== 'frozen') return;
    // Connections that were silent for so long have ended.
    this.world.at(name).state = 'up';
    this.sim.handle({
      type: 'closed',
      node: `${name.toLowerCase()}:1`,
      failure: { kind: 'network', reason: 'no reply' },
    });
  }

  /** Would be believed when the primary is silent for long, and rightly: nobody can tell it from a promoted replica. */
  #hasSavedImpostor(): boolean {
    return NAMES.some((name) => name !== this.#primary.name && this.world.at(name).role === 'primary');
  }

  #check(): void {
    const { published } = this.sim;
    for (; this.#checked < published.length; this.#checked++) {
      const name = this.world.behind(published[this.#checked]!.node)!.name;
      const next = this.rightful.indexOf(name, this.#reached);
      expect(next, `${name} published after ${this.rightful.slice(0, this.#reached + 1)}`).not.toBe(-1);
      this.#reached = next;
    }
  }
}

property(
  'follows only those who were made primary on purpose, in order',
  fc.array(move, { minLength: 5, maxLength: 40, size: 'max' }),
  (moves) => {
    const history = new History();
    for (const one of moves) history.apply(one);
    history.heal();
  },
  300,
);
