import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { editDistance } from '../../transport/nearest-name.js';
import { UsageError } from '../report-error.js';
import type { Setting, Settings, Values } from './setting.js';
import { fileKeyOf, fileTwinOf, flagOf, variableOf } from './setting-names.js';
import { type FileReader, readSettingsFile } from './settings-file.js';

export interface Sources extends FileReader {
  /** Given flags only, by setting name (secrets by that of their twin). */
  readonly flags: ReadonlyMap<string, string | boolean>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Variables of other commands, which are no mistakes. */
  readonly otherVariables: readonly string[];
}

/** A value, and where it comes from for messages. */
interface Given {
  readonly value: unknown;
  readonly from: string;
  /** Relative paths count from here; undefined: from the working directory. */
  readonly folder?: string;
}

/** The setting that names the settings file; it alone cannot stand in one. */
export const configName = 'config';

/**
 * Every setting from the first that has it: flags, environment, settings file, default.
 * @throws UsageError for whatever cannot be used, wherever it stands.
 */
export function gatherSettings<S extends Settings>(settings: S, sources: Sources): Values<S> {
  checkVariables(settings, sources);
  const path = sources.flags.get(configName) ?? sources.environment[variableOf(configName)];
  const file = path ? readSettingsFile(String(path), sources) : undefined;
  const layers: readonly ((name: string) => Given | undefined)[] = [
    (name) => fromFlag(settings[name], name, sources),
    (name) => fromVariable(settings[name], name, sources),
    (name) => {
      if (file === undefined || !file.values.has(fileKeyOf(name))) return undefined;
      const { folder } = file;
      return { value: file.values.get(fileKeyOf(name)), from: `${file.path}: ${fileKeyOf(name)}`, folder };
    },
  ];
  const values = Object.entries(settings).map(([name, setting]) => [name, pick(name, setting, layers)] as const);
  return Object.fromEntries(values) as Values<S>;
}

function pick(
  name: string,
  setting: Setting<unknown>,
  layers: readonly ((name: string) => Given | undefined)[],
): unknown {
  for (const layer of layers) {
    const given = layer(name);
    const twin = setting.kind === 'secret' ? layer(fileTwinOf(name)) : undefined;
    if (given !== undefined && twin !== undefined) {
      throw new UsageError(`${given.from} and ${twin.from} say the same thing twice: leave one of them out`);
    }
    if (twin !== undefined) return check(setting, { value: readSecret(twin), from: twin.from });
    if (given !== undefined) return check(setting, given);
  }
  return setting.byDefault;
}

function fromFlag(setting: Setting<unknown> | undefined, name: string, { flags }: Sources): Given | undefined {
  const value = flags.get(name);
  if (value === undefined) return undefined;
  const from = flagOf(name, value === false);
  return { value: typeof value === 'string' ? (setting?.decode(value) ?? value) : value, from };
}

/** An empty variable counts as none: that is how people unset one in a container. */
function fromVariable(
  setting: Setting<unknown> | undefined,
  name: string,
  { environment }: Sources,
): Given | undefined {
  const from = variableOf(name);
  const value = environment[from];
  return value === undefined || value === '' ? undefined : { value: setting?.decode(value) ?? value, from };
}

function check(setting: Setting<unknown>, { value, from, folder }: Given): unknown {
  const result = setting.schema.safeParse(value);
  if (!result.success) {
    const shown = setting.isShown === true && typeof value !== 'object' ? ` (it is ${JSON.stringify(value)})` : '';
    throw new UsageError(`${from}${messageOf(result.error.issues[0]!.message)}${shown}`);
  }
  return setting.kind === 'path' && folder !== undefined ? resolve(folder, String(result.data)) : result.data;
}

/** Messages that go on after the name, and whole sentences. */
function messageOf(message: string): string {
  return message.startsWith('must ') ? ` ${message}` : `: ${message}`;
}

function readSecret({ value, from, folder = '.' }: Given): string {
  if (typeof value !== 'string' || value === '') throw new UsageError(`${from} must be the path of a file`);
  try {
    return readFileSync(resolve(folder, value), 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError(`${from}: cannot read the file: ${(error as Error).message}`);
  }
}

/**
 * A misspelt variable is refused, but not every unknown one: a Kubernetes service called segue makes `SEGUE_PORT` and
 * others, and tools around Segue have their own.
 */
function checkVariables(settings: Settings, { environment, otherVariables }: Sources): void {
  const known = new Set([...variablesOf(settings), ...otherVariables]);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('SEGUE_') || known.has(name)) continue;
    const meant = [...known].find((one) => editDistance(one, name) === 1);
    if (meant !== undefined) throw new UsageError(`there is no variable ${name}; did you mean ${meant}?`);
  }
}

/** The variables that a command reads. */
export function variablesOf(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, { kind }]) =>
    kind === 'secret' ? [variableOf(name), variableOf(fileTwinOf(name))] : [variableOf(name)],
  );
}
