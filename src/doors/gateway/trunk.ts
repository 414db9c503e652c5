import { type CommandRun, encodeCommand } from '../../resp/index.js';
import type { Session } from '../../session/index.js';
import type { PrimaryView } from '../../topology/index.js';
import type { Clock } from '../../transport/index.js';
import { COMMAND_WORK_BYTES, RATIONS, type Rations } from './allowance.js';
import { AnswerCounter } from './answer-counter.js';
import { AnswerSize } from './answer-size.js';
import { bytesIn } from './bytes-in.js';
import { type Amount, TrunkQueue } from './trunk-queue.js';
import { WaitingRoom } from './waiting-room.js';

/** One of the clients whose commands go over a trunk. */
export interface TrunkClient {
  /**
   * Bytes of answers, by reference; `answers` of them end here. `settledBytes`: of the client's commands, so many are not
   * outstanding any more. Nothing may be given to a trunk during the call.
   */
  receive(bytes: Buffer, answers: number, settledBytes: number): void;
  /** What it has received leaves now. True: all of it has. */
  flush(): boolean;
  /** There is room, for which it has waited. Its turn comes soon. */
  admit(): void;
  /** A turn that the client asked for by `attend`, or after `admit`. */
  turn(): void;
  /** The trunk is no more: whoever has commands on it gets no answer. */
  stranded(): void;
  /** The client itself has thrown this; others are not to suffer. */
  fault(error: unknown): void;
}

/** The part of a session that a trunk drives; the rest of it is the helm's and the topology's. */
export type TrunkSession = Pick<
  Session<PrimaryView>,
  'take' | 'takeRun' | 'flush' | 'lastReads' | 'unanswered' | 'state' | 'close'
>;

/** Outstanding bytes of all clients together, from which on they are read no further: more would only wait at the node. */
const HIGH_BYTES = 1024 * 1024;
const HIGH_COMMANDS = 64 * 1024;
/** Answers that are on their way to all clients together should not come to much more, or a small one would wait for long. */
const ANSWERS_BYTES = 4 * 1024 * 1024;
/** What each may have of that at least: less, and the node would be at rest while the next commands come. */
const SHARE_BYTES_MIN = 128 * 1024;
/** What somebody who has waited for room may be expected to bring. */
const ADMITTED_BYTES = 64 * 1024;

const PING = encodeCommand(['PING']);
/** Whose answers interest nobody. */
const NOBODY: TrunkClient = { receive() {}, flush: () => true, admit() {}, turn() {}, stranded() {}, fault() {} };

/**
 * One session that carries the commands of many clients, which are all alike to the server. To the session it is a single
 * client; what it delivers is cut where the owner changes, so holds, moves and replays are the session's business and
 * happen once for all.
 *
 *   client A ─┐                                       ┌─▶ A
 *   client B ─┼─ whole commands ─▶ session ─ answers ─┼─▶ B     the queue knows whose turn it is
 *   client C ─┘                                       └─▶ C
 */
export class Trunk {
  readonly #queue = new TrunkQueue<TrunkClient>();
  readonly #clients = new Set<TrunkClient>();
  readonly #session: TrunkSession;
  readonly #counter = new AnswerCounter();
  readonly #crowd: WaitingRoom<TrunkClient>;
  #turns: TrunkClient[] = [];
  /** Those who have received something since the last chunk's end; some of them more than once. */
  #fed: TrunkClient[] = [];
  /** Somebody has left with bytes that had not. */
  #taken = false;
  #due = false;
  readonly #size = new AnswerSize();
  /** Of an answer as it is to be expected. */
  #usualBytes = 0;
  #ended = false;

