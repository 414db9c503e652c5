import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { SwitchError } from '../switch-error.js';
import type { StepName } from '../switch-report.js';
import { LineFile } from './line-file.js';
import { type SwitchPlan, switchPlan } from './plan.js';

export type SwitchOutcome = 'switched' | 'undone';

const journalRecord = z.discriminatedUnion('record', [
  z.object({ record: z.literal('plan'), segue: z.literal(1), at: z.string(), plan: switchPlan }),
  z.object({ record: z.literal('step'), at: z.string(), step: z.string(), error: z.string().optional() }),
  z.object({ record: z.literal('resumed'), at: z.string() }),
  z.object({ record: z.literal('done'), at: z.string(), outcome: z.enum(['switched', 'undone']) }),
]);
type JournalRecord = z.infer<typeof journalRecord>;

/** What a journal tells of the last switch. */
export interface JournalContents {
  readonly plan: SwitchPlan;
  /** Names of the steps that succeeded. */
  readonly taken: ReadonlySet<string>;
  readonly outcome: SwitchOutcome | undefined;
}

const BYTES_MAX = 1024 * 1024;

/**
 * One switch, as lines of JSON. The plan is on the disk before anything is touched; it names all that may follow, so that
 * nobody has to wait for the disk while clients wait. What happened is written when they do not.
 */
export class Journal {
  private readonly unwritten: string[] = [];

  private constructor(private readonly file: LineFile) {}

  /** Rejects with SEGUE_SWITCH_JOURNAL when it cannot be written, or tells of a switch that was not finished. */
  static async begin(path: string, plan: SwitchPlan): Promise<Journal> {
    const earlier = await readJournal(path);
    if (earlier !== undefined && earlier.outcome === undefined) {
      const { id, from, to } = earlier.plan;
      const what = `the switch ${id} from ${from.name} to ${to.name}, which was not finished: resume it`;
      throw new SwitchError('SEGUE_SWITCH_JOURNAL', `${path} tells of ${what}`);
    }
    const journal = await Journal.over(path, () => LineFile.create(path));
    journal.note({ record: 'plan', segue: 1, at: now(), plan });
    await journal.flush();
    return journal;
  }

  /** Goes on with one, behind its last whole line. */
  static async resume(path: string): Promise<Journal> {
    const journal = await Journal.over(path, () => LineFile.reopen(path));
    journal.note({ record: 'resumed', at: now() });
    await journal.flush();
    return journal;
  }

  private static async over(path: string, open: () => Promise<LineFile>): Promise<Journal> {
    try {
      return new Journal(await open());
    } catch (error) {
      throw new SwitchError('SEGUE_SWITCH_JOURNAL', `${path}: ${(error as Error).message}`, undefined, error);
    }
  }

  /** In memory, until the next flush(). */
  step(step: StepName, error: string | undefined): void {
    this.note({ record: 'step', at: now(), step, ...(error === undefined ? {} : { error }) });
  }

  /** Nothing is left to do. */
  async done(outcome: SwitchOutcome): Promise<void> {
    this.note({ record: 'done', at: now(), outcome });
    await this.flush();
  }

  /** Rejects with SEGUE_SWITCH_JOURNAL. */
  async flush(): Promise<void> {
    try {
      await this.file.append(...this.unwritten.splice(0));
    } catch (error) {
      throw new SwitchError('SEGUE_SWITCH_JOURNAL', (error as Error).message, undefined, error);
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private note(record: JournalRecord): void {
    this.unwritten.push(JSON.stringify(record));
  }
}

/**
 * Undefined when there is none, or none that got as far as its plan: then nothing was touched. A last line that was cut off
 * by a crash counts as not written; anything else that cannot be read rejects with SEGUE_SWITCH_JOURNAL.
 */
export async function readJournal(path: string): Promise<JournalContents | undefined> {
  const text = await textOf(path);
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  const records = lines.map((line, at) => recordIn(line, `${path}, line ${at + 1}`));
  const [first, ...others] = records;
  if (first === undefined) return undefined;
  if (first.record !== 'plan') throw damaged(path, 'it does not begin with a plan');
  const taken = new Set<string>();
  let outcome: SwitchOutcome | undefined;
  for (const record of others) {
    if (record.record === 'plan') throw damaged(path, 'it has two plans');
    if (record.record === 'step' && record.error === undefined) taken.add(record.step);
    if (record.record === 'done') outcome = record.outcome;
  }
  return { plan: first.plan, taken, outcome };
}

async function textOf(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > BYTES_MAX) throw damaged(path, 'it is too large for one');
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    if (error instanceof SwitchError) throw error;
    throw new SwitchError('SEGUE_SWITCH_JOURNAL', `${path}: ${(error as Error).message}`, undefined, error);
  }
}

function recordIn(line: string, where: string): JournalRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw damaged(where, 'it is no JSON');
  }
  const record = journalRecord.safeParse(value);
  if (!record.success) throw damaged(where, 'it is no record of a switch');
  return record.data;
}

function damaged(where: string, why: string): SwitchError {
  const remedy = 'ask both nodes for their ROLE, and restore min-replicas-to-write by hand';
  return new SwitchError('SEGUE_SWITCH_JOURNAL', `${where}: this is not the journal of a switch, ${why}; ${remedy}`);
}

function now(): string {
  return new Date().toISOString();
}
