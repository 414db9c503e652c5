import type { AppendLedger } from './append-ledger.js';
import { type LoadReader, readList } from './load-client.js';
import { complain, mergeVerdicts, newVerdict, type Verdict } from './verdict.js';

/**
 * Compares a list, and a counter that is raised together with each append to it, with the account of both: a transaction or
 * script that was done by half leaves them different.
 */
export async function verifyCountedList(reader: LoadReader, list: AppendLedger, counterKey: string): Promise<Verdict> {
  const entries = await readList(reader, list.key);
  const count = Number((await reader.get(counterKey)) ?? 0);
  const verdict = newVerdict();
  complain(verdict, 'torn', `${list.key}: length ${entries.length}, count ${count}`, Math.abs(entries.length - count));
  return mergeVerdicts([verdict, list.verify(entries)]);
}
