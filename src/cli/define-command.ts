import { Command, Option } from 'commander';
import { ExitCode } from './exit-code.js';
import { Interrupted } from './interrupted.js';
import { configName, gatherSettings, variablesOf } from './settings/gather-settings.js';
import { outputSettings, pairSettings } from './settings/pair-settings.js';
import { path, type Setting, type Settings, type Values } from './settings/setting.js';
import { fileTwinOf, flagOf } from './settings/setting-names.js';
import { openTerminal, type Terminal } from './terminal.js';

export interface CommandDefinition<S extends Settings> {
  readonly name: string;
  /** A sentence for the list of commands. */
  readonly what: string;
  readonly settings: S;
  /** For `--help`: what to type, and what that does. */
  readonly examples: readonly (readonly [command: string, comment: string])[];
  /** What the exit code tells a script, where it tells more than done or not. */
  readonly exits?: readonly (readonly [code: ExitCode, meaning: string])[];
  run(values: Values<S>, terminal: Terminal, hangup: Hangup<Values<S>>): Promise<ExitCode>;
}

/** SIGHUP. To a command that listens for it, it says that the settings have changed; others it interrupts. */
export interface Hangup<V> {
  /** `read` reads all settings again. It throws UsageError for what cannot be used. */
  on(listener: (read: () => V) => void): void;
}

/** Settings that may stand at the top of a settings file, for all commands. */
const shared: Settings = { ...pairSettings, ...outputSettings };

/** How often one may press Ctrl-C before the command ends where it stands. */
const interruptsMax = 2;

const definitions = new WeakMap<Command, Settings>();

/**
 * A command whose settings come from flags, the environment (`SEGUE_…`), a settings file (`--config`) and defaults, in this
 * order; all are checked before `run` is called, and whatever is wrong with one is a UsageError (exit code 2).
 *
 * ```ts
 * export function pingCommand(): Command {
 *   return defineCommand({
 *     name: 'ping',
 *     what: 'ask every node whether it is there',
 *     settings: { ...pairSettings, ...outputSettings, times: wholeNumber('<number>', 'how often', { min: 1, max: 9, byDefault: 1 }) },
 *     examples: [['segue ping --nodes valkey://10.0.0.1:6379', 'asks once']],
 *     async run({ times, json, ...values }, terminal) {
 *       const access = pairReach(values); // URLs, user, password, TLS, timeout, as the libraries take them
 *       …
 *       say(terminal.out, terminal.style.good('all are there'));
 *       return ExitCode.Done;
 *     },
 *   });
 * }
 * ```
 *
 * `terminal.interrupted` fires at the first Ctrl-C: `run` should end soon with ExitCode.Interrupted, or wait with
 * unlessInterrupted where there is nothing to clean up; the second ends it.
 */
export function defineCommand<S extends Settings>(definition: CommandDefinition<S>): Command {
  const settings = definition.settings;
  const command = new Command(definition.name).description(definition.what);
  for (const [name, setting] of Object.entries(settings)) command.addOption(optionOf(name, setting));
  command.addOption(
    optionOf(configName, path('YAML file with any of these settings; flags and SEGUE_* variables win')),
  );
  command.addHelpText('after', afterHelp(definition));
  command.showHelpAfterError(`(segue ${definition.name} --help lists its options)`);
  definitions.set(command, settings);
  command.action(async () => {
    // Arguments can hold passwords, and everybody on the machine can read them: the title takes their place.
    process.title = `segue ${definition.name}`;
    const siblings = command.parent?.commands ?? [command];
    const gather = () =>
      gatherSettings(settings, {
        command: definition.name,
        settings,
        shared,
        commands: siblings.map((sibling) => sibling.name()),
        flags: flagsOf(command),
        environment: process.env,
        otherVariables: [configName, ...siblings].flatMap((one) =>
          typeof one === 'string' ? variablesOf({ [one]: path('') }) : variablesOf(definitions.get(one) ?? {}),
        ),
      });
    process.exitCode = await runInterruptibly(definition, gather);
  });
  return command;
}

/** The settings of a command made by defineCommand; undefined for others. */
export function settingsOf(command: Command): Settings | undefined {
  return definitions.get(command);
}

/** As `--help` shows it: `--to <host:port>`, `--no-notice`. */
export function flagText(name: string, setting: Setting<unknown>): string {
  return optionOf(name, setting).flags;
}

/** As `--help` says it: the sentence, then the default. */
export function helpText(name: string, setting: Setting<unknown>): string {
  return optionOf(name, setting).description;
}

async function runInterruptibly<S extends Settings>(
  definition: CommandDefinition<S>,
  gather: () => Values<S>,
): Promise<ExitCode> {
  const values = gather();
  let listener: ((read: () => Values<S>) => void) | undefined;
  const controller = new AbortController();
  let interrupts = 0;
  const interrupt = (): void => {
    if (++interrupts >= interruptsMax) process.exit(ExitCode.Interrupted);
    controller.abort(new Error('interrupted'));
  };
  const hangup = (): void => (listener === undefined ? interrupt() : listener(gather));
  const signals = { SIGINT: interrupt, SIGTERM: interrupt, SIGHUP: hangup };
  for (const [signal, act] of Object.entries(signals)) process.on(signal, act);
  // Nobody reads any more (`… | head`): no reason to leave a switch in its middle, but one to stop watching.
  process.stdout.on('error', () => controller.abort(new Error('interrupted')));
  process.stderr.on('error', () => {});
  try {
    const color = (values as Partial<Values<typeof outputSettings>>).color ?? true;
    return await definition.run(values, openTerminal(color, controller.signal), {
      on: (added) => {
        listener = added;
      },
    });
  } catch (error) {
    // What it was waiting for would keep the process for some seconds more.
    if (error instanceof Interrupted) process.exit(ExitCode.Interrupted);
    throw error;
  } finally {
    for (const [signal, act] of Object.entries(signals)) process.off(signal, act);
  }
}

function optionOf(name: string, setting: Setting<unknown>): Option {
  const { what, placeholder } = setting;
  if (setting.kind === 'secret') return new Option(`${flagOf(fileTwinOf(name))} <file>`, `file that holds ${what}`);
  if (placeholder === undefined) return new Option(flagOf(name, setting.byDefault === true), describe(setting));
  const byDefault = setting.byDefaultText ?? plainDefault(setting.byDefault);
  return new Option(
    `${flagOf(name)} ${placeholder}`,
    byDefault === undefined ? what : `${what} (default: ${byDefault})`,
  );
}

/** What is on by default has a flag that turns it off. */
function describe({ what, byDefault }: Setting<unknown>): string {
  return byDefault === true ? `do not ${what}` : what;
}

function plainDefault(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** Only what was really given: commander makes up a value for each `--no-…`. */
function flagsOf(command: Command): Map<string, string | boolean> {
  const given = Object.entries(command.opts<Record<string, string | boolean>>());
  return new Map(given.filter(([name]) => command.getOptionValueSource(name) === 'cli'));
}

function afterHelp({ examples, exits = [] }: Pick<CommandDefinition<Settings>, 'examples' | 'exits'>): string {
  const lines = ['', 'Examples:', ...examples.flatMap(([typed, comment]) => [`  ${typed}`, `      ${comment}`])];
  if (exits.length > 0) lines.push('', 'Exit codes:', ...exits.map(([code, meaning]) => `  ${code}  ${meaning}`));
  return lines.join('\n');
}
