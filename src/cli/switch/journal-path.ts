import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../report-error.js';

/** What a journal tells of. */
export type JournalKind = 'switch' | 'upgrade';

const endings: Readonly<Record<JournalKind, string>> = { switch: '.journal', upgrade: '.upgrade-journal' };

/** Where the journals of this user are: `$XDG_STATE_HOME/segue`, or `~/.local/state/segue`. */
export function journalFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(environment.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'segue');
}

/** One file for a pair, whichever of its nodes is the primary. */
export function journalPath(nodes: readonly string[], folder = journalFolder(), kind: JournalKind = 'switch'): string {
  return join(folder, `${[...nodes].map(fileNameOf).sort().join('_')}${endings[kind]}`);
}

/**
 * The journal of an earlier switch or upgrade of these nodes, of which some may be lost now.
 * @throws UsageError when there is none, or more than one.
 */
export function findJournal(nodes: readonly string[], folder = journalFolder(), kind: JournalKind = 'switch'): string {
  const ending = endings[kind];
  const wanted = nodes.map(fileNameOf);
  const found = namesIn(folder).filter((name) => {
    const parts = name.slice(0, -ending.length).split('_');
    return name.endsWith(ending) && wanted.some((node) => parts.includes(node));
  });
  if (found.length === 1) return join(folder, found[0]!);
  const paths = found.map((name) => join(folder, name));
  if (found.length > 1)
    throw new UsageError(`there is more than one journal: say which with --journal: ${paths.join(', ')}`);
  throw new UsageError(
    `nothing to resume: ${folder} has no journal of ${nodes.join(', ')} (--journal names another place)`,
  );
}

/** `10.0.0.1:6379` → `10.0.0.1-6379`; what a file name cannot hold becomes a hyphen. */
function fileNameOf(node: string): string {
  return node.replace(/[^\w.]+/g, '-');
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
