import { classifyError, encodeCommand, encodeError, Fact, RespError, timeoutIndex } from '../../resp/index.js';
import type { FrameSink } from '../../session/frame-reader.js';
import type { Client, ClientDescription, ClientHandler, ClientStanding, CloseReason } from '../listener.js';
import { isError, wrongArity } from './answers.js';
import { type Command, commandOf, natureOfFlags } from './command.js';
import { ConnectionState } from './connection-state.js';
import { type Decision, decide } from './decide.js';
import { type Expectation, Expectations } from './expectations.js';
import { Intake, type IntakeSink } from './intake.js';
import { News } from './news.js';
import type { NodeHost } from './node-host.js';
import { NodeLink } from './node-link.js';
import type { Verdict } from './node-watch.js';
import { Replies } from './replies.js';
import { restoring } from './restoring.js';
import { isBarrier, PLAIN, type Role, roleOf } from './role.js';
import { type Ruling, settle } from './settle.js';
import { type Waiting, WaitingCommands } from './waiting-commands.js';

const CLOSER_LOOK =
  Fact.State | Fact.Transaction | Fact.Blocking | Fact.Script | Fact.PubSub | Fact.Container | Fact.Admin;
const MULTI = encodeCommand(['MULTI']);
const DISCARD = encodeCommand(['DISCARD']);
const FORWARD = { do: 'forward' } as const;

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
  /** Commands that have not been sent. */
  readonly #waiting = new WaitingCommands();
  #pumping = false;
  #commands = 0;
  /** The node said this after command `for` had come. */
  #verdict: { readonly verdict: Verdict; readonly for: number } | undefined;
  #asking = false;
  /** Nothing is sent before this is settled. */
  #barrier: Expectation | undefined;
  /** The open transaction holds what changes the rules. */
  #touchy = false;
  /** Stands between MULTI and DISCARD. */
  #wrapped: Command | undefined;
  #wrapping = false;
  #inspecting = false;
  /** `due`: the node will hang up, and is dialled again. */
  #rejoining: 'no' | 'due' | 'under way' = 'no';
  #raw = false;
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
    this.#unlisten = host.watch.onChange(() => this.#pump());
    this.#link = this.#dial();
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
    return this.#raw;
  }

  takesPlain(id: number): boolean {
    if (id === 0 || this.#waiting.length > 0 || this.#blocked) return false;
    const flags = this.host.table.flags[id] ?? 0;
    if ((flags & CLOSER_LOOK) !== 0) return false;
    const { follows } = this.#state;
    if (follows && (this.host.ours !== 'all' || this.host.watch.standing.role !== 'primary')) return false;
    this.#commands++;
    this.#expectations.pushPlain(natureOfFlags(flags));
    return true;
  }

  forward(bytes: Buffer): void {
    this.#link.write(bytes);
  }

  /** What comes next depends on an answer that is owed. */
  get #blocked(): boolean {
    return this.#barrier !== undefined || this.#wrapping || this.#inspecting || this.#rejoining !== 'no';
  }

  admit(id: number, bytes: Buffer): void {
    const { table } = this.host;
    const command = commandOf(this.host, id, bytes);
    const spot = table.timeoutOf(command.id);
    const mayBlock = spot !== undefined && timeoutIndex(command.args, spot) !== undefined;
    this.#waiting.push({ command, role: roleOf(command, mayBlock), number: ++this.#commands });
    this.#pump();
  }

  // ── to the node ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends what can be sent. Whatever calls it from within is served by the loop that runs. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#blocked && !this.#over) {
      const next = this.#waiting.first;
      if (next === undefined) break;
      const decision = this.#raw ? FORWARD : this.#decide(next);
      if (decision.do === 'wait') {
        if (decision.for === 'verdict') this.#askVerdict();
        break;
      }
      this.#waiting.shift();
      if (this.#raw) this.#link.write(next.command.bytes);
      else this.#carryOut(next, decision);
    }
    this.#pumping = false;
    this.#finishIfDone();
  }

  #carryOut({ command, role }: Waiting, decision: Exclude<Decision, { do: 'wait' }>): void {
    switch (decision.do) {
      case 'forward':
        this.#forward(command, role, decision.instead);
        return;
      case 'wrap':
        this.#wrapped = command;
        this.#wrapping = true;
        this.#send(MULTI, { as: 'opened' });
        return;
      case 'judge':
        if (this.#state.transaction !== undefined) this.#state.transaction.poisoned = true;
        this.#send(this.#withoutWaiting(command), { as: 'judged' });
        return;
      case 'answer':
        this.#answer(command, role);
        return;
      case 'discard':
        this.#send(DISCARD, { as: 'discarded', saying: decision.saying });
        return;
      case 'inspect':
        this.#inspect();
        return;
    }
  }

  /** A watched key that was changed makes EXEC answer nil, wherever it is. */
  #inspect(): void {
    this.#inspecting = true;
    this.host.watch.isDirty(this.#state.nodeId).then((dirty) => {
      this.#inspecting = false;
      if (this.#over) return;
      this.#send(DISCARD, { as: 'discarded', saying: dirty === true ? 'nil' : 'redirect' });
      this.#pump();
    });
  }

  #decide({ command, role, number }: Waiting): Decision {
    const known = this.#verdict;
    return decide(this.#state, command, role, {
      standing: this.host.watch.standing,
      verdict: known !== undefined && known.for >= number ? known.verdict : undefined,
      idle: this.#expectations.count === 0,
    });
  }

  #askVerdict(): void {
    if (this.#asking) return;
    this.#asking = true;
    const count = this.#commands;
    this.host.watch.confirm((verdict) => {
      this.#asking = false;
      this.#verdict = { verdict, for: count };
      this.#pump();
      this.#regulate();
    });
  }

  #forward(command: Command, role: Role, instead: Buffer | undefined): void {
    const endsTransaction = role.is === 'exec' || role.is === 'discard' || role.is === 'reset';
    const what: Expectation = { as: 'reply', nature: command.nature, role };
    if (isBarrier(role) || (role.is === 'exec' && this.#touchy)) this.#barrier = what;
    if (isBarrier(role)) this.#touchy = true;
    if (endsTransaction) this.#touchy = false;
    if (role.is === 'sync') this.#becomeRaw();
    if (role.is === 'plain') this.#expectations.pushPlain(command.nature);
    else this.#expectations.push(what);
    this.#link.write(instead ?? command.bytes);
  }

  #send(bytes: Buffer, what: Expectation): void {
    this.#expectations.push(what);
    this.#link.write(bytes);
  }

  #becomeRaw(): void {
    this.#raw = true;
    this.#link.raw();
    this.#barrier = undefined;
  }

  /** Without asking the node, which knows better but cannot say it now. */
  #answer(command: Command, role: Role): void {
    const arity = this.host.watch.arityOf(command.name);
    const count = command.args.length;
    if (arity === undefined && this.host.watch.knowsCommands) {
      this.#forward(command, role, undefined);
      return;
    }
    if (this.#state.transaction !== undefined) this.#state.transaction.poisoned = true;
    const fits = arity === undefined || (arity < 0 ? count >= -arity : count === arity);
    if (this.#takeMute()) return;
    if (fits) this.#replies.redirect();
    else this.#replies.give(wrongArity(command.name));
  }

  /** XREAD without its BLOCK: what shall not be executed shall not wait either. */
  #withoutWaiting(command: Command): Buffer {
    const spot = this.host.table.timeoutOf(command.id);
    const index = spot === undefined ? undefined : timeoutIndex(command.args, spot);
    if (index === undefined || typeof spot?.at !== 'object') return command.bytes;
    return encodeCommand(command.args.filter((_, at) => at !== index && at !== index - 1));
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
    if (this.#barrier === expected) this.#barrier = undefined;
    if (expected.as === 'opened') this.#opened(frame);
    else if (expected.as === 'closed') this.#wrapping = false;
    else if (expected.as === 'restored') this.#restored(expected, frame);
    else this.#settle(expected, frame);
  }

  #settle(expected: Expectation, frame: Buffer): void {
    const { watch, strict, capable } = this.host;
    const state = this.#state;
    const muted = this.#takeMute();
    const ruling = settle({ state, primary: watch.standing.role === 'primary', strict, capable }, expected, frame);
    if (state.capa && state.nodeId !== undefined) capable.add(state.nodeId);
    const speaksUp = expected.as === 'reply' && expected.role.is === 'reply';
    this.#rule(ruling, muted && !speaksUp);
  }

  /** Whether CLIENT REPLY keeps the next answer from the client. */
  #takeMute(): boolean {
    const { reply } = this.#state;
    if (reply === 'skip') this.#state.reply = 'on';
    return reply !== 'on';
  }

  #rule(ruling: Ruling, muted: boolean): void {
    if (ruling.give === 'rejoin') this.#rejoining = 'due';
    if (muted) return;
    this.#replies.rule(ruling);
  }

  /** MULTI was answered: the command can be checked, or cannot. */
  #opened(frame: Buffer): void {
    const command = this.#wrapped!;
    this.#wrapped = undefined;
    if (isError(frame)) {
      this.#wrapping = false;
      if (classifyError(frame).kind === 'no-auth') {
        this.#rule({ give: 'bytes', bytes: frame }, this.#takeMute());
        return;
      }
      this.#state.refusesMulti = true;
      this.#answer(command, PLAIN);
      return;
    }
    this.#send(command.bytes, { as: 'judged' });
    this.#send(DISCARD, { as: 'closed' });
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
      onRaw: (bytes) => this.#replies.give(bytes),
      onRead: () => {
        this.#pump();
        this.#regulate();
      },
      onWritable: () => this.#regulate(),
      onClose: () => this.#nodeGone(),
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
    const full = this.#waiting.bytes > clientBytesMax || this.#waiting.length > clientCommandsMax;
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
    return this.#raw ? 0 : this.#expectations.count + this.#waiting.length;
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
    if (this.#commands === 0) return 'new';
    if (this.#raw || this.#state.identity.monitor || this.#state.identity.subscribed) return 'listening';
    return this.#owes > 0 || this.#state.transaction !== undefined || this.#intake.partBytes > 0 ? 'busy' : 'idle';
  }

  get commands(): number {
    return this.#commands;
  }

  get held(): { bytes: number; commands: number } {
    return { bytes: this.#waiting.bytes + this.#intake.partBytes, commands: this.#waiting.length };
  }

  describe(): ClientDescription {
    const { identity, follows } = this.#state;
    const user = identity.credentials?.username;
    return {
      ...(user === undefined ? {} : { user }),
      ...(identity.name === '' ? {} : { name: identity.name }),
      protocol: identity.protocol,
      database: identity.database,
      node: this.host.name,
      state: follows ? 'capable' : 'plain',
    };
  }
}
