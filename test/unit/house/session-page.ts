/** One row of the tables in docs/session.md. */
export interface SessionRow {
  /** As it stands in the page. */
  readonly line: string;
  /** As in command-data.ts: lower case, `container|sub`. */
  readonly commands: readonly string[];
  readonly tests: readonly NamedTest[];
  /** What is wrong with its form. */
  readonly faults: readonly string[];
}

export interface NamedTest {
  /** From the root of the package. */
  readonly file: string;
  readonly title: string;
}

const CELLS = ['command', 'planned switch', 'crash', 'why', 'tests'];
const TEST = /^`([\w/-]+)` › (.+)$/;

/** All rows, whatever their form: a line of a table that is neither its head nor the rule below it. */
export function sessionRows(page: string): SessionRow[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\| (command|---) \|/.test(line))
    .map(sessionRow);
}

function sessionRow(line: string): SessionRow {
  const cells = line.replace(/^\| ?| ?\|$/g, '').split(' | ');
  const faults: string[] = [];
  if (cells.length !== CELLS.length || !line.endsWith(' |'))
    faults.push(`has ${cells.length} cells, not ${CELLS.length}`);
  CELLS.forEach((name, at) => {
    if ((cells[at] ?? '').trim() === '') faults.push(`says nothing under "${name}"`);
  });
  const commands = [...(cells[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) =>
    name!.toLowerCase().replace(' ', '|'),
  );
  if (commands.length === 0) faults.push('names no command');
  const tests: NamedTest[] = [];
  for (const named of (cells[4] ?? '').split('<br>')) {
    const [, file, title] = TEST.exec(named) ?? [];
    if (file === undefined || title === undefined) faults.push(`names its test in another form: ${named}`);
    else tests.push({ file: `test/${file}.test.ts`, title });
  }
  return { line, commands, tests, faults };
}

/** Whether a test file has a test of this title, not merely a group of tests, or a text. */
export function hasTest(source: string, title: string): boolean {
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const literal = `(?:'${escaped.replaceAll("'", "\\\\'")}'|"${escaped}")`;
  return new RegExp(`(?<!describe)\\(\\s*${literal},\\s*(?:async )?\\(`).test(source);
}
