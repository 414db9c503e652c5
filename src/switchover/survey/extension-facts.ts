import { createHash } from 'node:crypto';
import type { Reply } from '../../resp/index.js';

/** A library of functions (FUNCTION LOAD). */
export interface FunctionLibrary {
  readonly name: string;
  readonly engine: string;
  readonly functions: readonly string[];
  /** Of its code; empty when the code was not told. */
  readonly digest: string;
}

export interface LoadedModule {
  readonly name: string;
  readonly version: number;
  /** Came with the server, from no file of its own. */
  readonly builtIn: boolean;
}

/** Reads FUNCTION LIST WITHCODE. */
export function readLibraries(reply: Reply): FunctionLibrary[] {
  return listOf(reply).map((entry) => {
    const fields = fieldsOf(entry);
    const code = fields.get('library_code');
    return {
      name: String(fields.get('library_name')),
      engine: String(fields.get('engine')),
      functions: listOf(fields.get('functions')).map((one) => String(fieldsOf(one).get('name'))),
      digest: typeof code === 'string' ? createHash('sha256').update(code).digest('hex').slice(0, 12) : '',
    };
  });
}

/** Reads MODULE LIST. */
export function readModules(reply: Reply): LoadedModule[] {
  return listOf(reply).map((entry) => {
    const fields = fieldsOf(entry);
    const [name, path] = [String(fields.get('name')), fields.get('path')];
    return { name, version: Number(fields.get('ver')), builtIn: path === name };
  });
}

function listOf(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : [];
}

/** A flat list of names and values, as RESP2 has maps. */
function fieldsOf(reply: Reply): Map<string, Reply> {
  const list = listOf(reply);
  const fields = new Map<string, Reply>();
  for (let at = 0; at + 1 < list.length; at += 2) fields.set(String(list[at]), list[at + 1]!);
  return fields;
}
