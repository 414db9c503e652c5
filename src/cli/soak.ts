import { Command, InvalidArgumentError } from 'commander';
import { type ClientLibrary, clientLibraries, isClientLibrary } from '../lab/load/clients.js';
import { isServerVersion, type ServerVersion, serverVersions } from '../lab/servers/index.js';
import { runSoak, type SoakReport } from '../lab/soak/index.js';
import { ExitCode } from './exit-code.js';
import { count, versionName } from './format.js';
import { reportError } from './report-error.js';

interface SoakFlags {
  readonly switches: number;
  readonly version: readonly ServerVersion[];
  readonly clients: readonly ClientLibrary[];
  readonly seed: number;
  readonly pace: number;
  readonly together: boolean;
  readonly json: boolean;
}

const REST_MS = 50;

const program = new Command('npm run soak --')
  .description('switches a pair of each server version back and forth under load and checks every promise')
  .option('--switches <number>', 'of each version, for each client', wholeNumber, 200)
  .option('--version <list>', `of the servers: ${serverVersions.join(', ')}, or all`, versions, serverVersions)
  .option('--clients <list>', clientLibraries.join(', '), libraries, clientLibraries)
  .option('--seed <number>', 'of the load', wholeNumber, Math.floor(Math.random() * 1e9))
  .option('--pace <ms>', 'rest of each workload between two steps', wholeNumber, 10)
  .option('--together', 'all clients at once, in one event loop, instead of one after the other', false)
  .option('--json', 'print one JSON object on stdout, everything else on stderr', false)
  .exitOverride()
  .action(soak);

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number.');
}

function listOf<T extends string>(text: string, all: readonly T[], isOne: (name: string) => name is T): readonly T[] {
  if (text === 'all') return all;
  const names = text.split(',');
  if (names.every(isOne)) return names as unknown as readonly T[];
  throw new InvalidArgumentError(`There are: ${all.join(', ')}.`);
}

function versions(text: string): readonly ServerVersion[] {
  return listOf(text, serverVersions, isServerVersion);
}

function libraries(text: string): readonly ClientLibrary[] {
  return listOf(text, clientLibraries, isClientLibrary);
}

async function soak(flags: SoakFlags): Promise<void> {
  const { switches, seed, pace, together, json } = flags;
  const total = together ? switches : switches * flags.clients.length;
  console.error(`soak: ${switches} switches, ${flags.clients.join(', ')}, seed ${seed}`);
  const reports: SoakReport[] = [];
  for (const version of flags.version) {
    const onProgress = (done: number) => {
      if (done % 50 === 0 || done === total) console.error(`  ${versionName(version)}: ${done} of ${total} switches`);
    };
    const options = {
      version,
      switches,
      libraries: flags.clients,
      together,
      seed,
      paceMs: pace,
      restMs: REST_MS,
      onProgress,
    };
    const report = await runSoak(options);
    reports.push(report);
    if (!json) for (const line of lines(report)) console.log(line);
  }
  if (json) console.log(JSON.stringify({ seed, reports }));
  if (!reports.every((report) => report.clean)) process.exitCode = ExitCode.Internal;
}

function lines(report: SoakReport): string[] {
  const { gapMs, unwritableMs, findings } = report;
  const wrong = Object.entries(findings).map(([name, number]) => `${number} ${name}`);
  return [
    `${versionName(report.version)}: ${report.switches} switches, ${count(report.writes)} writes, ${report.errors} errors, ${wrong.join(', ')}`,
    `  clients, longest gap between two writes across the switch: median ${gapMs.median.toFixed(1)} ms, p99 ${gapMs.p99.toFixed(1)} ms, max ${gapMs.max.toFixed(1)} ms`,
    `  servers, no node writable: median ${unwritableMs.median.toFixed(2)} ms, p99 ${unwritableMs.p99.toFixed(1)} ms, max ${unwritableMs.max.toFixed(1)} ms; ${report.fullResyncs} full resyncs`,
    `  notices: ${report.late} sessions held too late, ${report.missing} processes did not answer`,
    ...Object.entries(report.errorsByKind).map(([kind, number]) => `  ${number} × ${kind}`),
    ...report.notes.map((note) => `  ${note}`),
  ];
}

await program.parseAsync().catch((error: unknown) => {
  process.exitCode = reportError(error, (line) => console.error(line));
});
