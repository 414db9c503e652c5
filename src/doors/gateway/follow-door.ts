import { type CommandScanner, commandArgs, encodeCommand } from '../../resp/index.js';
import type { ClientDescription, Identity } from '../../session/index.js';
import { bytesIn } from './bytes-in.js';
import type { Downstream, FollowEnd } from './downstream.js';
import { BROKEN, nextCommand } from './next-command.js';
import { commandBytesMaxOf, OwnSession, type OwnSessionOptions, type SessionOwner } from './own-session.js';
import { Profile, STRANGER } from './profile.js';
import { Reach } from './share-rules.js';
import { SharedWay, type SharedWayOwner } from './shared-way.js';
import type { Trunks } from './trunks.js';

export interface FollowDoorOptions extends OwnSessionOptions {
  /** Undefined: every client has a session of its own. */
  readonly trunks: Trunks | undefined;
}

/** How the client's commands get to the primary. */
type Way =
  /** They will go over a session of its own, when the first come. */
  | { readonly is: 'new' }
  /** Over the trunk of its profile, together with others'. */
  | { readonly is: 'shared'; readonly shared: SharedWay }
  /** Over its own session. `greeting`: it has only said who it is, and may share yet; this finds what it says. */
  | { readonly is: 'own'; readonly session: OwnSession; greeting: CommandScanner | undefined }
  /** From `shared` to `own`, as soon as all is answered. */
  | { readonly is: 'leaving'; readonly shared: SharedWay; readonly greeting: boolean }
  /** From `own` to `shared`, as soon as all is answered. */
  | { readonly is: 'folding'; readonly session: OwnSession }
  /** It has said QUIT. */
  | { readonly is: 'quitting'; readonly shared: SharedWay }
  | { readonly is: 'closed' };

/** Who says ever again who it is, is no client to share with. */
const GREETINGS_MAX = 3;

const NOTHING_HELD = { bytes: 0, commands: 0 };
const NONE: readonly Buffer[] = [];
const NEW: Way = { is: 'new' };
const CLOSED: Way = { is: 'closed' };
const OK = Buffer.from('+OK\r\n');
const QUIT = encodeCommand(['QUIT']);

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
export class FollowDoor implements SharedWayOwner, SessionOwner {
  #way: Way;
  /** While the client changes over: what waits until the commands before it are answered. */
  #kept: Buffer[] | undefined;
  /** Commands that went another way than the present one. */
  #commands = 0;
  #greetings = 0;
  /** The client is not read. */
  #waiting = false;
  /** The client has ended its side, or the gateway wants to stop. */
  #ending: 'client' | 'gateway' | undefined;

  constructor(
    readonly downstream: Downstream,
    private readonly options: FollowDoorOptions,
  ) {
    this.#way = options.trunks === undefined ? NEW : this.#sharedWay(options.trunks);
  }

  /** Bytes from the client, borrowed. */
  take(bytes: Buffer): void {
    this.pass(bytes);
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
    if ('session' in way) way.session.close();
    if ('shared' in way) way.shared.depart();
  }

  get client(): ClientDescription {
    const way = this.#way;
    if ('session' in way) return way.session.client;
    return ('shared' in way ? way.shared.profile : STRANGER).description;
  }

  /** Who it is, as its own session has it, if it has one. */
  get identity(): Identity | undefined {
    const way = this.#way;
    return 'session' in way ? way.session.identity : undefined;
  }

  /** Its commands go over a connection that is shared. */
  get shares(): boolean {
    return this.#way.is === 'shared' && this.#way.shared.boarded;
  }

  /** Whole commands that were taken so far. */
  get commands(): number {
    return this.#commands + (this.#present?.commands ?? 0);
  }

  get unanswered(): number {
    return this.#present?.unanswered ?? 0;
  }

  /** Commands of its have come, and wait until they may be sent. */
  get waits(): boolean {
    const way = this.#way;
    return this.#kept !== undefined || ('shared' in way && !way.shared.atRest);
  }

