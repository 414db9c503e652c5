import { type Answer, thinned, type Waiting } from '../topology/index.js';
import type { WaitedReport } from './switch-report.js';

/** Enough for a picture, however many processes there are. */
const POINTS_MAX = 256;

export type Released = Answer & { readonly kind: 'released' };

/** Collects what the processes say of the hold once it is over. Nothing depends on it but the report. */
export class HeldCommands {
  private readonly heard = new Map<string, Released>();
  private expected = 0;
  private listeners = 0;
  private settle!: () => void;
  /** Resolves when all that held have said what waited; at once when nobody did. */
  readonly all = new Promise<void>((resolve) => {
    this.settle = resolve;
  });

  /** So many processes hold, as far as they have said, and so many were told to. */
  expect(processes: number, listeners: number): void {
    this.expected = processes;
    this.listeners = listeners;
    if (processes === 0) this.settle();
  }

  /** One of each process, over whichever node it comes, and no more than were told: anybody may publish there. */
  hear(answer: Released): void {
    if (this.heard.size >= this.listeners || this.heard.has(answer.process)) return;
    this.heard.set(answer.process, answer);
    if (this.heard.size >= this.expected) this.settle();
  }

  /** Undefined when nobody held. */
  report(): WaitedReport | undefined {
    const answers = [...this.heard.values()];
    const expected = Math.max(this.expected, answers.length);
    if (expected === 0) return undefined;
    const waiting = thinned(sumOf(answers), POINTS_MAX);
    return {
      expected,
      answered: answers.length,
      heldMs: highest(answers.map(({ heldMs }) => heldMs)),
      commandsMax: highest(waiting.map(([, commands]) => commands)),
      waiting,
    };
  }
}

/** Of each process, from one count to the next the later one is taken, and after its hold none. */
function sumOf(answers: readonly Released[]): Waiting {
  const times = new Set(answers.flatMap(({ waiting }) => waiting.map(([atMs]) => atMs)));
  const sums = new Map([...times].sort((one, other) => one - other).map((atMs) => [atMs, 0]));
  const ordered = [...sums.keys()];
  for (const { waiting } of answers) {
    let next = 0;
    for (const atMs of ordered) {
      while (next < waiting.length && waiting[next]![0] < atMs) next++;
      if (next === waiting.length) break;
      sums.set(atMs, sums.get(atMs)! + waiting[next]![1]);
    }
  }
  return [...sums];
}

function highest(values: readonly number[]): number {
  return values.reduce((one, other) => Math.max(one, other), 0);
}