  /** `makeSession`: opened by the caller; delivers to `deliver`, and calls `relieved` and `ended`. */
  constructor(
    makeSession: (trunk: Trunk) => TrunkSession,
    /** Nobody is on it any more, or, with a reason, it cannot go on. Called once for each time. */
    private readonly onDeserted: (trunk: Trunk) => void,
    clock: Pick<Clock, 'now'>,
    readonly rations: Rations = RATIONS,
  ) {
    this.#crowd = new WaitingRoom(clock);
    this.#session = makeSession(this);
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Commands without an answer. */
  get outstanding(): number {
    return this.#queue.commands;
  }

  /** The session's state, and the node that it is with, if any. */
  get state(): { at: string; node: string | undefined } {
    const { state } = this.#session;
    return { at: state.at, node: 'view' in state ? state.view.node : undefined };
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the node serves clients that have not logged in, as far as any answer has shown. */
  get welcome(): AnswerCounter['welcome'] {
    return this.#counter.welcome;
  }

  join(client: TrunkClient): void {
    this.#clients.add(client);
  }

  /** Answers that are owed to it come and are dropped, if the client does so. */
  leave(client: TrunkClient): void {
    this.#crowd.leave(client);
    if (this.#fed.includes(client)) {
      this.#fed = this.#fed.filter((other) => other !== client);
      if (!this.#empty(client)) this.#taken = true;
    }
    if (this.#clients.delete(client) && this.#clients.size === 0 && !this.#ended) this.onDeserted(this);
  }

  /** Whole commands of a client, borrowed. */
  takeRun(client: TrunkClient, bytes: Buffer, run: CommandRun): void {
    if (this.#ended) return;
    // First, since the session may answer at once.
    this.#queue.push(client, run.length, bytes.length);
    this.#session.takeRun(bytes, run);
    this.#flushSoon();
  }

  /** `commands` whole commands of a client in several pieces, all borrowed. */
  take(client: TrunkClient, parts: readonly Buffer[], commands: number): void {
    if (this.#ended) return;
    this.#queue.push(client, commands, bytesIn(parts));
    for (const part of parts) this.#session.take(part, true);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(this.#flush);
  }

  /** Finds out about `welcome`, for clients whose first command is one that a node takes only of those whom it knows. */
  knock(): void {
    this.take(NOBODY, [PING], 1);
  }

  /** No more should be taken. `share` of what is the most. */
  isFull(share: number): boolean {
    return this.#queue.bytes > HIGH_BYTES * share || this.#queue.commands > HIGH_COMMANDS * share;
  }

  /** There is much to do. Who comes now should get a little of his done soon, and who has got that should wait for room. */
  get isBusy(): boolean {
    const { bytes, commands } = this.#queue;
    return bytes + commands * (COMMAND_WORK_BYTES + this.#usualBytes) > this.rations.busyBytes;
  }

  /** Each client's part of the answers that may be on their way. */
  get shareBytes(): number {
    return Math.max(SHARE_BYTES_MIN, ANSWERS_BYTES / Math.max(1, this.#queue.runs));
  }

  /** The client is admitted when there is room again. */
  awaitRoom(client: TrunkClient): void {
    this.#crowd.enter(client);
  }

  /**
   * The newest of the client's commands that are outstanding, as far as they only read: it runs them elsewhere, and what the
   * node answers here goes to nobody. `parts`: their bytes, in order, borrowed.
   */
  takeBack(client: TrunkClient): Amount & { parts: readonly Buffer[] } {
    const queue = this.#queue;
    const parts: Buffer[] = [];
    // Part of an answer that the client has got already.
    const begun = queue.client === client && this.#counter.midAnswer ? 1 : 0;
    const amount = queue.give(client, NOBODY, (behind, commands) => {
      const isFirst = behind + commands === queue.commands;
      const reads = this.#session.lastReads(behind, commands - (isFirst ? begun : 0));
      parts.unshift(reads.bytes);
      return { commands: reads.commands, bytes: reads.bytes.length };
    });
    return { ...amount, parts };
  }

  /** The client gets a turn soon, when nothing is being delivered. */
  attend(client: TrunkClient): void {
    this.#turns.push(client);
    if (this.#turns.length === 1) process.nextTick(this.#giveTurns);
  }

  /** The session's answers. */
  deliver(chunk: Buffer): void {
    const queue = this.#queue;
    const counter = this.#counter;
    const { commands } = queue;
    let from = 0;
    while (from < chunk.length) {
      const { client } = queue;
      if (client === undefined) return;
      const answers = counter.count(chunk, from, queue.left);
      const { to } = counter;
      const settledBytes = answers > 0 ? queue.answered(answers) : 0;
      if (to > from)
        this.#give(client, from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to), answers, settledBytes);
      // A push is no answer, and nobody on a trunk has asked for any.
      from = counter.pastPush(chunk, to);
    }
    const each = this.#size.received(chunk.length, commands - queue.commands);
    if (each > 0) this.#usualBytes = (this.#usualBytes + each) / 2;
    if (!this.#crowd.isEmpty) this.#admit();
  }

  #admit(): void {
    for (const client of this.#crowd.call(this.#places)) {
      client.admit();
      this.attend(client);
    }
  }

  /** So many may be admitted: all, when no answer would call the rest later. */
  get #places(): number {
    const { commands, bytes } = this.#queue;
    if (commands === 0) return Number.POSITIVE_INFINITY;
    return this.isFull(0.5) || this.isBusy ? 0 : Math.ceil((HIGH_BYTES - bytes) / ADMITTED_BYTES);
  }

  readonly #giveTurns = (): void => {
    const turns = this.#turns;
    this.#turns = [];
    for (const client of turns) {
      try {
        client.turn();
      } catch (error) {
        client.fault(error);
      }
    }
  };

  #give(client: TrunkClient, bytes: Buffer, answers: number, settledBytes: number): void {
    try {
      client.receive(bytes, answers, settledBytes);
      if (this.#fed[this.#fed.length - 1] !== client) this.#fed.push(client);
    } catch (error) {
      client.fault(error);
    }
  }

  /** After each chunk of the node's: its answers leave. True: all of them have, and nobody refers to the chunk. */
  spent(): boolean {
    let have = !this.#taken;
    for (const client of this.#fed) have = this.#empty(client) && have;
    this.#fed.length = 0;
    this.#taken = false;
    return have;
  }

  #empty(client: TrunkClient): boolean {
    try {
      return client.flush();
    } catch (error) {
      client.fault(error);
      return false;
    }
  }

  readonly #flush = (): void => {
    this.#due = false;
    if (this.#ended) return;
    try {
      this.#session.flush();
    } catch (error) {
      this.fault(error);
      return;
    }
    // An answer for the wrong client would be worse than none: if the counts ever differ, everybody goes.
    const { unanswered } = this.#session;
    if (this.#queue.commands !== unanswered) {
      this.fault(
        new Error(`a shared connection owes ${unanswered} answers, its clients wait for ${this.#queue.commands}`),
      );
    }
  };

  /** Something was thrown that concerns everybody. It is told once. */
  fault(error: unknown): void {
    const [witness] = this.#clients;
    witness?.fault(error);
    this.end();
  }

  /** Cannot go on, or is not wanted any more: whoever is on it is stranded. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#session.close();
    this.onDeserted(this);
    const clients = [...this.#clients];
    this.#clients.clear();
    this.#crowd.clear();
    this.#fed.length = 0;
    for (const client of clients) client.stranded();
  }
}