  /** What its commands go over. */
  get #present(): OwnSession | SharedWay | undefined {
    const way = this.#way;
    return 'session' in way ? way.session : 'shared' in way ? way.shared : undefined;
  }

  /** Of the commands, those that have an answer; undefined for a client that waits on purpose, or for messages. */
  get answered(): number | undefined {
    const way = this.#way;
    if ('session' in way && (way.session.listening || way.session.blocked)) return undefined;
    return this.commands - this.unanswered;
  }

  get held(): { bytes: number; commands: number } {
    const way = this.#way;
    const held = 'session' in way ? way.session.held : 'shared' in way ? way.shared.held : NOTHING_HELD;
    if (this.#kept === undefined) return held;
    return { bytes: held.bytes + bytesIn(this.#kept), commands: held.commands };
  }

  /** The session's state, and the node that it is with, if any. */
  get state(): { at: string; node: string | undefined } {
    return this.#present?.state ?? { at: 'new', node: undefined };
  }

  pass(bytes: Buffer): void {
    const way = this.#way;
    switch (way.is) {
      case 'new':
        this.#begin(undefined, false, [bytes]);
        return;
      case 'shared':
        way.shared.take(bytes);
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

  // ---- changing over ----------------------------------------------------------------------------------------------

  leave(reach: number, rest: readonly Buffer[]): void {
    const way = this.#way;
    if (way.is === 'leaving' || way.is === 'quitting') {
      this.#kept = [...rest.map((part) => Buffer.from(part)), ...(way.is === 'leaving' ? this.#takeKept() : [QUIT])];
      this.#way = { is: 'leaving', shared: way.shared, greeting: false };
      return;
    }
    if (way.is !== 'shared') return;
    const { shared } = way;
    if (reach === Reach.Quit) {
      this.#way = { is: 'quitting', shared };
      if (shared.atRest) this.#sayGoodBye();
      return;
    }
    const mayReturn = reach === Reach.Greeting || reach === Reach.Aside;
    const greeting = mayReturn && this.#greetings++ < GREETINGS_MAX;
    if (shared.atRest) {
      this.#begin(shared, greeting, rest);
      return;
    }
    this.#way = { is: 'leaving', shared, greeting };
    this.#kept = rest.map((part) => Buffer.from(part));
  }

  turn(): void {
    const way = this.#way;
    if (way.is === 'leaving' && way.shared.atRest) this.#begin(way.shared, way.greeting, this.#takeKept());
    else if (way.is === 'quitting' && way.shared.atRest) this.#sayGoodBye();
    this.relieved();
  }

  get expectant(): boolean {
    return this.#way.is !== 'shared' || this.#waiting || this.#ending !== undefined;
  }

  /** A session of its own. */
  #begin(from: SharedWay | undefined, greeting: boolean, bytes: readonly Buffer[]): void {
    this.#commands += from?.commands ?? 0;
    from?.depart();
    const profile = from?.profile ?? STRANGER;
    const session = new OwnSession(this, this.options, profile === STRANGER ? undefined : profile.identity());
    const scanner = greeting ? this.options.trunks?.newScanner(commandBytesMaxOf(this.options)) : undefined;
    this.#stayOwn(session, scanner, bytes);
  }

  /** `greeting`: it may share later, but these bytes go to the session. */
  #stayOwn(session: OwnSession, greeting: CommandScanner | undefined, bytes: readonly Buffer[]): void {
    this.#way = { is: 'own', session, greeting };
    for (const part of bytes) {
      const way = this.#way;
      if (way.is === 'own' && way.greeting !== undefined) this.#greet(session, way.greeting, part, false);
      else this.pass(part);
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
      this.#way = this.#sharedWay(trunks, profile);
      for (const part of kept) this.pass(part);
      return;
    }
    // Perhaps later, when the trunk is where the client's own session is.
    const scanner = profile === undefined ? undefined : trunks.newScanner(commandBytesMaxOf(this.options));
    this.#stayOwn(session, scanner, kept);
  }

  #sharedWay(trunks: Trunks, profile = STRANGER): Way {
    return { is: 'shared', shared: new SharedWay(this, trunks, this.options, profile) };
  }

  #takeKept(): readonly Buffer[] {
    const kept = this.#kept ?? NONE;
    this.#kept = undefined;
    return kept;
  }

  #sayGoodBye(): void {
    this.downstream.send(OK);
    this.downstream.finish();
  }

  // ---- back-pressure ----------------------------------------------------------------------------------------------

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
        return way.shared.isFull(share);
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

  #awaitRoom(): void {
    if (this.#way.is === 'shared') this.#way.shared.awaitRoom();
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
        return way.shared.atRest && (this.#ending === 'client' || !way.shared.midCommand);
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
}
