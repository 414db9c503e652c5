import { encodeError, Fact, RespError } from '../../resp/index.js';
import type { FrameSink } from '../../session/frame-reader.js';
import type { Client, ClientDescription, ClientHandler, ClientStanding, CloseReason } from '../listener.js';
import { isError } from './answers.js';
import { commandOf, natureOfFlags } from './command.js';
import { ConnectionState } from './connection-state.js';
import { Dispatcher } from './dispatcher.js';
import { type Expectation, Expectations } from './expectations.js';
import { Intake, type IntakeSink } from './intake.js';
import { News } from './news.js';
import type { NodeHost } from './node-host.js';
import { NodeLink } from './node-link.js';
import { Replies } from './replies.js';
import { restoring } from './restoring.js';
import { settle } from './settle.js';

const CLOSER_LOOK =
  Fact.State | Fact.Transaction | Fact.Blocking | Fact.Script | Fact.PubSub | Fact.Container | Fact.Admin;

/** Answers that wait for a slow client; then the node is not read until it has taken them. */
const BACKLOG_BYTES_MAX = 1024 * 1024;

/** One client and its own connection to the node: carries out what `decide` and `settle` say. */
export class NodeHandler implements ClientHandler, FrameSink, IntakeSink {
  readonly #state: ConnectionState;
  readonly #intake: Intake;
  readonly #news: News;
  readonly #expectations = new Expectations();
  readonly #replies: Replies;
  readonly #unlisten: () => void;
  #link: NodeLink;
  readonly #dispatcher: Dispatcher;
  /** `due`: the node will hang up, and is dialled again. */
  #rejoining: 'no' | 'due' | 'under way' = 'no';
  #winding = false;
  #over = false;
  #why: CloseReason | undefined;

