import { readFile } from 'node:fs/promises';
import { LineFile } from '../journal/line-file.js';
import type { RestartMemory, UpgradePlan } from './stage.js';
import { UpgradeError } from './upgrade-error.js';

type JournalRecord =
  | { readonly record: 'plan'; readonly segue: 1; readonly plan: UpgradePlan }
  | { readonly record: 'begun'; readonly stage: string; readonly restart?: RestartMemory }
  | { readonly record: 'command-ended'; readonly stage: string }
  | { readonly record: 'done'; readonly stage: string; readonly detail: string }
  | { readonly record: 'end' };

/** What a journal tells of an upgrade that was not finished. */
export interface JournalContents {
  readonly plan: UpgradePlan;
  /** Names of stages that are done. */
  readonly done: ReadonlySet<string>;
  /** By stage: restarts that were begun. */
  readonly restarts: ReadonlyMap<string, RestartMemory>;
  readonly isEnded: boolean;
}

/** The stages of one upgrade, as lines of JSON; each is on the disk before what it tells of is begun. No secrets. */
export class UpgradeJournal {
  private constructor(private readonly file: LineFile) {}

  /** Begins a journal. @throws UpgradeError (SEGUE_UPGRADE_JOURNAL) when an unfinished one is there. */
  static async begin(path: string, plan: UpgradePlan): Promise<UpgradeJournal> {
    const earlier = await readJournal(path);
    if (earlier !== undefined && !earlier.isEnded) {
      throw new UpgradeError('SEGUE_UPGRADE_JOURNAL', `${path} tells of an upgrade that was not finished: resume it`);
    }
    const journal = await UpgradeJournal.over(path, () => LineFile.create(path));
    await journal.write({ record: 'plan', segue: 1, plan });
    return journal;
  }

  /** Goes on with a journal, behind its last whole line. */
  static resume(path: string): Promise<UpgradeJournal> {
    return UpgradeJournal.over(path, () => LineFile.reopen(path));
  }

  private static async over(path: string, open: () => Promise<LineFile>): Promise<UpgradeJournal> {
    try {
      return new UpgradeJournal(await open());
    } catch (error) {
      throw new UpgradeError('SEGUE_UPGRADE_JOURNAL', `${path}: ${(error as Error).message}`, error);
    }
  }

  begun(stage: string, restart?: RestartMemory): Promise<void> {
    return this.write({ record: 'begun', stage, ...(restart === undefined ? {} : { restart }) });
  }

  commandEnded(stage: string): Promise<void> {
    return this.write({ record: 'command-ended', stage });
  }

  done(stage: string, detail: string): Promise<void> {
    return this.write({ record: 'done', stage, detail });
  }

  end(): Promise<void> {
    return this.write({ record: 'end' });
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private async write(record: JournalRecord): Promise<void> {
    try {
      await this.file.append(JSON.stringify({ at: new Date().toISOString(), ...record }));
    } catch (error) {
      throw new UpgradeError('SEGUE_UPGRADE_JOURNAL', (error as Error).message, error);
    }
  }
}

/** Undefined when there is none. A last line that was cut off by a crash is as good as not written. */
export async function readJournal(path: string): Promise<JournalContents | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UpgradeError('SEGUE_UPGRADE_JOURNAL', `${path}: ${(error as Error).message}`, error);
  }
  const records = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => parse(path, line));
  if (records.length === 0) return undefined;
  const [first] = records;
  if (first!.record !== 'plan') throw notOurs(path);
  const done = new Set<string>();
  const restarts = new Map<string, RestartMemory>();
  for (const record of records) {
    if (record.record === 'done') done.add(record.stage);
    if (record.record === 'begun' && record.restart !== undefined) restarts.set(record.stage, record.restart);
    if (record.record === 'command-ended')
      restarts.set(record.stage, { ...restarts.get(record.stage)!, hasEnded: true });
  }
  return { plan: first!.plan, done, restarts, isEnded: records.at(-1)!.record === 'end' };
}

function parse(path: string, line: string): JournalRecord {
  try {
    const record = JSON.parse(line) as JournalRecord;
    if (typeof record.record === 'string') return record;
  } catch {
    // said below
  }
  throw notOurs(path);
}

function notOurs(path: string): UpgradeError {
  return new UpgradeError('SEGUE_UPGRADE_JOURNAL', `${path} is not the journal of an upgrade`);
}
