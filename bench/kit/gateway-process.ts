/**
 * A gateway in a process of its own, without an admin endpoint: `node gateway-process.js <GatewayOptions as JSON>`. Tells its
 * port; asked for `memory` it tells that after a collection (with --expose-gc), asked for `census` how its clients are, for
 * `moves` how many there have been, which costs it nothing.
 */
import { Gateway, type GatewayOptions } from '../../src/gateway/index.js';

export interface Census {
  readonly clients: number;
  /** Clients by the node that they are with; those that are with none, or not quite yet, are under ''. */
  readonly byNode: Readonly<Record<string, number>>;
  /** Of all sessions, since the start. */
  readonly moves: number;
  readonly replayed: number;
  readonly uncertain: number;
  readonly resubscribed: number;
  readonly givenUp: number;
  readonly closedByUs: number;
  readonly commands: number;
}

export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

export type GatewayNews =
  | { readonly port: number }
  | { readonly memory: Memory }
  | { readonly census: Census }
  | { readonly moves: number };

const tell = (news: GatewayNews): void => {
  process.send?.(news, undefined, undefined, () => {}); // whoever asked may have gone
};

const gateway = new Gateway(JSON.parse(process.argv[2]!) as GatewayOptions);
await gateway.start();
process.on('message', (question) => {
  if (question === 'memory') tell({ memory: memoryNow() });
  else if (question === 'census') tell({ census: censusNow() });
  else if (question === 'moves') tell({ moves: gateway.listeners[0]!.tally.moves });
});
process.on('disconnect', () => process.exit());
// A Ctrl-C in the terminal is for the one who started us.
process.on('SIGINT', () => {});
const { address } = gateway.listeners[0]!.entrance;
if (address.kind === 'tcp') tell({ port: address.port });

function memoryNow(): Memory {
  const collect = (globalThis as { gc?: () => void }).gc;
  for (let times = 0; times < 3; times++) collect?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external };
}

function censusNow(): Census {
  const { entrance, tally } = gateway.listeners[0]!;
  const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0);
  const { moves, replayed, uncertain, resubscribed, givenUp } = tally;
  const byNode: Record<string, number> = {};
  for (const { handler } of entrance.clients) {
    const { node = '', state } = handler?.describe() ?? {};
    const where = state === 'flowing' ? node : '';
    byNode[where] = (byNode[where] ?? 0) + 1;
  }
  return {
    clients: entrance.clients.size,
    byNode,
    moves,
    replayed,
    uncertain,
    resubscribed,
    givenUp: sum(givenUp.values()),
    closedByUs: sum(entrance.counts.closed.values()),
    commands: entrance.traffic.commands,
  };
}
