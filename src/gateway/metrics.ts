import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Entrance } from './entrance.js';
import type { Gateway } from './gateway.js';
import type { GatewayListener } from './gateway-listener.js';

/** Seconds. A planned switch holds commands for milliseconds, a failover for as long as it takes to notice the loss. */
const HOLD_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Seconds. An answer of a server nearby takes a tenth of a millisecond. */
const ANSWER_BUCKETS_S = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

/** A value for a set of labels. */
type Sample = readonly [labels: Record<string, string>, value: number];

/** A gateway's counts for Prometheus. They are read when somebody asks: counting costs the data path nothing. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #holds: Histogram<'listener'>;
  readonly #answers: Histogram<'listener'>;

  constructor(private readonly gateway: Gateway) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#holds = new Histogram({
      name: 'segue_gateway_hold_seconds',
      help: 'How long a session was with no node, each time that it went on.',
      labelNames: ['listener'],
      buckets: HOLD_BUCKETS_S,
      registers,
    });
    this.#answers = new Histogram({
      name: 'segue_gateway_answer_seconds',
      help: 'From the arrival of commands until their answer left, of a sample of them.',
      labelNames: ['listener'],
      buckets: ANSWER_BUCKETS_S,
      registers,
    });
    gateway.observe({
      session: (listener, event) => {
        if (event.type === 'move') this.#holds.observe({ listener }, event.heldMs / 1000);
      },
      answered: (listener, ms) => this.#answers.observe({ listener }, ms / 1000),
      listenerGone: (listener) => {
        this.#holds.remove({ listener });
        this.#answers.remove({ listener });
      },
    });
    this.#listenerCounters();
    this.#listenerGauges();
    this.#nodeGauges();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #listenerCounters(): void {
    const each = (read: (listener: GatewayListener) => number) => (listener: GatewayListener) =>
      [[{}, read(listener)]] as const;
    const by =
      (label: string, read: (listener: GatewayListener) => ReadonlyMap<string, number>) =>
      (listener: GatewayListener): Sample[] =>
        [...read(listener)].map(([name, value]) => [{ [label]: name }, value]);
    this.#counter(
      'clients_accepted',
      'Clients that were let in.',
      [],
      each(({ entrance }) => entrance.counts.accepted),
    );
    this.#counter(
      'clients_closed',
      'Clients that the gateway closed, by reason.',
      ['reason'],
      by('reason', ({ entrance }) => entrance.counts.closed),
    );
    this.#counter(
      'handshakes_failed',
      'TLS handshakes that failed.',
      [],
      each(({ entrance }) => entrance.counts.handshakesFailed),
    );
    this.#counter(
      'received_bytes',
      'Bytes from clients.',
      [],
      each(({ entrance }) => entrance.traffic.receivedBytes),
    );
    this.#counter(
      'sent_bytes',
      'Bytes to clients.',
      [],
      each(({ entrance }) => entrance.traffic.sentBytes),
    );
    this.#counter(
      'commands',
      'Commands from clients.',
      [],
      each(({ entrance }) => entrance.traffic.commands),
    );
    this.#counter(
      'commands_refused',
      'Guarded commands that were not let through.',
      ['command'],
      by('command', ({ entrance }) => entrance.counts.refused),
    );
    this.#counter(
      'restraints',
      'How often a client had to wait because all together had too much outstanding.',
      [],
      each(({ entrance }) => entrance.counts.restraints),
    );
    this.#counter(
      'moves',
      'Sessions that took up on a node.',
      [],
      each(({ tally }) => tally.moves),
    );
    this.#counter(
      'commands_replayed',
      'Commands that were sent again on another connection.',
      [],
      each(({ tally }) => tally.replayed),
    );
    this.#counter(
      'commands_uncertain',
      'Commands that were answered UNCERTAIN.',
      [],
      each(({ tally }) => tally.uncertain),
    );
    this.#counter(
      'commands_given_up',
      'Commands that were answered with an error of the gateway, by code.',
      ['code'],
      by('code', ({ tally }) => tally.givenUp),
    );
    this.#counter(
      'joins_failed',
      'Connections to nodes that could not be used.',
      [],
      each(({ tally }) => tally.joinsFailed),
    );
    this.#counter(
      'replica_fallbacks',
      'Times that a session which reads from replicas left one, and no other was fit.',
      [],
      each(({ tally }) => tally.fallbacks),
    );
    this.#counter(
      'resubscribed',
      'Moves of subscribed sessions in which messages may have been missed.',
      [],
      each(({ tally }) => tally.resubscribed),
    );
  }

  #listenerGauges(): void {
    this.#gauge('clients', 'Clients at this moment.', ['listener'], () =>
      this.#listeners.map(({ name, entrance }) => [{ listener: name }, entrance.clients.size]),
    );
    this.#gauge('held_bytes', 'Bytes of commands without an answer.', ['listener'], () =>
      this.#listeners.map(({ name, entrance }) => [{ listener: name }, entrance.heldBytes]),
    );
    this.#gauge('clients_shared', 'Clients whose commands go over shared connections.', ['listener'], () =>
      this.#listeners.map(({ name, entrance }) => [{ listener: name }, sharing(entrance)]),
    );
    this.#gauge('shared_connections', 'Connections to nodes that clients have in common.', ['listener'], () =>
      this.#listeners.map(({ name, entrance }) => [{ listener: name }, entrance.sharedConnections]),
    );
    this.#gauge('ready', '1: every listener serves.', [], () => [[{}, this.gateway.unready === undefined ? 1 : 0]]);
  }

  #nodeGauges(): void {
    const nodes = () => this.gateway.nodes();
    this.#gauge('node_up', '1: the node answers.', ['node'], () =>
      nodes().map(({ node, state }) => [{ node }, state === 'up' ? 1 : 0]),
    );
    this.#gauge(
      'node_lag_seconds',
      'For a replica: how old the state of the primary is that it is known to have. Up to two probe intervals mean nothing.',
      ['node'],
      () => nodes().flatMap(({ node, lagMs }) => (lagMs === undefined ? [] : [[{ node }, lagMs / 1000]])),
    );
    this.#gauge('node_primary', '1: the node is the primary that clients are sent to.', ['node'], () =>
      nodes().map(({ node, isPrimary }) => [{ node }, isPrimary ? 1 : 0]),
    );
  }

  get #listeners(): readonly GatewayListener[] {
    return this.gateway.listeners;
  }

  #counter(
    name: string,
    help: string,
    labels: readonly string[],
    read: (listener: GatewayListener) => readonly Sample[],
  ): void {
    const metrics = this;
    new Counter({
      name: `segue_gateway_${name}_total`,
      help,
      labelNames: ['listener', ...labels],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const listener of metrics.#listeners) {
          for (const [more, value] of read(listener)) this.inc({ listener: listener.name, ...more }, value);
        }
      },
    });
  }

  #gauge(name: string, help: string, labelNames: readonly string[], read: () => Iterable<Sample>): void {
    new Gauge({
      name: `segue_gateway_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        this.reset();
        // Two listeners have the same name while the former lets its clients out.
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  }
}

function sharing({ clients }: Entrance): number {
  let count = 0;
  for (const { handler } of clients) if (handler?.describe().shared === true) count++;
  return count;
}
