import type { Identity, Report } from '../../../src/topology/replication-report.js';
import type { TopologyEvent } from '../../../src/topology/topology-event.js';
import { emptyWatch, newNode } from '../../../src/topology/watch-draft.js';
import type {
  PrimaryView,
  WatchConfig,
  WatchEffect,
  WatchEvent,
  WatchState,
} from '../../../src/topology/watch-state.js';
import { nextWakeMs, watchStep } from '../../../src/topology/watch-step.js';
import { type Address, formatAddress, parseAddress } from '../../../src/transport/index.js';

/** A server, reduced to what a probe sees of it. */
export interface FakeNode {
  readonly name: string;
  /** Its addresses; servers announce the first. */
  readonly addresses: string[];
  state: 'up' | 'down' | 'frozen';
  process: string;
  role: 'primary' | 'replica';
  replid: string;
  parent: string | undefined;
  follows: string | undefined;
  offset: number;
  tcpPort: number | undefined;
  /** Where alone it speaks TLS, for a watch that does. */
  tlsPort: number | undefined;
  loading: boolean;
  /** INFO is denied. */
  roleOnly: boolean;
  dials: number;
  probes: number;
}

/** Servers that do as servers do with their replication ids. */
export class World {
  readonly nodes = new Map<string, FakeNode>();
  #ids = 0;

  add(name: string, ...addresses: string[]): FakeNode {
    const node: FakeNode = {
      name,
      addresses: addresses.length > 0 ? addresses : [`${name.toLowerCase()}:1`],
      state: 'up',
      process: this.#id('p'),
      role: 'primary',
      replid: this.#id('r'),
      parent: undefined,
      follows: undefined,
      offset: 0,
      tcpPort: undefined,
      tlsPort: undefined,
      loading: false,
      roleOnly: false,
      dials: 0,
      probes: 0,
    };
    this.nodes.set(name, node);
    return node;
  }

  at(name: string): FakeNode {
    return this.nodes.get(name)!;
  }

  /** `B>A`: B follows A, as after a full sync or, with `partial`, keeping its former id as the second one. */
  follow(name: string, primary: string, partial = false): void {
    const node = this.at(name);
    const { replid, offset } = this.at(primary);
    Object.assign(node, {
      role: 'replica',
      follows: primary,
      parent: partial ? node.replid : undefined,
      replid,
      offset,
    });
  }

  promote(name: string): void {
    const node = this.at(name);
    Object.assign(node, { role: 'primary', follows: undefined, parent: node.replid, replid: this.#id('r') });
  }

  /** A new process; alone as a primary unless it follows somebody. With `saved` it remembers its id from the RDB file. */
  restart(name: string, saved: boolean, primary?: string): void {
    const node = this.at(name);
    const parent = saved ? node.replid : undefined;
    Object.assign(node, {
      state: 'up',
      process: this.#id('p'),
      role: 'primary',
      follows: undefined,
      replid: this.#id('r'),
      parent,
    });
    if (primary !== undefined) this.follow(name, primary);
  }

  identity(node: FakeNode): Identity {
    return {
      runId: node.roleOnly ? undefined : node.process,
      tcpPort: node.tcpPort,
      version: '9.1.0',
      mode: 'standalone',
    };
  }

  report(node: FakeNode): Report {
    const upstream = node.follows === undefined ? undefined : this.at(node.follows);
    const replicas = [...this.nodes.values()].filter((other) => other.follows === node.name && other.state !== 'down');
    return {
      role: node.role,
      loading: node.loading,
      replid: node.roleOnly ? undefined : node.replid,
      parent: node.roleOnly ? undefined : node.parent,
      secondOffset: undefined,
      offset: node.offset,
      upstream: upstream && { ...endpoint(upstream.addresses[0]!), linkUp: upstream.state === 'up' },
      replicas: replicas.map((other) => ({ ...endpoint(other.addresses[0]!), online: true, offset: other.offset })),
      failover: undefined,
    };
  }

  /** Who answers at an address, whatever is announced. */
  behind(address: string): FakeNode | undefined {
    return [...this.nodes.values()].find((node) => node.addresses.includes(address));
  }

  #id(kind: string): string {
    return `${kind}${++this.#ids}`;
  }
}

export const endpoint = (text: string) => {
  const address = parseAddress(text) as Address & { kind: 'tcp' };
  return { host: address.host, port: address.port };
};

/** The watch's step function and a world, joined by a network that answers at once and a clock that stands still. */
export class WatchSim {
  state: WatchState;
  nowMs = 0;
  readonly events: TopologyEvent[] = [];
  readonly published: PrimaryView[] = [];
  readonly answers = new Map<number, string>();
  /** Every effect as text, for transcripts. */
  readonly log: string[] = [];
  /** Set to keep answers of the network back until deliver(). */
  slow = false;
  readonly #inbox: (() => WatchEvent | undefined)[] = [];
  readonly #links = new Map<string, { node: FakeNode; process: string } | undefined>();
  #ids = 0;

