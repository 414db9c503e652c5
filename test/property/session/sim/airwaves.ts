import { array, Broadcast, message, pmessage } from '../../../scenario/session/broadcast.js';
import type { Connection } from '../../../scenario/session/stage.js';

const MARK = 'segue:mark:test';
const NODES = ['A', 'B', 'C'] as const;
const CHANNELS = ['p0', 'p1', 'p2'];

export type AirStep =
  | { is: 'publish'; publisher: number }
  | { is: 'replicate'; count: number }
  /** Bytes of the node's connections reach the session, in one chunk each. */
  | { is: 'bring'; node: number; count: number }
  /** The node executes the next command of each connection. */
  | { is: 'answer'; node: number }
  /** The marker that was asked for is published. */
  | { is: 'light' | 'prepare' | 'hold' | 'release' }
  /** Another node becomes the primary; the session is told only by `tell`. */
  | { is: 'switch' | 'tell' };

interface Publication {
  readonly channel: string;
  readonly text: string;
}

/** A connection as its node sees it. */
interface Peer {
  readonly names: Set<string>;
  /** On their way to the session. */
  readonly out: string[];
  isOpen: boolean;
}

/**
 * Three nodes, two of them replicas, and one subscribed session. All nodes carry the same stream of publications; each
 * replica is somewhere in it, and each connection's bytes are somewhere on their way.
 */
export class Airwaves {
  readonly published: Publication[] = [];
  readonly #stream: Publication[] = [];
  /** How much of the stream each node has executed. */
  readonly #at = [0, 0, 0];
  readonly #peers = new Map<Connection, Peer>();
  readonly #stage = new Broadcast({ handoverTimeoutMs: 60_000 }, MARK);
  readonly #numbers = [0, 0, 0];
  #primary = 0;
  #term = 1;
  #lit = 0;

  constructor() {
    this.#stage.session.open({ node: 'A', term: 1 });
    this.#run();
    this.#stage.client(`SUBSCRIBE ${CHANNELS.join(' ')}`, 'PSUBSCRIBE p*');
    this.#run();
    this.#stage.received();
  }

  /** What the client received. */
  heard(): string[] {
    return this.#stage.received();
  }

  get resubscribed(): number {
    return this.#stage.types().filter((type) => type === 'resubscribed').length;
  }

  take(step: AirStep): void {
    const { session } = this.#stage;
    switch (step.is) {
      case 'publish': {
        const text = String(++this.#numbers[step.publisher]!);
        const publication = { channel: CHANNELS[step.publisher]!, text };
        this.published.push(publication);
        this.#publish(publication);
        return;
      }
      case 'replicate':
        for (const [node] of NODES.entries()) this.#execute(node, this.#at[node]! + step.count);
        return;
      case 'bring':
        for (const connection of this.#open(step.node)) this.#bring(connection, step.count);
        return;
      case 'answer':
        for (const connection of this.#open(step.node)) this.#answer(connection, step.node);
        return;
      case 'light':
        if (this.#lit < this.#stage.lit.length) this.#publish({ channel: MARK, text: String(++this.#lit) });
        return;
      case 'prepare':
        session.prepare({ node: NODES[(this.#primary + 1) % NODES.length]!, term: this.#term });
        return;
      case 'hold':
        session.hold(50_000);
        return;
      case 'release':
        session.release();
        return;
      case 'switch':
        this.#primary = (this.#primary + 1) % NODES.length;
        this.#term++;
        this.#execute(this.#primary, this.#stream.length);
        return;
      case 'tell':
        this.#stage.primary(NODES[this.#primary]!, this.#term);
        return;
    }
  }

  /** All that is under way arrives. */
  settle(): void {
    this.take({ is: 'release' });
    for (let round = 0; round < 50; round++) {
      this.take({ is: 'tell' });
      this.take({ is: 'light' });
      this.#run();
    }
  }

  /** Everybody does all that there is to do. */
  #run(): void {
    for (let round = 0; round < 10; round++) {
      this.take({ is: 'replicate', count: Number.POSITIVE_INFINITY });
      for (const [node] of NODES.entries()) {
        this.take({ is: 'answer', node });
        this.take({ is: 'bring', node, count: Number.POSITIVE_INFINITY });
      }
    }
  }

  #publish(publication: Publication): void {
    this.#stream.push(publication);
    this.#execute(this.#primary, this.#stream.length);
  }

  #execute(node: number, upTo: number): void {
    const end = Math.min(upTo, this.#stream.length);
    const executed = this.#stream.slice(this.#at[node], end);
    this.#at[node] = Math.max(end, this.#at[node]!);
    for (const { channel, text } of executed) {
      for (const connection of this.#open(node)) {
        const { names, out } = this.#peer(connection);
        if (names.has(channel)) out.push(message(channel, text));
        if (names.has('p*') && channel.startsWith('p')) out.push(pmessage('p*', channel, text));
      }
    }
  }

  #bring(connection: Connection, count: number): void {
    const frames = this.#peer(connection).out.splice(0, count);
    if (frames.length > 0) connection.send(...frames);
  }

  #answer(connection: Connection, node: number): void {
    const peer = this.#peer(connection);
    if (!peer.isOpen) {
      peer.isOpen = true;
      connection.handlers.onOpen();
    }
    const command = connection.commands.shift();
    if (command !== undefined) peer.out.push(...this.#replies(peer, command.split(' '), node));
  }

  #replies({ names }: Peer, [name, ...args]: string[], node: number): string[] {
    switch (name) {
      case 'SUBSCRIBE':
      case 'PSUBSCRIBE':
        return args.map((arg) => array(name.toLowerCase(), arg, names.add(arg).size));
      case 'UNSUBSCRIBE':
        for (const arg of args) names.delete(arg);
        return args.map((arg) => array('unsubscribe', arg, names.size));
      case 'ROLE': {
        const role = node === this.#primary ? 'master' : 'slave';
        return [`*1\r\n$${role.length}\r\n${role}`];
      }
      default:
        return ['+OK'];
    }
  }

  #open(node: number): Connection[] {
    return this.#stage.connections.filter((one) => !one.closed && one.node === NODES[node]);
  }

  #peer(connection: Connection): Peer {
    const peer = this.#peers.get(connection) ?? { names: new Set(), out: [], isOpen: false };
    this.#peers.set(connection, peer);
    return peer;
  }
}
