import { encodeError } from '../resp/index.js';

const NEEDS_AN_ID = encodeError(
  'ERR',
  'CLIENT TRACKING with REDIRECT is not possible here: the id of a connection changes when the primary does (use RESP3)',
);

const SUBSCRIBES = /^[ps]?(un)?subscribe$/;

/**
 * What a session could not carry to another node without the client's being wrong about it afterwards: it is refused at
 * once, rather than lost unseen at the next move. Undefined: admitted. `name` is in lower case.
 */
export function inadmissible(name: string, args: readonly Buffer[], inTransaction: boolean): Buffer | undefined {
  if (name === 'client') return redirectsTracking(args) ? NEEDS_AN_ID : undefined;
  // Servers answer EXEC with a confirmation per name, of which the array counts only the first.
  if (inTransaction && SUBSCRIBES.test(name)) {
    return encodeError('ERR', `${name.toUpperCase()} is not possible within a transaction`);
  }
  return undefined;
}

function redirectsTracking(args: readonly Buffer[]): boolean {
  const [, subcommand, state, ...options] = args.map((arg) => arg.toString('latin1').toLowerCase());
  return subcommand === 'tracking' && state === 'on' && takesRedirect(options);
}

/** A prefix may be called like an option. */
function takesRedirect(options: readonly string[]): boolean {
  return options.some((option, at) => option === 'redirect' && options[at - 1] !== 'prefix');
}
