import { deliveryOf } from './outcome.js';

/** What became of the jobs of a queue. All but `checked` must be zero. */
export interface JobVerdict {
  /** Jobs that the queue accepted. */
  readonly checked: number;
  /** Accepted and never worked on. */
  readonly lost: number;
  /** Worked on more than once. */
  readonly doubled: number;
  /** Parents that were worked on before one of their children. */
  readonly early: number;
  /** Worked on, although refused or never given. */
  readonly ghosts: number;
  /** Given to the queue, which never answered. */
  readonly unsettled: number;
  readonly notes: readonly string[];
}

type State = 'pending' | 'acked' | 'refused' | 'uncertain';

const notesMax = 10;

/** The account of the jobs given to a queue, by number. A parent's number is that of its last child plus one. */
export class JobLedger {
  private readonly states: State[] = [];
  private readonly childrenOf = new Map<number, readonly number[]>();

  /** A job with `children` jobs before it; the numbers, the parent's last. */
  issue(children = 0): number[] {
    const first = this.states.length;
    const numbers = Array.from({ length: children + 1 }, (_, index) => first + index);
    for (const _number of numbers) this.states.push('pending');
    if (children > 0) this.childrenOf.set(first + children, numbers.slice(0, -1));
    return numbers;
  }

  ack(numbers: readonly number[]): void {
    for (const number of numbers) this.states[number] = 'acked';
  }

  fail(numbers: readonly number[], error: Error): void {
    for (const number of numbers) this.states[number] = deliveryOf(error);
  }

  get acknowledged(): number {
    return this.states.filter((state) => state === 'acked').length;
  }

  /** `done` has the number of every job worked on, in order, as often as that happened. */
  verify(done: readonly number[]): JobVerdict {
    const notes: string[] = [];
    const note = (text: string): void => {
      if (notes.length < notesMax) notes.push(text);
    };
    const firstAt = new Map<number, number>();
    let [lost, doubled, early, ghosts] = [0, 0, 0, 0];
    for (const [index, number] of done.entries()) {
      const state = this.states[number];
      if (state === undefined || state === 'refused') {
        ghosts += 1;
        note(`job ${number} was done, and is ${state ?? 'unknown'}`);
      } else if (firstAt.has(number)) {
        doubled += 1;
        note(`job ${number} was done again`);
      } else {
        firstAt.set(number, index);
      }
    }
    for (const [number, state] of this.states.entries()) {
      if (state !== 'acked' || firstAt.has(number)) continue;
      lost += 1;
      note(`job ${number} was never done`);
    }
    for (const [parent, children] of this.childrenOf) {
      const parentAt = firstAt.get(parent);
      if (parentAt === undefined || children.every((child) => (firstAt.get(child) ?? Infinity) < parentAt)) continue;
      early += 1;
      note(`job ${parent} was done before its children`);
    }
    const unsettled = this.states.filter((state) => state === 'pending').length;
    return { checked: this.acknowledged, lost, doubled, early, ghosts, unsettled, notes };
  }
}

export function jobsAreClean({ lost, doubled, early, ghosts, unsettled }: JobVerdict): boolean {
  return lost + doubled + early + ghosts + unsettled === 0;
}
