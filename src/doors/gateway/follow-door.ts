import { type CommandScanner, commandArgs, encodeCommand, RespError } from '../../resp/index.js';
import { type ClientDescription, type Identity, SESSION_DEFAULTS } from '../../session/index.js';
import { Carry } from './carry.js';
import type { Downstream, FollowEnd } from './downstream.js';
import {
  OUTPUT_HIGH_BYTES,
  OwnSession,
  type OwnSessionOptions,
  type SessionOwner,
  WINDOW_BYTES,
} from './own-session.js';
import { Profile, STRANGER } from './profile.js';
import { Reach } from './share-rules.js';
import type { Trunk, TrunkClient } from './trunk.js';
import type { Trunks } from './trunks.js';

export interface FollowDoorOptions extends OwnSessionOptions {
  /** Undefined: every client has a session of its own. */
  readonly trunks: Trunks | undefined;
}

/** How the client's commands get to the primary. */
type Way =
  /** They will go over a session of its own, when the first come. */
  | { readonly is: 'new' }
  /** Over the trunk of its profile, together with others'; `trunk` from the first command on. */
  | { readonly is: 'shared'; readonly trunk: Trunk | undefined }
  /** Over its own session. `greeting`: it has only said who it is, and may share yet; this finds what it says. */
  | { readonly is: 'own'; readonly session: OwnSession; greeting: CommandScanner | undefined }
  /** From `shared` to `own`, as soon as all is answered. */
  | { readonly is: 'leaving'; readonly trunk: Trunk | undefined; readonly greeting: boolean }
  /** From `own` to `shared`, as soon as all is answered. */
  | { readonly is: 'folding'; readonly session: OwnSession }
  /** It has said QUIT. */
  | { readonly is: 'quitting'; readonly trunk: Trunk | undefined }
  | { readonly is: 'closed' };

/** A command larger than this takes its client to a session of its own. */
const CARRY_BYTES_MAX = 256 * 1024;
/** So does an answer larger than this: others would wait for it. */
const ANSWER_BYTES_MAX = 256 * 1024;
/** Commands of one client that are outstanding on a trunk: first one, since nobody knows how large its answers are. */
const WINDOW_MIN = 1;
const WINDOW_MAX = 128;
/** Who says ever again who it is, is no client to share with. */
const GREETINGS_MAX = 3;
/** What a server takes from somebody who has to log in first; more, and it closes the connection. */
const STRANGER_ARGUMENTS_MAX = 10;
const STRANGER_BYTES_MAX = 16 * 1024;
/** An answer smaller than this is copied when it cannot leave at once: it would keep all that came with it. */
const COPIED_BYTES = 16 * 1024;

const NOTHING_HELD = { bytes: 0, commands: 0 };
const NONE: readonly Buffer[] = [];
const NEW: Way = { is: 'new' };
const CLOSED: Way = { is: 'closed' };
const UNBOARDED: Way = { is: 'shared', trunk: undefined };
const OK = Buffer.from('+OK\r\n');

/**
 * A client of a listener that follows the primary. Commands that mean the same on any connection go over one that is shared;
 * as soon as the client needs more than that, it has a session of its own. It changes over only when it is owed nothing, so
 * its commands never overtake each other.
 *
 *               a command that is not shared, a large one, a slow reader
 *   shared ──────────────────────▶ leaving ──────────────────────▶ own
 *      ▲                                                            │
 *      └──────── folding ◀── a command that is shared, after greetings only
 *
 * A client that sends faster than the node answers is not read while WINDOW_BYTES are outstanding. A connection to a node is
 * opened with the first whole command: who only looks whether the port is open costs none.
 */
export class FollowDoor implements TrunkClient, SessionOwner {
  #way: Way;
  #profile: Profile = STRANGER;
  /** The beginning of a command for the trunk. */
  #carry: Carry | undefined;
  /** What waits until the commands before it are answered. */
  #kept: Buffer[] | undefined;
  /** Of its commands on the trunk. */
  #unanswered = 0;
  #bytes = 0;
  /** Commands that went another way than the present session. */
  #commands = 0;
  #window = WINDOW_MIN;
  /** Of the answer that is coming. */
  #answerBytes = 0;
  #greetings = 0;
  /** Its answers are too large for others to wait for. */
  #heavy = false;
  #attending = false;
  /** The client is not read. */
  #waiting = false;
  /** The client has ended its side, or the gateway wants to stop. */
  #ending: 'client' | 'gateway' | undefined;

