/** One connection, as CLIENT LIST shows it. What a version does not tell is empty or undefined. */
export interface ClientFacts {
  readonly id: number;
  readonly addr: string;
  readonly name: string;
  /** Client library, since Redis 7.2. */
  readonly libName: string;
  readonly libVersion: string;
  readonly user: string;
  readonly db: number;
  /** The last command, subcommands as `client|list`. */
  readonly command: string;
  readonly flags: string;
  /** What it has announced with CLIENT CAPA, `r` for redirect; undefined when the version does not tell (before Valkey 8.1). */
  readonly capa: string | undefined;
  readonly subscriptions: number;
  readonly idleSeconds: number;
  /** In a transaction with this many commands queued. */
  readonly queued: number | undefined;
  /** Bytes of its output that the server holds. */
  readonly outputBytes: number;
}

/** Reads CLIENT LIST. Names hold no spaces, so the fields split there. */
export function readClients(text: string): ClientFacts[] {
  return text.split('\n').flatMap((line) => (line.startsWith('id=') ? [readClient(line)] : []));
}

function readClient(line: string): ClientFacts {
  const fields = new Map<string, string>();
  for (const pair of line.split(' ')) {
    const equals = pair.indexOf('=');
    if (equals > 0) fields.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  const text = (name: string): string => fields.get(name) ?? '';
  const count = (name: string): number => Number(fields.get(name) ?? 0) || 0;
  const multi = fields.get('multi');
  return {
    id: count('id'),
    addr: text('addr'),
    name: text('name'),
    libName: text('lib-name'),
    libVersion: text('lib-ver'),
    user: text('user'),
    db: count('db'),
    command: text('cmd'),
    flags: text('flags'),
    capa: fields.get('capa'),
    subscriptions: count('sub') + count('psub') + count('ssub'),
    idleSeconds: count('idle'),
    queued: multi === undefined || multi === '-1' ? undefined : Number(multi),
    outputBytes: count('omem'),
  };
}