  constructor(
    readonly world: World,
    seeds: string[],
    config: Partial<WatchConfig> = {},
  ) {
    const nodes = seeds.map((seed) => newNode(parseAddress(seed)!, true));
    const all: WatchConfig = {
      probeIntervalMs: 1000,
      seekIntervalMs: 20,
      connectTimeoutMs: 2000,
      tls: false,
      mapAddress: (one) => ({ kind: 'tcp', ...one }),
      ...config,
    };
    this.state = { ...emptyWatch(all), nodes: new Map(nodes.map((node) => [node.key, node])) };
  }

  start(): this {
    this.handle({ type: 'start' });
    return this;
  }

  get primary(): string | undefined {
    const { standing } = this.state;
    return standing.kind === 'settled' ? this.world.behind(standing.view.node)?.name : undefined;
  }

  get term(): number {
    return this.state.lineage.reign?.term ?? 0;
  }

  /** Raises a suspicion; the answer is in `answers` under the id returned: `B/2` or `unknown`. */
  suspect(node: string | undefined, hint?: string): number {
    const id = ++this.#ids;
    const where = node === undefined ? undefined : this.world.at(node).addresses[0];
    this.handle({ type: 'suspect', id, node: where, hint: hint === undefined ? undefined : endpoint(hint) });
    return id;
  }

  handle(event: WatchEvent): void {
    this.#step(event);
    if (!this.slow) this.deliver();
  }

  /** Lets the network answer. */
  deliver(): void {
    for (let count = 0; this.#inbox.length > 0; count++) {
      if (count > 10_000) throw new Error('the watch and the world do not come to rest');
      const event = this.#inbox.shift()!();
      if (event) this.#step(event);
    }
  }

  /** Kills of processes are seen by open connections. */
  noticeDeaths(): void {
    for (const [key, link] of this.#links) {
      if (!link || (link.node.state !== 'down' && link.node.process === link.process)) continue;
      this.#links.delete(key);
      this.handle({ type: 'closed', node: key, failure: { kind: 'network', reason: 'connection lost' } });
    }
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let count = 0; ; count++) {
      if (count > 100_000) throw new Error('the watch never sleeps');
      const dueMs = nextWakeMs(this.state);
      if (dueMs === undefined || dueMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, dueMs);
      this.handle({ type: 'wake' });
    }
    this.nowMs = untilMs;
  }

  #step(event: WatchEvent): void {
    const { state, effects } = watchStep(this.state, event, this.nowMs);
    this.state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: WatchEffect): void {
    this.log.push(describeEffect(effect));
    if (effect.type === 'dial')
      this.#inbox.push(() => this.#connect(effect.node, formatAddress(effect.address), effect.seq));
    else if (effect.type === 'probe') this.#inbox.push(() => this.#probe(effect.node, effect.seq));
    else if (effect.type === 'hang-up') this.#links.delete(effect.node);
    else if (effect.type === 'publish') this.published.push(effect.view);
    else if (effect.type === 'event') this.events.push(effect.event);
    else
      this.answers.set(
        effect.id,
        effect.view ? `${this.world.behind(effect.view.node)?.name}/${effect.view.term}` : 'unknown',
      );
  }

  #connect(key: string, address: string, seq: number): WatchEvent | undefined {
    const node = this.world.behind(address);
    if (node) node.dials++;
    const isPlain = node?.tlsPort !== undefined && !address.endsWith(`:${node.tlsPort}`);
    if (!node || node.state === 'down' || isPlain) {
      return { type: 'closed', node: key, failure: { kind: 'network', reason: `${key}: refused` } };
    }
    this.#links.set(key, { node, process: node.process });
    if (node.state === 'frozen') return undefined;
    const identity = this.world.identity(node);
    return { type: 'probed', node: key, seq, report: this.world.report(node), identity, roleOnly: node.roleOnly };
  }

  #probe(key: string, seq: number): WatchEvent | undefined {
    const link = this.#links.get(key);
    if (link?.node.state !== 'up' || link.node.process !== link.process) return undefined;
    link.node.probes++;
    const report = this.world.report(link.node);
    return { type: 'probed', node: key, seq, report, identity: undefined, roleOnly: link.node.roleOnly };
  }
}

function describeEffect(effect: WatchEffect): string {
  if (effect.type === 'event') return `event ${effect.event.type}`;
  if (effect.type === 'publish') return `publish ${effect.view.node} term ${effect.view.term}`;
  if (effect.type === 'answer')
    return `answer ${effect.view ? `${effect.view.node} term ${effect.view.term}` : 'unknown'}`;
  return `${effect.type} ${effect.node}`;
}
