import { Command, InvalidArgumentError, Option } from 'commander';
import type { DemoResult } from '../../lab/demo/index.js';
import { isServerVersion, type ServerVersion, serverVersions } from '../../lab/servers/versions.js';
import { demoTable } from '../demo/demo-table.js';
import { type DemoView, lineView, liveView } from '../demo/demo-view.js';
import { ExitCode } from '../exit-code.js';
import { versionName } from '../format.js';
import { makeStyle, wantsColor } from '../style.js';

interface DemoFlags {
  readonly from: ServerVersion;
  readonly to: ServerVersion;
  readonly duration: number;
  readonly seed?: number;
  readonly json: boolean;
}

/** How long cleaning up after Ctrl-C may take; the servers end with this process in any case. */
const cleanUpMs = 3_000;

export function demoCommand(): Command {
  return new Command('demo')
    .description('upgrade a pair of real servers under load, seen by plain clients and by clients on Segue')
    .addOption(versionOption('--from <version>', 'version to begin with', 'valkey-8.1'))
    .addOption(versionOption('--to <version>', 'version to upgrade to', 'valkey-9.1'))
    .option('--duration <seconds>', 'how long to keep the load on around the upgrade', seconds, 12)
    .option('--seed <number>', 'of the sizes and contents of values (default: random)', wholeNumber)
    .option('--json', 'print the table as one JSON object on stdout, everything else on stderr', false)
    .action(async (flags: DemoFlags) => {
      process.exitCode = await runDemo(flags);
    });
}

function versionOption(flags: string, description: string, byDefault: ServerVersion): Option {
  return new Option(flags, `${description}: ${serverVersions.join(', ')}`).default(byDefault).argParser((text) => {
    if (isServerVersion(text)) return text;
    throw new InvalidArgumentError(`There are: ${serverVersions.join(', ')}.`);
  });
}

function seconds(text: string): number {
  const value = Number(text);
  if (value >= 1 && value <= 3600) return value;
  throw new InvalidArgumentError('A number of seconds from 1 to 3600.');
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number.');
}

async function runDemo(flags: DemoFlags): Promise<ExitCode> {
  // Loaded late: clients and queues are the lab's, and other commands do without them.
  const { Demo } = await import('../../lab/demo/index.js');
  const { from, to, duration, seed = Math.floor(Math.random() * 1e9) } = flags;
  const view = openView(flags);
  const demo = new Demo({ from, to, durationMs: duration * 1000, seed }, view);
  let isInterrupted = false;
  const interrupt = (): void => {
    if (isInterrupted) return;
    isInterrupted = true;
    view.close();
    console.error('\nsegue: interrupted, cleaning up');
    const late = new Promise((resolve) => setTimeout(resolve, cleanUpMs));
    Promise.race([demo.stop(), late]).finally(() => process.exit(ExitCode.Interrupted));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  try {
    const result = await demo.run();
    view.close();
    print(result, flags);
    return result.ok ? ExitCode.Done : ExitCode.Internal;
  } catch (error) {
    // What was stopped in its middle complains; the interruption ends the process.
    if (isInterrupted) await new Promise(() => {});
    throw error;
  } finally {
    view.close();
  }
}

function openView({ from, to }: DemoFlags): DemoView {
  const isTerminal = process.stderr.isTTY === true;
  const style = makeStyle(wantsColor(isTerminal));
  console.error(
    `\n${style.bold(`  Segue: a rolling upgrade under load, ${versionName(from)} → ${versionName(to)}`)}\n`,
  );
  const canRedraw = isTerminal && process.env.TERM !== 'dumb';
  return canRedraw ? liveView(process.stderr, style) : lineView(process.stderr, style);
}

function print(result: DemoResult, { json }: DemoFlags): void {
  if (json) {
    console.log(JSON.stringify(result));
    return;
  }
  const style = makeStyle(wantsColor(process.stdout.isTTY === true));
  console.log(`\n${demoTable(result, style).join('\n')}\n`);
}
