import { z } from 'zod';
import { parseNodeUrl } from '../../transport/index.js';

/**
 * One setting of a command. Its name (`tlsCa`) makes the flag (`--tls-ca`), the variable (`SEGUE_TLS_CA`) and the key in the
 * file (`tls-ca`). `path`: relative ones in a file count from the file's folder. `secret`: no flag takes its value, and a
 * twin with `-file` (`_FILE`) behind its name says where it stands.
 */
export interface Setting<T> {
  readonly kind: 'plain' | 'path' | 'secret';
  /** A sentence for `--help` and the docs. */
  readonly what: string;
  /** What stands behind the flag in `--help`; undefined: nothing, the flag itself is the value. */
  readonly placeholder?: string;
  /** Takes what the file says. Its messages go on after the setting's name: "must be …". */
  readonly schema: z.ZodType;
  /** From the text of a flag or a variable to what a file would say. */
  readonly decode: (text: string) => unknown;
  readonly byDefault: T;
  /** The default in words, where the value does not say it. */
  readonly byDefaultText?: string;
  /** An error may show what was given. Never of secrets, nor of URLs, which may hold some. */
  readonly isShown?: boolean;
}

/** `any`, because a setting takes and gives its own type and nobody reads it through this one. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Settings = Readonly<Record<string, Setting<any>>>;

/** What a command gets. */
export type Values<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

const asIs = (text: string): unknown => text;
const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const filled = (wanted: string) => z.string(`must be ${wanted}`).min(1, `must be ${wanted}, and not empty`);

export function text(placeholder: string, what: string): Setting<string | undefined>;
export function text(placeholder: string, what: string, byDefault: string): Setting<string>;
export function text(placeholder: string, what: string, byDefault?: string): Setting<string | undefined> {
  return { kind: 'plain', placeholder, what, schema: filled('a text'), decode: asIs, byDefault };
}

/** A file or folder. */
export function path(what: string, placeholder = '<file>'): Setting<string | undefined> {
  return { kind: 'path', placeholder, what, schema: filled('the path of a file'), decode: asIs, byDefault: undefined };
}

/** A password and the like. It has no flag of its own, because everybody on the machine can read those. */
export function secret(what: string): Setting<string | undefined> {
  return { kind: 'secret', what, schema: filled('a text'), decode: asIs, byDefault: undefined };
}

/** A flag without a value. One that is on by default has the flag `--no-…`. */
export function yesNo(what: string): Setting<boolean>;
export function yesNo(what: string, byDefault: boolean): Setting<boolean>;
export function yesNo(what: string, byDefault = false): Setting<boolean> {
  const schema = z.boolean('must be true or false');
  return { kind: 'plain', what, schema, decode: decodeYesNo, byDefault, isShown: true };
}

function decodeYesNo(text: string): unknown {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  return /^(0|false|no|off|)$/i.test(text) ? false : text;
}

export function wholeNumber(
  placeholder: string,
  what: string,
  bounds: { readonly min: number; readonly max: number; readonly byDefault: number },
): Setting<number>;
export function wholeNumber(
  placeholder: string,
  what: string,
  bounds: { readonly min: number; readonly max: number },
): Setting<number | undefined>;
export function wholeNumber(
  placeholder: string,
  what: string,
  { min, max, byDefault }: { readonly min: number; readonly max: number; readonly byDefault?: number },
): Setting<number | undefined> {
  const wanted = `must be a whole number from ${min} to ${max}`;
  const schema = z.number(wanted).int(wanted).min(min, wanted).max(max, wanted);
  const decode = (text: string): unknown => (/^-?\d{1,15}$/.test(text) ? Number(text) : text);
  return { kind: 'plain', placeholder, what, schema, decode, byDefault, isShown: true };
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const dayMs = 86_400_000;

/** In milliseconds. Written with a unit, `500ms`, `2s`, `1m`: a bare number would leave people guessing. */
export function duration(what: string, byDefaultText: string): Setting<number>;
export function duration(what: string): Setting<number | undefined>;
export function duration(what: string, byDefaultText?: string): Setting<number | undefined> {
  const schema = z.unknown().transform((value, context) => {
    const ms = typeof value === 'string' ? durationMs(value) : undefined;
    if (ms !== undefined && ms > 0 && ms <= dayMs) return ms;
    context.addIssue({ code: 'custom', message: 'must be a time with its unit, such as 500ms, 2s or 1m' });
    return z.NEVER;
  });
  const byDefault = byDefaultText === undefined ? undefined : durationMs(byDefaultText);
  return {
    kind: 'plain',
    placeholder: '<time>',
    what,
    schema,
    decode: asIs,
    byDefault,
    isShown: true,
    ...(byDefaultText === undefined ? {} : { byDefaultText }),
  };
}

/** Undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  return parts === null ? undefined : Number(parts[1]) * unitsMs[parts[2]!]!;
}

export function choice<const C extends string>(choices: readonly C[], what: string, byDefault: C): Setting<C> {
  const wanted = `must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  const placeholder = `<${choices.join('|')}>`;
  const schema = z.enum(choices, wanted);
  return { kind: 'plain', placeholder, what, schema, decode: asIs, byDefault, isShown: true };
}

/** Texts: a list in a file, parted by commas in a flag. */
export function list(placeholder: string, what: string): Setting<readonly string[]> {
  const schema = z.array(filled('a text'), `must be a list of ${placeholder.replace(/[<>]/g, '')}`);
  return { kind: 'plain', placeholder, what, schema, decode: listOf, byDefault: [] };
}

/** Nodes: a list in a file, parted by commas in a flag. A bare `host:port` is completed by whoever uses them. */
export function urls(what: string, placeholder = '<urls>'): Setting<readonly string[]> {
  const wanted = 'must be a list of URLs such as valkey://10.0.0.1:6379';
  const schema = z.array(filled('a URL'), wanted).min(1, wanted).superRefine(checkUrls);
  return { kind: 'plain', placeholder, what, schema, decode: listOf, byDefault: [] };
}

function checkUrls(list: readonly string[], context: z.RefinementCtx): void {
  for (const url of list) {
    try {
      parseNodeUrl(withScheme(url, 'valkey'));
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  }
}

/** `host:port` as people write it, made a URL; a URL stays as it is. */
export function withScheme(url: string, scheme: 'valkey' | 'valkeys'): string {
  return /^([a-z][a-z0-9+.-]*:\/\/|unix:)/i.test(url) ? url : `${scheme}://${url}`;
}

/** Pairs of texts: a mapping in a file, `a=b,c=d` in a flag. */
export function mapping(placeholder: string, what: string): Setting<Readonly<Record<string, string>> | undefined> {
  const wanted = `must be a mapping, such as ${placeholder.replace(/[<>]/g, '')}`;
  const schema = z.record(z.string(), z.string(wanted), wanted);
  return { kind: 'plain', placeholder, what, schema, decode: decodeMapping, byDefault: undefined };
}

function decodeMapping(text: string): unknown {
  const parts = listOf(text).map((part) => /^([^=]+)=(.+)$/.exec(part));
  return parts.every((part) => part !== null) ? Object.fromEntries(parts.map((part) => [part![1], part![2]])) : text;
}
