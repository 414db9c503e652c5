import type { Verdict } from '../../../src/lab/load/index.js';
import type { LabServer } from '../../../src/lab/servers/index.js';
import type { ReportLine } from '../report-line.js';

/** What one program, or two that belong together, said that they did; compared with the data in the end. */
export interface Account {
  /** A line that `role` printed. */
  take(role: string, line: ReportLine): void;
  /** After the last line. */
  verify(primary: LabServer): Promise<Verdict>;
}

/** What is known of a step that failed: nothing. It may have been made, once. */
export const unknown = (line: ReportLine): Error => new Error(line.error ?? 'failed');

/** The server's word that a step was not made. */
export const refused: Error = Object.assign(new Error('EXEC was answered nil'), { name: 'ReplyError' });

const chunkLength = 20_000;

/** A whole list that does not change any more. */
export async function readWholeList(primary: LabServer, key: string): Promise<string[]> {
  const length = Number(await primary.cli('LLEN', key));
  const items: string[] = [];
  while (items.length < length) {
    const chunk = (await primary.cli('LRANGE', key, items.length, items.length + chunkLength - 1)) as string[];
    if (chunk.length === 0) throw new Error(`${key} became shorter while it was read`);
    items.push(...chunk);
  }
  return items;
}