  constructor(
    readonly downstream: Downstream,
    private readonly options: FollowDoorOptions,
  ) {
    this.#way = options.trunks === undefined ? NEW : UNBOARDED;
  }

  /** Bytes from the client, borrowed. */
  take(bytes: Buffer): void {
    this.#pass(bytes);
    if (this.#waiting || !this.#isFull(1)) return;
    this.#waiting = true;
    this.downstream.pause();
    this.#awaitRoom();
  }

  /** The client sends no more: ends as soon as it is owed nothing. */
  ended(): void {
    this.#ending = 'client';
    this.#maybeFinish();
  }

  /** The gateway stops: ends as soon as the client is owed nothing and is not in the middle of anything. */
  wind(): void {
    this.#ending ??= 'gateway';
    this.#maybeFinish();
  }

  /** The client has taken all that waited for it. */
  drained(): void {
    const way = this.#way;
    if (way.is !== 'own' && way.is !== 'folding') return;
    way.session.drained();
    this.relieved();
  }

  /** The client has gone. */
  close(): void {
    const way = this.#way;
    this.#commands = this.commands;
    this.#way = CLOSED;
    this.#kept = undefined;
    this.#carry?.release();
    this.#carry = undefined;
    if ('session' in way) way.session.close();
    if ('trunk' in way) way.trunk?.leave(this);
  }

  get client(): ClientDescription {
    const way = this.#way;
    return 'session' in way ? way.session.client : this.#profile.description;
  }

  /** Who it is, as its own session has it, if it has one. */
  get identity(): Identity | undefined {
    const way = this.#way;
    return 'session' in way ? way.session.identity : undefined;
  }

  /** Its commands go over a connection that is shared. */
  get shares(): boolean {
    return this.#way.is === 'shared' && this.#way.trunk !== undefined;
  }

  /** Whole commands that were taken so far. */
  get commands(): number {
    const way = this.#way;
    return 'session' in way ? this.#commands + way.session.commands : this.#commands;
  }

  get unanswered(): number {
    const way = this.#way;
    return 'session' in way ? way.session.unanswered : this.#unanswered;
  }

  /** Of the commands, those that have an answer; undefined for a client that waits on purpose, or for messages. */
  get answered(): number | undefined {
    const way = this.#way;
    if ('session' in way && (way.session.listening || way.session.blocked)) return undefined;
    return this.commands - this.unanswered;
  }

  get held(): { bytes: number; commands: number } {
    const way = this.#way;
    const own = 'session' in way ? way.session.held : undefined;
    if (own === undefined && this.#bytes === 0 && this.#carry === undefined) return NOTHING_HELD;
    let bytes = (own?.bytes ?? this.#bytes) + (this.#carry?.bytes ?? 0);
    for (const part of this.#kept ?? NONE) bytes += part.length;
    return { bytes, commands: own?.commands ?? this.#unanswered };
  }

  /** The session's state, and the node that it is with, if any. */
  get state(): { at: string; node: string | undefined } {
    const way = this.#way;
    const state = 'session' in way ? way.session.state : 'trunk' in way ? way.trunk?.state : undefined;
    return state ?? { at: 'new', node: undefined };
  }

  #pass(bytes: Buffer): void {
    const way = this.#way;
    switch (way.is) {
      case 'new':
        this.#begin(false, [bytes]);
        return;
      case 'shared':
        if (this.#kept === undefined) this.#share(bytes);
        else this.#kept.push(Buffer.from(bytes));
        return;
      case 'own':
        if (way.greeting === undefined) way.session.take(bytes);
        else this.#greet(way.session, way.greeting, bytes, true);
        return;
      case 'leaving':
      case 'folding':
        this.#kept?.push(Buffer.from(bytes));
        return;
      default:
        return;
    }
  }

  // ---- over the trunk ---------------------------------------------------------------------------------------------

  #share(bytes: Buffer): void {
    if (this.#unanswered >= this.#window) {
      this.#kept = [Buffer.from(bytes)];
      return;
    }
    const carry = this.#carry;
    this.#carry = undefined;
    if (this.#heavy || this.downstream.backlogBytes > OUTPUT_HIGH_BYTES) {
      this.#leave(Reach.Own, [...(carry?.parts ?? NONE), bytes]);
      carry?.release();
      return;
    }
    const trunks = this.options.trunks!;
    const scanner = carry?.scanner ?? trunks.scanner(this.#commandBytesMax);
    this.#shareAll(scanner, carry, bytes);
    if (this.#carry !== carry) carry?.release();
  }

  #shareAll(scanner: CommandScanner, carry: Carry | undefined, bytes: Buffer): void {
    const trunks = this.options.trunks!;
    /** Stands before bytes[0], and belongs to the first command. */
    let head: readonly Buffer[] = carry?.parts ?? NONE;
    /** bytes[from, at) are `commands` whole ones that may go. */
    let from = 0;
    let at = 0;
    let commands = 0;
    let reach: number = Reach.Shared;
    for (;;) {
      if (this.#unanswered + commands >= this.#window && at < bytes.length) {
        this.#ride(head, bytes.subarray(from, at), commands);
        this.#kept = [Buffer.from(bytes.subarray(at))];
        return;
      }
      const end = nextCommand(scanner, bytes, at);
      if (end === BROKEN) {
        // Its own session will see it, too, and tell it.
        trunks.dropScanner(scanner);
        reach = Reach.Own;
        break;
      }
      if (end < 0) break;
      if (scanner.argc > 0) reach = this.#reachOf(scanner, head, bytes, at, end);
      if (reach !== Reach.Shared) break;
      if (scanner.argc > 0 && !scanner.inline) {
        commands++;
        at = end;
        continue;
      }
      if (commands > 0) this.#ride(head, bytes.subarray(from, at), commands);
      // Whatever else a server might find wrong with a line, it does not get to see: a shared connection must not break.
      const line = scanner.inline ? whole(commands > 0 ? NONE : head, bytes, at, end) : undefined;
      if (scanner.argc > 0 && line !== undefined) this.#ride(NONE, encodeCommand(commandArgs(line, 0, line.length)), 1);
      head = NONE;
      commands = 0;
      from = end;
      at = end;
    }
    this.#ride(head, bytes.subarray(from, at), commands);
    const rest = bytes.subarray(at);
    if (commands > 0) head = NONE;
    if (reach !== Reach.Shared) this.#leave(reach, [...head, rest]);
    else if (scanner.midCommand) this.#carryOn(head.length > 0 ? carry! : this.#newCarry(scanner), rest);
  }

  #newCarry(scanner: CommandScanner): Carry {
    this.options.trunks!.dropScanner(scanner);
    return new Carry(scanner);
  }

  #carryOn(carry: Carry, rest: Buffer): void {
    carry.add(rest);
    if (carry.bytes <= CARRY_BYTES_MAX) {
      this.#carry = carry;
      return;
    }
    this.#leave(Reach.Own, carry.parts);
    carry.release();
  }

  /** A value of `Reach` for the command that has just ended. It begins with `head` if it is the first. */
  #reachOf(scanner: CommandScanner, head: readonly Buffer[], bytes: Buffer, at: number, end: number): number {
    const { rules } = this.options.trunks!;
    let reach = rules.of(scanner.id);
    if (reach === Reach.Container) {
      const command = whole(at === 0 ? head : NONE, bytes, at, end);
      reach = rules.ofSubcommand(scanner.id, commandArgs(command, 0, command.length)[1]);
    }
    if (reach !== Reach.Shared) return reach;
    const trunk = this.#board();
    if (trunk === undefined) return Reach.Own;
    if (!this.#profile.anonymous || trunk.welcome === 'served') return reach;
    const isModest = scanner.argc <= STRANGER_ARGUMENTS_MAX && end - at <= STRANGER_BYTES_MAX && head.length === 0;
    return trunk.welcome === 'unknown' && isModest ? reach : Reach.Aside;
  }

  /** The trunk that it is on, or will be. Undefined: there is no room. */
  #board(): Trunk | undefined {
    const way = this.#way;
    if (way.is === 'shared' && way.trunk !== undefined) return way.trunk;
    const trunk = this.options.trunks!.of(this.#profile);
    trunk?.join(this);
    if (trunk !== undefined) this.#way = { is: 'shared', trunk };
    return trunk;
  }

  #ride(head: readonly Buffer[], bytes: Buffer, commands: number): void {
    const way = this.#way;
    if (commands === 0 || way.is !== 'shared' || way.trunk === undefined) return;
    this.#commands += commands;
    this.#unanswered += commands;
    this.#bytes += bytes.length;
    for (const part of head) this.#bytes += part.length;
    way.trunk.take(this, head, bytes, commands);
  }

  receive(bytes: Buffer, answers: number, settledBytes: number): void {
    this.#unanswered -= answers;
    this.#bytes -= settledBytes;
    const way = this.#way;
    if (way.is === 'closed') return;
    const { downstream } = this;
    const isStuck = downstream.backlogBytes > 0;
    downstream.send(isStuck && bytes.length < COPIED_BYTES ? Buffer.from(bytes) : bytes);
    this.#answerBytes += bytes.length;
    if (answers > 0) {
      if (this.#answerBytes > ANSWER_BYTES_MAX * answers) this.#heavy = true;
      this.#answerBytes = 0;
    }
    if (this.#unanswered === 0 && this.#window < WINDOW_MAX && !isStuck) this.#window *= 2;
    const waits = way.is !== 'shared' || this.#waiting || this.#ending !== undefined || this.#kept !== undefined;
    if (waits && !this.#attending && 'trunk' in way) {
      this.#attending = true;
      way.trunk?.attend(this);
    }
  }

  flush(): boolean {
    return this.downstream.flush();
  }

  turn(): void {
    this.#attending = false;
    const way = this.#way;
    if (way.is === 'shared' && this.#kept !== undefined && this.#unanswered <= this.#window / 2) this.#passKept();
    else if (way.is === 'leaving' && this.#unanswered === 0) this.#begin(way.greeting, this.#takeKept());
    else if (way.is === 'quitting' && this.#unanswered === 0) this.#sayGoodBye();
    this.relieved();
  }

  stranded(): void {
    if (this.#way.is === 'closed') return;
    if (this.#way.is === 'shared' && this.#unanswered === 0) this.#way = UNBOARDED;
    else this.downstream.finish('upstream');
  }

  fault(error: unknown): void {
    this.downstream.fault(error);
  }

  // ---- changing over ----------------------------------------------------------------------------------------------

  /** The rest, and all that comes, goes another way, after what is outstanding. */
  #leave(reach: number, rest: readonly Buffer[]): void {
    const way = this.#way;
    const trunk = 'trunk' in way ? way.trunk : undefined;
    if (reach === Reach.Quit) {
      this.#way = { is: 'quitting', trunk };
      if (this.#unanswered === 0) this.#sayGoodBye();
      return;
    }
    const mayReturn = reach === Reach.Greeting || reach === Reach.Aside;
    const greeting = mayReturn && this.#greetings++ < GREETINGS_MAX;
    if (this.#unanswered === 0) {
      this.#begin(greeting, rest);
      return;
    }
    this.#way = { is: 'leaving', trunk, greeting };
    this.#kept = rest.map((part) => Buffer.from(part));
  }

  #begin(greeting: boolean, bytes: readonly Buffer[]): void {
    const way = this.#way;
    if ('trunk' in way) way.trunk?.leave(this);
    const identity = this.#profile === STRANGER ? undefined : this.#profile.identity();
    const session = new OwnSession(this, this.options, identity);
    const scanner = greeting ? this.options.trunks?.newScanner(this.#commandBytesMax) : undefined;
    this.#stayOwn(session, scanner, bytes);
  }

  /** `greeting`: it may share later, but these bytes go to the session. */
  #stayOwn(session: OwnSession, greeting: CommandScanner | undefined, bytes: readonly Buffer[]): void {
    this.#way = { is: 'own', session, greeting };
    for (const part of bytes) {
      const way = this.#way;
      if (way.is === 'own' && way.greeting !== undefined) this.#greet(session, way.greeting, part, false);
      else this.#pass(part);
    }
  }

  /** All that it says goes to its own session, up to a command that may be shared. */
  #greet(session: OwnSession, scanner: CommandScanner, bytes: Buffer, mayFold: boolean): void {
    const { rules } = this.options.trunks!;
    let at = 0;
    let folds = mayFold;
    for (;;) {
      const begins = !scanner.midCommand;
      const end = nextCommand(scanner, bytes, at);
      if (end < 0 && end !== BROKEN) break;
      let reach: number = end === BROKEN ? Reach.Own : scanner.argc === 0 ? Reach.Greeting : rules.of(scanner.id);
      if (reach === Reach.Container && begins) reach = rules.ofSubcommand(scanner.id, commandArgs(bytes, at, end)[1]);
      if (reach === Reach.Shared && begins && folds) {
        if (at > 0) session.take(bytes.subarray(0, at));
        if (this.#way.is === 'closed') return;
        this.#way = { is: 'folding', session };
        this.#kept = [Buffer.from(bytes.subarray(at))];
        this.#maybeFold();
        return;
      }
      if (reach !== Reach.Greeting && reach !== Reach.Shared) {
        this.#way = { is: 'own', session, greeting: undefined };
        break;
      }
      // A client that greets and asks in one breath need not keep its session either.
      if (reach === Reach.Greeting && end > at) folds = true;
      at = end;
    }
    session.take(bytes);
  }

  /** Its own session is owed nothing any more: it need not keep it, if what the client has set can be shared. */
  #maybeFold(): void {
    const way = this.#way;
    if (way.is !== 'folding' || !way.session.atRest) return;
    const { session } = way;
    const trunks = this.options.trunks!;
    const profile = Profile.of(session.identity);
    const kept = this.#takeKept();
    if (profile !== undefined && trunks.leadsTo(session.state.node, profile)) {
      this.#commands += session.commands;
      session.close();
      this.#profile = profile;
      this.#way = UNBOARDED;
      for (const part of kept) this.#pass(part);
      return;
    }
    // Perhaps later, when the trunk is where the client's own session is.
    const scanner = profile === undefined ? undefined : trunks.newScanner(this.#commandBytesMax);
    this.#stayOwn(session, scanner, kept);
  }

  #takeKept(): readonly Buffer[] {
    const kept = this.#kept ?? NONE;
    this.#kept = undefined;
    return kept;
  }

  #passKept(): void {
    for (const part of this.#takeKept()) this.#pass(part);
  }

  #sayGoodBye(): void {
    this.downstream.send(OK);
    this.downstream.finish();
  }

  // ---- back-pressure ----------------------------------------------------------------------------------------------

  /** Less may be outstanding than before. */
  relieved(): void {
    if (this.#way.is === 'folding') this.#maybeFold();
    if (this.#ending !== undefined) this.#maybeFinish();
    if (!this.#waiting || this.#way.is === 'closed') return;
    if (this.#isFull(0.5)) {
      this.#awaitRoom();
      return;
    }
    this.#waiting = false;
    this.downstream.resume();
  }

  #isFull(share: number): boolean {
    const way = this.#way;
    switch (way.is) {
      case 'shared':
        if (this.#kept !== undefined) return true;
        return this.#unanswered > 0 && (this.#hasMuch(share) || way.trunk?.isFull(share) === true);
      case 'own':
        return way.session.isFull(share);
      case 'leaving':
      case 'folding':
      case 'quitting':
        return true;
      default:
        return false;
    }
  }

  #hasMuch(share: number): boolean {
    const { clientBytesMax, clientCommandsMax } = this.options.limits;
    return this.#bytes > Math.min(clientBytesMax, WINDOW_BYTES) * share || this.#unanswered > clientCommandsMax * share;
  }

  #awaitRoom(): void {
    const way = this.#way;
    if (way.is === 'shared' && way.trunk?.isFull(0.5) === true) way.trunk.awaitRoom(this);
  }

  #maybeFinish(): void {
    if (this.#way.is === 'closed' || !this.#isSettled) return;
    this.downstream.finish(this.#ending === 'gateway' ? 'drained' : undefined);
  }

  /**
   * The client is owed nothing. That holds for one that waits in BLPOP, too: when a client is gone without a word, its
   * connection's end is all that tells, and it must not be given an element then. Half a command or transaction is worth
   * waiting for only when the client can still send the rest.
   */
  get #isSettled(): boolean {
    const way = this.#way;
    switch (way.is) {
      case 'shared':
        if (this.#unanswered > 0 || this.#kept !== undefined) return false;
        return this.#ending === 'client' || this.#carry === undefined;
      case 'own': {
        const { blocked, unanswered, held } = way.session;
        return blocked || (unanswered === 0 && (this.#ending === 'client' || held.bytes === 0));
      }
      case 'new':
        return true;
      default:
        return false;
    }
  }

  sessionEnded(why: FollowEnd | undefined): void {
    if (this.#way.is !== 'closed') this.downstream.finish(why);
  }

  get #commandBytesMax(): number {
    return this.options.session.commandBytesMax ?? SESSION_DEFAULTS.commandBytesMax;
  }
}

const BROKEN = -2;

/** Where the next command ends; -1: not in these bytes, BROKEN: never. */
function nextCommand(scanner: CommandScanner, bytes: Buffer, at: number): number {
  try {
    return scanner.next(bytes, at, bytes.length);
  } catch (error) {
    if (!(error instanceof RespError)) throw error;
    return BROKEN;
  }
}

function whole(head: readonly Buffer[], bytes: Buffer, at: number, end: number): Buffer {
  const last = bytes.subarray(at, end);
  return head.length === 0 ? last : Buffer.concat([...head, last]);
}