  constructor(
    private readonly client: Client,
    private readonly host: NodeHost,
  ) {
    this.#state = new ConnectionState(host.everyone);
    this.#news = new News(this.#state.identity);
    this.#intake = new Intake(host.table, host.limits().commandBytesMax, this);
    this.#replies = new Replies(
      host,
      (bytes) => client.send(bytes),
      () => this.#finishIfDone(),
    );
    this.#dispatcher = this.#makeDispatcher();
    this.#unlisten = host.watch.onChange(() => this.#dispatcher.pump());
    this.#link = this.#dial();
  }

  #makeDispatcher(): Dispatcher {
    const isHalted = () => this.#over || this.#rejoining !== 'no';
    return new Dispatcher(
      {
        state: this.#state,
        expectations: this.#expectations,
        replies: this.#replies,
        write: (bytes) => this.#link.write(bytes),
        becameRaw: () => this.#link.raw(),
        dispatched: () => {
          this.#regulate();
          this.#finishIfDone();
        },
        get halted() {
          return isHalted();
        },
      },
      this.host,
    );
  }

  // ── from the client ──────────────────────────────────────────────────────────────────────────────────────────────

  take(chunk: Buffer): void {
    if (this.#over || this.#winding) return;
    try {
      this.#intake.take(chunk);
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      this.#replies.give(encodeError('ERR', `Protocol error: ${error.message}`));
      this.#end('protocol');
    }
    this.#regulate();
  }

  get raw(): boolean {
    return this.#dispatcher.raw;
  }

  takesPlain(id: number): boolean {
    if (id === 0 || !this.#dispatcher.free) return false;
    const flags = this.host.table.flags[id] ?? 0;
    if ((flags & CLOSER_LOOK) !== 0) return false;
    const { follows } = this.#state;
    if (follows && (this.host.ours !== 'all' || this.host.watch.standing.role !== 'primary')) return false;
    this.#dispatcher.commands++;
    this.#expectations.pushPlain(natureOfFlags(flags));
    return true;
  }

  forward(bytes: Buffer): void {
    this.#link.write(bytes);
  }

  admit(id: number, bytes: Buffer): void {
    this.#dispatcher.add(commandOf(this.host, id, bytes));
  }

  // ── from the node ────────────────────────────────────────────────────────────────────────────────────────────────

  get plain(): number {
    const { identity, transaction, reply, follows, readOnly } = this.#state;
    if (transaction !== undefined || reply !== 'on' || identity.monitor) return 0;
    if (identity.protocol === 2 && identity.subscribed) return 0;
    const passes = !follows || readOnly || this.host.watch.standing.role === 'primary';
    return passes ? this.#expectations.plain : 0;
  }

  get reading(): boolean {
    return !this.#over;
  }

  pass(count: number, parts: readonly Buffer[]): void {
    this.#expectations.settle(count);
    for (const part of parts) this.#replies.give(part);
  }

  stream(part: Buffer): void {
    this.#replies.give(part);
  }

  look(frame: Buffer): void {
    const expected = this.#expectations.head;
    const news = this.#news.read(frame, expected);
    if (news !== 'answer') {
      this.#takeNews(frame, news);
      return;
    }
    if (expected === undefined) {
      // An error that nobody asked for: the node is full, or protected.
      this.#replies.give(frame);
      return;
    }
    this.#news.settled();
    this.#expectations.settle(1);
    this.#dispatcher.settled(expected);
    if (expected.as === 'opened') this.#dispatcher.opened(frame);
    else if (expected.as === 'restored') this.#restored(expected, frame);
    else if (expected.as !== 'closed') this.#settle(expected, frame);
  }

  #settle(expected: Expectation, frame: Buffer): void {
    const { watch, strict, capable } = this.host;
    const state = this.#state;
    const muted = state.takeMute();
    const ruling = settle({ state, primary: watch.standing.role === 'primary', strict, capable }, expected, frame);
    if (state.capa && state.nodeId !== undefined) capable.add(state.nodeId);
    if (ruling.give === 'rejoin') this.#rejoining = 'due';
    const speaksUp = expected.as === 'reply' && expected.role.is === 'reply';
    if (!muted || speaksUp) this.#replies.rule(ruling);
  }

  #takeNews(frame: Buffer, news: 'message' | 'confirmation' | 'last'): void {
    if (news === 'last') this.#expectations.settle(1);
    // In RESP2 a subscriber may say little; that may be over now.
    if (news !== 'message') this.#state.refusesMulti = false;
    const known = news !== 'message' && this.#rejoining === 'under way';
    if (!known) this.#replies.give(frame);
  }

  // ── the connection to the node ───────────────────────────────────────────────────────────────────────────────────

  #dial(): NodeLink {
    return new NodeLink(this.host.node, this, {
      onRaw: (bytes) => {
        this.#replies.give(bytes);
        this.#regulate();
      },
      onRead: () => this.#dispatcher.pump(),
      onWritable: () => this.#regulate(),
      onClose: () => this.#nodeGone(),
      onFault: (error) => this.client.fault(error),
    });
  }

  #nodeGone(): void {
    if (this.#rejoining === 'due' && !this.#over) this.#rejoin();
    else this.#end('upstream');
  }

  /** A new connection, told all that the old one was told. */
  #rejoin(): void {
    this.#rejoining = 'under way';
    const state = this.#state;
    if (state.watching) state.blind = true;
    state.watching = false;
    if (state.nodeId !== undefined) this.host.capable.delete(state.nodeId);
    this.#link = this.#dial();
    const { bytes, expected } = restoring(state.identity);
    this.#link.write(bytes);
    for (const one of expected) this.#expectations.push(one);
  }

  #restored({ essential, last }: Extract<Expectation, { as: 'restored' }>, frame: Buffer): void {
    if (essential && isError(frame)) {
      this.#end('upstream');
      return;
    }
    if (!last) return;
    this.#rejoining = 'no';
    if (isError(frame)) return;
    this.#state.nodeId = frame.toString('latin1', 1, frame.length - 2);
    if (this.#state.capa) this.host.capable.add(this.#state.nodeId);
  }

  /** A slow client holds up the node, and a slow node the client. */
  #regulate(): void {
    if (this.#over) return;
    const { clientBytesMax, clientCommandsMax } = this.host.limits();
    const full = this.#dispatcher.bytes > clientBytesMax || this.#dispatcher.length > clientCommandsMax;
    if (full || !this.#link.writable) this.client.pause();
    else this.client.resume();
    this.#link.flow(this.client.backlogBytes + this.#replies.bytes <= BACKLOG_BYTES_MAX);
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The node has gone, or what the client sends cannot be read: what is still to be said is said. */
  #end(why: CloseReason): void {
    this.#over = true;
    this.#why = why;
    this.#link.close();
    this.#finishIfDone();
  }

  #finishIfDone(): void {
    if (!this.#replies.empty) return;
    if (this.#over || (this.#winding && this.#owes === 0)) this.client.finish(this.#why);
  }

  get #owes(): number {
    return this.#dispatcher.raw ? 0 : this.#expectations.count + this.#dispatcher.length;
  }

  ended(): void {
    this.wind();
  }

  wind(): void {
    this.#winding = true;
    this.#finishIfDone();
  }

  drained(): void {
    this.#regulate();
  }

  gone(): void {
    this.#over = true;
    this.#unlisten();
    this.#link.close();
    if (this.#state.nodeId !== undefined) this.host.capable.delete(this.#state.nodeId);
  }

  get standing(): ClientStanding {
    if (this.#dispatcher.commands === 0) return 'new';
    if (this.#dispatcher.raw || this.#state.identity.monitor || this.#state.identity.subscribed) return 'listening';
    return this.#owes > 0 || this.#state.transaction !== undefined || this.#intake.partBytes > 0 ? 'busy' : 'idle';
  }

  get commands(): number {
    return this.#dispatcher.commands;
  }

  get answered(): number | undefined {
    const { head } = this.#expectations;
    const waits = head?.as === 'reply' && head.role.is === 'blocking';
    return waits || this.standing === 'listening' ? undefined : this.commands - this.#owes;
  }

  get held(): { bytes: number; commands: number } {
    return { bytes: this.#dispatcher.bytes + this.#intake.partBytes, commands: this.#dispatcher.length };
  }

  describe(): ClientDescription {
    const { identity, follows } = this.#state;
    const user = identity.credentials?.username;
    const library = identity.info.get('LIB-NAME');
    return {
      ...(user === undefined ? {} : { user }),
      ...(identity.name === '' ? {} : { name: identity.name }),
      ...(library === undefined ? {} : { library }),
      protocol: identity.protocol,
      database: identity.database,
      node: this.host.name,
      state: follows ? 'capable' : 'plain',
    };
  }
}
