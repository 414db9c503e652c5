import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { nearestName } from '../../transport/nearest-name.js';
import { UsageError } from '../report-error.js';
import type { Settings } from './setting.js';
import { fileKeyOf, fileTwinOf } from './setting-names.js';

/** What a settings file says to one command. */
export interface FilePart {
  /** By key as written, `tls-ca`. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Relative paths in it count from here. */
  readonly folder: string;
  /** For messages. */
  readonly path: string;
}

export interface FileReader {
  readonly command: string;
  readonly settings: Settings;
  /** Settings that may stand outside a section, because every command has them. */
  readonly shared: Settings;
  /** Names of all commands: each may have a section. */
  readonly commands: readonly string[];
}

/**
 * Reads a YAML file: settings of all commands at its top, and a section for each command that has its own. Sections of
 * other commands are left to those.
 * @throws UsageError
 */
export function readSettingsFile(path: string, reader: FileReader): FilePart {
  const { command, settings, shared, commands } = reader;
  const top = mappingIn(path, parse(path, read(path)), 'the file');
  const known = new Set([...keysOf(shared), ...commands]);
  for (const key of top.keys()) {
    if (known.has(key)) continue;
    if (keysOf(settings).has(key)) {
      throw new UsageError(`${path}: "${key}" belongs into the section "${command}:", as only some commands have it`);
    }
    throw unknownKey(path, key, known);
  }
  const section = mappingIn(path, top.get(command), `the section "${command}"`);
  for (const key of section.keys()) {
    if (!keysOf(settings).has(key)) throw unknownKey(path, `${command}: ${key}`, keysOf(settings), key);
  }
  for (const name of commands) top.delete(name);
  return { values: new Map([...top, ...section]), folder: dirname(resolve(path)), path };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read the settings file ${path}: ${(error as Error).message}`);
  }
}

/** Messages of the parser quote the lines around the fault, which may hold a password: only its first line is shown. */
function parse(path: string, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const fault = document.errors[0];
  if (fault === undefined) return document.toJS();
  const position = fault.linePos?.[0];
  const where = position === undefined ? '' : ` (line ${position.line}, column ${position.col})`;
  throw new UsageError(`${path} is not YAML${where}: ${fault.code.toLowerCase().replaceAll('_', ' ')}`);
}

function mappingIn(path: string, value: unknown, what: string): Map<string, unknown> {
  if (value === undefined || value === null) return new Map();
  if (typeof value === 'object' && !Array.isArray(value)) return new Map(Object.entries(value));
  throw new UsageError(`${path}: ${what} must be a mapping, such as "timeout: 2s"`);
}

function keysOf(settings: Settings): Set<string> {
  const names = Object.entries(settings).flatMap(([name, { kind }]) =>
    kind === 'secret' ? [name, fileTwinOf(name)] : [name],
  );
  return new Set(names.map(fileKeyOf));
}

function unknownKey(path: string, shown: string, known: Iterable<string>, key = shown): UsageError {
  const nearest = nearestName(key, known);
  const hint = nearest === undefined ? `there are ${[...known].join(', ')}` : `did you mean "${nearest}"?`;
  return new UsageError(`${path}: there is no setting "${shown}"; ${hint}`);
}
