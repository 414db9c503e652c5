import { type Order, SwitchNode } from './switch-node.js';
import type { FenceReport } from './switch-report.js';

/** A parameter of the old primary, and its values without and with the fence. */
export interface Setting {
  readonly name: string;
  readonly was: string;
  readonly fenced: string;
}

/** What there is to restore: part of the journal. */
export interface FencePlan {
  readonly settings: readonly Setting[];
  /** Of these none may reach the configuration file. */
  readonly transient: readonly Setting[];
  /** The node has a configuration file to write the settings to. */
  readonly inFile: boolean;
}

/** A replica that has not acknowledged for so long does not count, in seconds. */
export const FENCE_LAG_MAX_S = 3;
/** The server counts whole seconds, once a second: so long a node that is silent may count all the same. */
export const FENCE_ARMS_WITHIN_MS = (FENCE_LAG_MAX_S + 2) * 1_000 + 500;
/** Seconds that do not come; also the mark by which a fence that was left behind is known. */
export const NEVER = 2_147_483_647;

const TO_WRITE = 'min-replicas-to-write';
const LAG = 'min-replicas-max-lag';
const SYNC_DELAY = 'repl-diskless-sync-delay';
const SYNC = 'repl-diskless-sync';
const PINGS = ['repl-ping-replica-period', 'repl-ping-slave-period'];

/**
 * What makes the old primary refuse writes by itself as soon as its replica has been promoted, whoever is still alive
 * then: it wants as many replicas as it has now, and the promoted one leaves. As long as all are attached it changes
 * nothing. It outlives the pause, the operator and, where there is a configuration file, the server process.
 *
 * Two more things belong to it. A full sync begins never: a promoted node that comes back as the replica it once was
 * (its own configuration file says so) would open the old primary again, and lose what it has taken meanwhile. And the
 * primary sends no PING, which would move its offset between the last comparison and the promotion.
 */
export class Fence {
  private plan: FencePlan | undefined;
  private state: 'down' | 'raised' = 'down';
  private armed = false;
  private persistent = false;
  readonly notes: string[] = [];

  /** Reads what is to be restored. `replicas`: how many are attached to the node. Nothing is changed yet. */
  async measure(node: SwitchNode, replicas: number, inFile: boolean): Promise<void> {
    try {
      const config = await node.config(TO_WRITE, LAG, SYNC, SYNC_DELAY, ...PINGS);
      this.plan = planFence(config, replicas, inFile);
      if (this.plan === undefined) this.notes.push(`${node.name} does not know ${TO_WRITE}`);
    } catch (error) {
      if (!SwitchNode.refused(error)) throw error;
      this.notes.push(`${node.name} does not let its configuration be read: ${error.message}`);
    }
  }

  /** The fence of a switch that somebody else began. */
  adopt(plan: FencePlan | undefined): void {
    this.plan = plan;
    if (plan === undefined) return;
    this.state = 'raised';
    this.armed = true;
    this.persistent = plan.inFile;
  }

  get planned(): FencePlan | undefined {
    return this.plan;
  }

  get isArmed(): boolean {
    return this.armed;
  }

  get isPersistent(): boolean {
    return this.persistent;
  }

  /** Where it is not permitted, everything is as before, and a note says so. */
  async raise(node: SwitchNode): Promise<void> {
    const { plan } = this;
    if (plan === undefined) return;
    this.state = 'raised';
    const refusal = (await node.askAll(plan.settings.map(fencedOrder))).find(SwitchNode.refused);
    if (refusal !== undefined) {
      await node.askAll(plan.settings.map(restoreOrder));
      this.state = 'down';
      this.notes.push(`${node.name} cannot be fenced, only paused: ${refusal.message}`);
      return;
    }
    this.armed = true;
    if (plan.inFile) {
      const [reply] = await node.askAll([['CONFIG', 'REWRITE']]);
      if (SwitchNode.refused(reply)) this.notes.push(`${node.name}: the fence would not outlive it: ${reply.message}`);
      else this.persistent = true;
    } else {
      this.notes.push(`${node.name} has no configuration file: the fence would not outlive it`);
    }
    const pings = (await node.askAll(plan.transient.map(fencedOrder))).find(SwitchNode.refused);
    if (pings !== undefined) this.notes.push(`${node.name} keeps its pings: ${pings.message}`);
  }

  /** What restores the original values; the configuration file is another matter. */
  lowerOrders(): Order[] {
    if (this.plan === undefined || this.state === 'down') return [];
    return [...this.plan.settings, ...this.plan.transient].map(restoreOrder);
  }

  /** Whether the node's configuration file may have the fence in it. */
  get inFile(): boolean {
    return this.state === 'raised' && this.plan?.inFile === true;
  }

  report(timed: boolean, notes: readonly string[]): FenceReport {
    return { armed: this.armed, persistent: this.persistent, timed, notes: [...this.notes, ...notes] };
  }
}

/** Undefined when the server cannot be fenced at all. */
export function planFence(
  config: ReadonlyMap<string, string>,
  replicas: number,
  inFile: boolean,
): FencePlan | undefined {
  const setting = (name: string, fenced: (was: string) => string): Setting[] => {
    const was = config.get(name);
    return was === undefined || was === fenced(was) ? [] : [{ name, was, fenced: fenced(was) }];
  };
  if (!config.has(TO_WRITE) || !config.has(LAG)) return undefined;
  const ping = PINGS.find((name) => config.has(name));
  return {
    settings: [
      ...setting(SYNC, () => 'yes'),
      ...setting(SYNC_DELAY, () => String(NEVER)),
      // 0 turns the whole check off.
      ...setting(LAG, (was) => String(Math.min(Number(was) || FENCE_LAG_MAX_S, FENCE_LAG_MAX_S))),
      ...setting(TO_WRITE, (was) => String(Math.max(Number(was), replicas))),
    ],
    transient: ping === undefined ? [] : setting(ping, () => String(NEVER)),
    inFile,
  };
}

function fencedOrder({ name, fenced }: Setting): Order {
  return ['CONFIG', 'SET', name, fenced];
}

function restoreOrder({ name, was }: Setting): Order {
  return ['CONFIG', 'SET', name, was];
}
