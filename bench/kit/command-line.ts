import { parseArgs } from 'node:util';

/** What the user wrote cannot be used; the message says what can. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `flag` is a switch; anything else takes a value. */
export type Flags = Readonly<Record<string, 'flag' | 'value'>>;
export type Given<F extends Flags> = { readonly [K in keyof F]: F[K] extends 'flag' ? boolean : string | undefined };

/** @throws UsageError for anything that `flags` does not name. */
export function readFlags<F extends Flags>(flags: F): Given<F> {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, kind]) => [
      name,
      kind === 'flag' ? ({ type: 'boolean', default: false } as const) : ({ type: 'string' } as const),
    ]),
  );
  try {
    return parseArgs({ options, strict: true, allowPositionals: false }).values as Given<F>;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @throws UsageError */
export function wholeNumber(name: string, text: string | undefined, byDefault: number, min = 1, max = 1e9): number {
  if (text === undefined) return byDefault;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
}

/** @throws UsageError */
export function oneOf<T extends string>(name: string, text: string | undefined, all: readonly T[], byDefault: T): T {
  if (text === undefined) return byDefault;
  if ((all as readonly string[]).includes(text)) return text as T;
  throw new UsageError(`--${name} is one of ${all.join(', ')}, not ${JSON.stringify(text)}`);
}

/**
 * Runs a program to its end. Ctrl-C, a closed terminal and `kill` abort `signal`, and the program is then expected to stop what
 * it has started; a second one ends it at once, and what it has started dies with it. Sets the exit code: 2 for a
 * UsageError, 130 after Ctrl-C.
 */
export async function runProgramUntilSignal(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (abort.signal.aborted) process.exit(130);
      abort.abort();
    });
  }
  try {
    await main(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) {
      const known = error instanceof UsageError || (error as Error).name === 'LabError';
      const hint = error instanceof UsageError ? ' (--help tells what there is)' : '';
      console.error(known ? `${(error as Error).message}${hint}` : error);
      process.exitCode = error instanceof UsageError ? 2 : 1;
    }
  }
  if (abort.signal.aborted) process.exitCode = 130;
}
