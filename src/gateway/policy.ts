import { encodeError, RespError } from '../resp/index.js';

/**
 * Commands that would go behind the gateway's back: they change roles, end servers, or name addresses that lead past it.
 * They are not let through unless the listener's configuration allows them by name.
 */
export const GUARDED: Readonly<Record<string, string>> = {
  replicaof: 'roles are changed by a switch',
  slaveof: 'roles are changed by a switch',
  failover: 'roles are changed by a switch',
  shutdown: 'servers are stopped by their operators',
  debug: 'it can stop or stall the server',
  cluster: 'it would show addresses that lead past the gateway',
  sync: 'replicas follow a server, not a gateway',
  psync: 'replicas follow a server, not a gateway',
  replconf: 'replicas follow a server, not a gateway',
};

/** As a server says it that is no cluster: clients that ask go on without one. */
const NO_CLUSTER = encodeError('ERR', 'This instance has cluster support disabled');
const OK = Buffer.from('+OK\r\n');

/**
 * With these a request of a browser gives itself away. A server hangs up then, so that a web page cannot have its user's browser send
 * commands. A session would outlive that, and what stands in the body would be executed.
 */
const HTTP = new Set(['post', 'host:']);

/** What a listener answers by itself: guarded commands, and what older servers do not know but clients of a gateway may say. */
export class Policy {
  readonly #refusals = new Map<string, Buffer>();

  constructor(
    allowed: readonly string[],
    private readonly onRefused: (command: string) => void,
  ) {
    const open = new Set(allowed.map((name) => name.toLowerCase()));
    for (const [name, why] of Object.entries(GUARDED)) {
      if (!open.has(name)) this.#refusals.set(name, name === 'cluster' ? NO_CLUSTER : refusal(name, why));
    }
  }

  /** Undefined: the server answers. `name` is in lower case. @throws RespError for HTTP: nothing more may be taken. */
  answer(name: string, args: readonly Buffer[]): Buffer | undefined {
    if (HTTP.has(name)) throw new RespError('SEGUE_RESP_HTTP');
    if (name === 'client') return isCapa(args) ? OK : undefined;
    const refused = this.#refusals.get(name);
    if (refused !== undefined) this.onRefused(name);
    return refused;
  }
}

function refusal(name: string, why: string): Buffer {
  const remedy = `to let it through, list it under "allow" of this listener`;
  return encodeError('GATEWAYREFUSED', `${name.toUpperCase()} is not let through by the gateway: ${why} (${remedy})`);
}

/** The session itself tells each node that it follows redirects; what a client can do besides is of no use behind it. */
function isCapa(args: readonly Buffer[]): boolean {
  return args.length > 2 && args[1]!.toString('latin1').toLowerCase() === 'capa';
}
