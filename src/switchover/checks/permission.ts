import { ReplyError } from '../../resp/index.js';
import { NOTICE_CHANNEL } from '../../topology/index.js';
import type { ReachedNode } from '../survey/index.js';
import type { Check } from './check.js';
import type { Examination } from './examination.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';
import { countText } from './units.js';

interface Order {
  readonly args: readonly string[];
  /** Without it there is no switch; without the others there is one that does less. */
  readonly isNeeded: boolean;
}

const needed = (...args: string[]): Order => ({ args, isNeeded: true });
const useful = (...args: string[]): Order => ({ args, isNeeded: false });

const everywhere = [needed('INFO'), needed('ROLE'), needed('REPLICAOF', 'host', '1'), useful('CONFIG', 'REWRITE')];
const atOld = [
  needed('CLIENT', 'PAUSE', '1', 'WRITE'),
  needed('CLIENT', 'UNPAUSE'),
  useful('CLIENT', 'LIST'),
  useful('CLIENT', 'KILL', 'ID', '1'),
  useful('CONFIG', 'SET', 'min-replicas-to-write', '1'),
  useful('REPLCONF', 'capa', 'eof'),
  useful('PSYNC', 'host', '1'),
  useful('SET', 'segue:switch:key', '1', 'PX', '1'),
  useful('PUBLISH', NOTICE_CHANNEL, ''),
  useful('SUBSCRIBE', 'segue:answer:1'),
  useful('PUBSUB', 'NUMSUB', NOTICE_CHANNEL),
];
const atNew = [
  useful('CLIENT', 'LIST'),
  useful('CONFIG', 'SET', 'min-replicas-to-write', '1'),
  useful('WATCH', 'segue:switch:key'),
  useful('PTTL', 'segue:switch:key'),
  useful('MULTI'),
  useful('SET', 'segue:switch:key', '1'),
  useful('EXEC'),
  useful('DEL', 'segue:switch:key'),
  useful('PUBLISH', NOTICE_CHANNEL, ''),
];

/** Half a switch is worse than none, so every order is tried before the first is given; `ACL DRYRUN` executes nothing. */
export const permission: Check = {
  name: 'permission',
  what: 'our user may give every order of the switch at every node; tried with ACL DRYRUN',
  worst: 'refuse',
  async run(facts) {
    const { from, to, others, wanted } = facts;
    const failover = wanted.method === 'failover' ? [needed('FAILOVER', 'ABORT')] : [];
    const plan: [ReachedNode, Order[]][] = [
      [from, [...everywhere, ...atOld, ...failover]],
      [to, [...everywhere, ...atNew]],
      ...others.map((node): [ReachedNode, Order[]] => [node, everywhere]),
    ];
    const outcomes = (await Promise.all(plan.map(([node, orders]) => tryAll(facts, node, orders)))).flat();
    const count = plan.reduce((sum, [, orders]) => sum + orders.length, 0);
    return unlessEmpty(outcomes, ok('every order is allowed', `${countText(count, 'order')} tried`));
  },
};

async function tryAll(facts: Examination, node: ReachedNode, orders: readonly Order[]): Promise<Outcome[]> {
  try {
    const user = String(await facts.ask(node, 'ACL', 'WHOAMI'));
    const refused = await Promise.all(orders.map((order) => tryOne(facts, node, user, order)));
    return refused.flat();
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    const remedy = 'allow our user ACL WHOAMI and ACL DRYRUN, or be ready for a switch that is undone half way';
    return [warn('what our user may do cannot be tried', { node: node.name, measured: error.message, remedy })];
  }
}

async function tryOne(facts: Examination, node: ReachedNode, user: string, order: Order): Promise<Outcome[]> {
  const text = order.args.filter((arg) => arg !== '' && !/^(1|host)$/.test(arg)).join(' ');
  const tell = order.isNeeded ? refuse : warn;
  try {
    const reply = await facts.ask(node, 'ACL', 'DRYRUN', user, ...order.args);
    if (reply === 'OK') return [];
    const remedy = `ACL SETUSER ${user} +${order.args[0]!.toLowerCase()} (and &segue:* ~segue:*) at ${node.name}`;
    return [tell(`user ${user} may not ${text}`, { node: node.name, measured: String(reply), remedy })];
  } catch (error) {
    // A command that was renamed away is not known by its name.
    if (!(error instanceof ReplyError) || !/not found/i.test(error.message)) throw error;
    const remedy = 'undo rename-command in its configuration file';
    return [tell(`${text} is renamed or disabled`, { node: node.name, measured: error.message, remedy })];
  }
}
