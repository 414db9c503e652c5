/** The part of a structured logger (pino, for one) that a gateway writes to. Fields hold no secrets. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const FRAMES = 12;

/** What and where, without the message: some of Node's repeat the values that they complain of. */
export function traceOf(error: unknown): { what: string; at: string[] } {
  if (!(error instanceof Error)) return { what: typeof error, at: [] };
  const { code } = error as NodeJS.ErrnoException;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const what = typeof code === 'string' ? `${error.name} ${code}` : error.name;
  return { what, at: frames.slice(0, FRAMES).map((line) => line.trim().slice('at '.length)) };
}

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
