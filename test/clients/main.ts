import { Command, InvalidArgumentError } from 'commander';
import { count, plural, time } from '../../src/cli/format.js';
import { makeStyle, wantsColor } from '../../src/cli/style.js';
import { tableLines } from '../../src/cli/table.js';
import { type Finding, findings, isClean, wrongAnswers } from '../../src/lab/load/index.js';
import { isServerVersion, type ServerVersion, serverVersions } from '../../src/lab/servers/index.js';
import { type ClientEntry, catalog, type Launch } from './catalog.js';
import { type CourseResult, runCourse } from './course.js';

interface Flags {
  readonly only?: readonly ClientEntry[];
  readonly version: readonly ServerVersion[];
  readonly switches?: number;
  readonly pace: number;
  readonly json: boolean;
}

/** What is said about one client on one version of the server. */
type Outcome = { readonly client: string; readonly language: string; readonly version: ServerVersion } & (
  | { readonly state: 'passed' | 'failed'; readonly durationMs: number; readonly result: CourseResult }
  | { readonly state: 'not run'; readonly why: string }
);

const names = catalog.map(({ name }) => name);
const errorsShown = 10;
const switchesPerLine = 25;
const say = (line: string) => process.stderr.write(`${line}\n`);

const program = new Command('npm run test:clients --')
  .description('clients of other languages, as they are, through segue gateway while the primary changes under load')
  .option('--only <list>', `of ${names.join(', ')}, or a language`, chosenClients)
  .option('--version <list>', `of the servers: ${serverVersions.join(', ')}, or all`, chosenVersions, ['valkey-9.1'])
  .option('--switches <number>', 'for each client (default: 50, redis-py-hall 100)', wholeNumber)
  .option('--pace <ms>', 'rest of each program between two steps', wholeNumber, 2)
  .option('--json', 'print one JSON object on stdout, everything else on stderr', false)
  .addHelpText('after', '\nExit codes: 0 all were run and passed · 1 one failed or could not be run · 2 usage')
  .exitOverride()
  .action(run);

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number.');
}

function chosenClients(text: string): readonly ClientEntry[] {
  return text.split(',').flatMap((wanted) => {
    const found = catalog.filter(({ name, language }) => [name, language.toLowerCase()].includes(wanted.toLowerCase()));
    if (found.length === 0) throw new InvalidArgumentError(`There are: ${names.join(', ')}.`);
    return found;
  });
}

function chosenVersions(text: string): readonly ServerVersion[] {
  if (text === 'all') return serverVersions;
  const versions = text.split(',');
  if (versions.every(isServerVersion)) return versions;
  throw new InvalidArgumentError(`There are: ${serverVersions.join(', ')}.`);
}

async function run(flags: Flags): Promise<void> {
  const outcomes: Outcome[] = [];
  for (const entry of flags.only ?? catalog) {
    const launch = await entry.prepare(say).catch(firstLine);
    for (const version of flags.version) {
      const outcome = await runOne(entry, launch, version, flags);
      outcomes.push(outcome);
      for (const line of remarks(outcome)) say(line);
    }
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ outcomes })}\n`);
  else for (const line of tableOf(outcomes)) process.stdout.write(`${line}\n`);
  if (!outcomes.every(({ state }) => state === 'passed')) process.exitCode = 1;
}

const firstLine = (error: Error): string => error.message.split('\n')[0]!;

/** A pair or a gateway that does not start says nothing about the client. */
async function runOne(
  entry: ClientEntry,
  launch: Launch | string,
  version: ServerVersion,
  flags: Flags,
): Promise<Outcome> {
  const about = { client: entry.name, language: entry.language, version };
  if (typeof launch === 'string') return { ...about, state: 'not run', why: launch };
  const startedAt = performance.now();
  const onSwitch = (done: number) => {
    if (done % switchesPerLine === 0) say(`${entry.name} on ${version}: ${done} switches`);
  };
  const { switches = entry.switches, pace: paceMs } = flags;
  const result = await runCourse(entry, launch, { version, switches, paceMs, onSwitch }).catch((error: Error) => error);
  if (result instanceof Error) return { ...about, state: 'not run', why: firstLine(result) };
  const { errors, lostConnections, verdict } = result;
  const passed = errors.length === 0 && lostConnections === 0 && isClean(verdict) && result.switches === switches;
  return { ...about, state: passed ? 'passed' : 'failed', durationMs: performance.now() - startedAt, result };
}

function remarks(outcome: Outcome): string[] {
  const head = `${outcome.client} on ${outcome.version}: ${outcome.state}`;
  if (outcome.state === 'not run') return [`${head}: ${outcome.why}`];
  const { library, switches, errors, remarks: said, verdict, gateway, heldTooLate } = outcome.result;
  const { moves, replayed, uncertain, resubscribed } = gateway;
  const seen = `${plural(moves, 'move')}, ${count(replayed)} replayed, ${uncertain} uncertain, ${resubscribed} resubscribed, ${heldTooLate} held too late`;
  const kinds = new Map<string, number>();
  for (const text of errors) kinds.set(text, (kinds.get(text) ?? 0) + 1);
  const hidden = kinds.size - errorsShown;
  return [
    `${head} (${library}; ${plural(switches, 'switch', 'switches')} in ${time(outcome.durationMs)}; ${seen})`,
    ...[...kinds].slice(0, errorsShown).map(([text, times]) => `  ${times > 1 ? `${count(times)} × ` : ''}${text}`),
    ...(hidden > 0 ? [`  and ${plural(hidden, 'other')}`] : []),
    ...verdict.notes.map((note) => `  ${note}`),
    ...said.slice(0, errorsShown).map((text) => `  ${text}`),
  ];
}

function tableOf(outcomes: readonly Outcome[]): string[] {
  const style = makeStyle(wantsColor(process.stdout.isTTY === true));
  const right = [
    'switches',
    'checked',
    'errors',
    'lost',
    'doubled',
    'reordered',
    'other',
    'connections lost',
    'WATCH nil',
  ];
  const columns = [
    { title: 'client' },
    { title: 'server' },
    ...right.map((title) => ({ title, align: 'right' as const })),
    { title: '' },
  ];
  return tableLines(
    columns,
    outcomes.map((outcome) => {
      const { client, language, version } = outcome;
      if (outcome.state === 'not run')
        return [`${client} (${language})`, version, ...right.map(() => '–'), outcome.why];
      const { library, errors, verdict, lostConnections, nils, switches } = outcome.result;
      const found = (finding: Finding) => count(verdict[finding]);
      return [
        library,
        version,
        count(switches),
        count(verdict.checked),
        count(errors.length),
        ...findings.filter((finding) => ['lost', 'doubled', 'reordered'].includes(finding)).map(found),
        count(wrongAnswers(verdict)),
        count(lostConnections),
        count(nils),
        outcome.state === 'passed' ? style.good('passed') : style.bad('FAILED'),
      ];
    }),
    style,
  );
}

// What was started ends with this process, if it ends by itself: so it must.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.once(signal, () => process.exit(code));

// Awaited, so that an end before the end is none in silence: Node ends with code 13 then.
await program.parseAsync().catch((error: { exitCode?: number; stack?: string }) => {
  if (error.exitCode === undefined) say(`segue: internal error: ${error.stack}`);
  process.exitCode = error.exitCode === 0 ? 0 : error.exitCode === undefined ? 1 : 2;
});
