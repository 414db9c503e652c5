import { CommandRun, type CommandScanner, commandArgs, encodeCommand } from '../../resp/index.js';
import { Allowance, type Rations, WINDOW_MAX } from './allowance.js';
import { bytesIn } from './bytes-in.js';
import { Carry } from './carry.js';
import { Copies } from './copies.js';
import type { Downstream } from './downstream.js';
import { BROKEN, nextCommand } from './next-command.js';
import { commandBytesMaxOf, OUTPUT_HIGH_BYTES, type OwnSessionOptions, WINDOW_BYTES } from './own-session.js';
import { type Profile, STRANGER } from './profile.js';
import { Reach } from './share-rules.js';
import type { Trunk, TrunkClient } from './trunk.js';
import type { Trunks } from './trunks.js';

/** Whose commands they are. */
export interface SharedWayOwner {
  readonly downstream: Downstream;
  /** It wants a turn when answers have come. */
  readonly expectant: boolean;
  /**
   * `rest`, and all that comes, has to go another way, behind what is outstanding. Borrowed. `reach`: a value of `Reach`. Said
   * again, it is of what went before.
   */
  leave(reach: number, rest: readonly Buffer[]): void;
  /** Bytes that had to wait go on, whichever way the client goes by now. */
  pass(bytes: Buffer): void;
  /** Nothing is being delivered, and less may be outstanding than before. */
  turn(): void;
}

/** A command larger than this takes its client to a session of its own. */
const CARRY_BYTES_MAX = 256 * 1024;
/** What a server takes from somebody who has to log in first; more, and it closes the connection. */
const STRANGER_ARGUMENTS_MAX = 10;
const STRANGER_BYTES_MAX = 16 * 1024;
/** More than this waits only for somebody whose answers have become much larger at once. */
const SWAMPED_BYTES = 8 * 1024 * 1024;
/** An answer smaller than this is copied when it cannot leave at once: it would keep all that came with it. */
const COPIED_BYTES = 16 * 1024;

const NOTHING_HELD = { bytes: 0, commands: 0 };
const NONE: readonly Buffer[] = [];
/** What one client has sent is scanned into this, and has gone on before the next one's is. */
const run = new CommandRun(WINDOW_MAX);

/** A client's way over the trunk of its profile, together with others': as long as it sends whole commands that can be shared. */
export class SharedWay implements TrunkClient {
  /** From the first command on. */
  #trunk: Trunk | undefined;
  #carry: Carry | undefined;
  /** What waits until commands before it are answered, and the trunk has room. */
  #kept: Copies | undefined;
  /** It has waited, and may go. */
  #admitted = false;
  #unanswered = 0;
  /** Of the commands without an answer. */
  #bytes = 0;
  #commands = 0;
  readonly #allowance = new Allowance();
  #attending = false;
  /** Not all that it had received has left at the last flush. */
  #clogged = false;
  #departed = false;

  constructor(
    private readonly owner: SharedWayOwner,
    private readonly trunks: Trunks,
    private readonly options: Pick<OwnSessionOptions, 'limits' | 'session'>,
    readonly profile: Profile = STRANGER,
  ) {}

  /** Whole commands that went this way so far. */
  get commands(): number {
    return this.#commands;
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  /** Commands without an answer; their bytes, and what has not been sent. What waits for room counts as one command. */
  get held(): { bytes: number; commands: number } {
    if (this.#kept === undefined && this.#bytes === 0 && this.#carry === undefined) return NOTHING_HELD;
    const bytes = this.#bytes + (this.#carry?.bytes ?? 0);
    if (this.#kept === undefined) return { bytes, commands: this.#unanswered };
    return { bytes: bytes + this.#kept.bytes, commands: this.#unanswered + 1 };
  }

  /** Nothing is outstanding, and no whole command waits. */
  get atRest(): boolean {
    return this.#unanswered === 0 && this.#kept === undefined;
  }

  /** Half a command has come. */
  get midCommand(): boolean {
    return this.#carry !== undefined;
  }

  get boarded(): boolean {
    return this.#trunk !== undefined;
  }

  /** The trunk's session's state, and the node that it is with, if any. */
  get state(): { at: string; node: string | undefined } | undefined {
    return this.#trunk?.state;
  }

  /** No more should be taken. `share` of what is the most. */
  isFull(share: number): boolean {
    if (this.#kept !== undefined) return true;
    return this.#unanswered > 0 && (this.#hasMuch(share) || this.#trunk?.isFull(share) === true);
  }

  #hasMuch(share: number): boolean {
    const { clientBytesMax, clientCommandsMax } = this.options.limits;
    return this.#bytes > Math.min(clientBytesMax, WINDOW_BYTES) * share || this.#unanswered > clientCommandsMax * share;
  }

  /** The owner gets a turn when the trunk has room again, if it has none now. */
  awaitRoom(): void {
    if (this.#trunk?.isFull(0.5) === true) this.#trunk.awaitRoom(this);
  }

  /** Nothing more goes this way. Answers that are owed come, and are dropped. */
  depart(): void {
    this.#departed = true;
    this.#carry?.release();
    this.#carry = undefined;
    this.#kept?.release();
    this.#kept = undefined;
    this.#trunk?.leave(this);
  }

  // ---- to the trunk ----------------------------------------------------------------------------------------------

  /** Bytes from the client, borrowed. */
  take(bytes: Buffer): void {
    if (this.#kept !== undefined || (this.#unanswered > 0 && this.#unanswered >= this.#window(this.#rations))) {
      this.#keep(bytes);
      return;
    }
    const carry = this.#carry;
    this.#carry = undefined;
    if (this.#allowance.isHeavy || this.owner.downstream.backlogBytes > OUTPUT_HIGH_BYTES) {
      this.owner.leave(Reach.Own, [...(carry?.parts ?? NONE), bytes]);
    } else this.#share(carry, bytes);
    if (this.#carry !== carry) carry?.release();
  }

  #keep(bytes: Buffer): void {
    this.#kept ??= new Copies();
    this.#kept.add(bytes);
  }

  /** So many of its commands may be outstanding. While it does not read the answers: one. */
  #window(rations: Rations | undefined): number {
    if (this.#trunk === undefined || this.#isStuck) return 1;
    const { shareBytes } = this.#trunk;
    return rations === undefined ? this.#allowance.window(shareBytes) : this.#allowance.ration(shareBytes, rations);
  }

  /** Undefined: more than a piece of what it brings may go now. */
  get #rations(): Rations | undefined {
    return !this.#admitted && this.#trunk?.isBusy === true ? this.#trunk.rations : undefined;
  }

  #share(carry: Carry | undefined, bytes: Buffer): void {
    const { trunks } = this;
    const commandBytesMax = commandBytesMaxOf(this.options);
    const scanner = carry?.scanner ?? trunks.scanner(commandBytesMax);
    run.begin(0);
    /** Stands before bytes[0], and belongs to the first command. */
    let head: readonly Buffer[] = carry?.parts ?? NONE;
    /** bytes[from, at) are whole commands that may go: those of `run`. */
    let from = 0;
    let at = 0;
    let reach: number = Reach.Shared;
    const rations = this.#rations;
    const window = this.#window(rations);
    /** Up to here one need not look after each command whether it is enough. */
    const near = rations === undefined ? bytes.length : Math.min(rations.pieceBytes, bytes.length);
    for (;;) {
      if (this.#isKnown && !scanner.midCommand) {
        at = run.scan(bytes, at, near, window - this.#unanswered, commandBytesMax, trunks.rules);
      }
      const isEnough = rations !== undefined && at >= rations.pieceBytes && run.length >= rations.pieceCommands;
      if ((isEnough || this.#unanswered + run.length >= window) && at < bytes.length) {
        this.#ride(head, part(bytes, from, at));
        this.#keep(bytes.subarray(at));
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
        run.add(end, trunks.rules.table.flags[scanner.id]!);
        at = end;
        continue;
      }
      const line = scanner.inline ? whole(run.length > 0 ? NONE : head, bytes, at, end) : undefined;
      this.#ride(head, part(bytes, from, at));
      // Whatever else a server might find wrong with a line, it does not get to see: a shared connection must not break.
      if (scanner.argc > 0 && line !== undefined) {
        this.#rideInParts([encodeCommand(commandArgs(line, 0, line.length))], 1);
      }
      head = NONE;
      run.begin(end);
      from = end;
      at = end;
    }
    this.#ride(head, part(bytes, from, at));
    if (at === bytes.length && reach === Reach.Shared && !scanner.midCommand) return;
    const rest = bytes.subarray(at);
    if (run.length > 0) head = NONE;
    if (reach !== Reach.Shared) this.owner.leave(reach, [...head, rest]);
    else if (scanner.midCommand) this.#carryOn(head.length > 0 ? carry! : this.#newCarry(scanner), rest);
  }

  #newCarry(scanner: CommandScanner): Carry {
    this.trunks.dropScanner(scanner);
    return new Carry(scanner);
  }

  #carryOn(carry: Carry, rest: Buffer): void {
    carry.add(rest);
    if (carry.bytes <= CARRY_BYTES_MAX) {
      this.#carry = carry;
      return;
    }
    this.owner.leave(Reach.Own, carry.parts);
    carry.release();
  }

  /** A value of `Reach` for the command that has just ended. It begins with `head` if it is the first. */
  #reachOf(scanner: CommandScanner, head: readonly Buffer[], bytes: Buffer, at: number, end: number): number {
    const { rules } = this.trunks;
    let reach = rules.of(scanner.id);
    if (reach === Reach.Container) {
      const command = whole(at === 0 ? head : NONE, bytes, at, end);
      reach = rules.ofSubcommand(scanner.id, commandArgs(command, 0, command.length)[1]);
    }
    if (reach !== Reach.Shared) return reach;
    const trunk = this.#board();
    if (trunk === undefined) return Reach.Own;
    if (this.#isKnown) return reach;
    const isModest = scanner.argc <= STRANGER_ARGUMENTS_MAX && end - at <= STRANGER_BYTES_MAX && head.length === 0;
    return trunk.welcome === 'unknown' && isModest ? reach : Reach.Aside;
  }

  /** It is on a trunk whose node serves the likes of it. */
  get #isKnown(): boolean {
    return this.#trunk !== undefined && (!this.profile.anonymous || this.#trunk.welcome === 'served');
  }

  /** The trunk that it is on, or will be. Undefined: there is no room. */
  #board(): Trunk | undefined {
    if (this.#trunk !== undefined) return this.#trunk;
    this.#trunk = this.trunks.of(this.profile);
    this.#trunk?.join(this);
    return this.#trunk;
  }

  /** The commands of `run` in `bytes`, the first of which begins with `head`. */
  #ride(head: readonly Buffer[], bytes: Buffer): void {
    if (run.length === 0) return;
    if (head.length > 0) this.#rideInParts([...head, bytes], run.length);
    else if (this.#owe(run.length, bytes.length)) this.#trunk?.takeRun(this, bytes, run);
  }

  #rideInParts(parts: readonly Buffer[], commands: number): void {
    if (this.#owe(commands, bytesIn(parts))) this.#trunk?.take(this, parts, commands);
  }

  /** False when nothing goes this way any more. */
  #owe(commands: number, bytes: number): boolean {
    if (this.#departed || this.#trunk === undefined) return false;
    this.#commands += commands;
    this.#unanswered += commands;
    this.#bytes += bytes;
    return true;
  }

  // ---- from the trunk --------------------------------------------------------------------------------------------

  receive(bytes: Buffer, answers: number, settledBytes: number): void {
    this.#unanswered -= answers;
    this.#bytes -= settledBytes;
    if (this.#departed) return;
    const { downstream } = this.owner;
    downstream.send(this.#isStuck && bytes.length < COPIED_BYTES ? Buffer.from(bytes) : bytes);
    this.#allowance.received(bytes.length, answers);
    if (this.#kept !== undefined || this.owner.expectant) this.#attend();
  }

  /** It does not read what it has been given. */
  get #isStuck(): boolean {
    return this.#clogged && this.owner.downstream.backlogBytes > 0;
  }

  flush(): boolean {
    this.#clogged = !this.owner.downstream.flush();
    if (this.#clogged && this.#isSwamped) this.#attend();
    return !this.#clogged;
  }

  /** Far more has come than its answers before let expect, and it does not keep up. */
  get #isSwamped(): boolean {
    const bytesMax = Math.min(SWAMPED_BYTES, this.options.limits.outputBytesMax / 2);
    return this.#unanswered > 0 && this.owner.downstream.backlogBytes > bytesMax;
  }

  #attend(): void {
    if (this.#attending) return;
    this.#attending = true;
    this.#trunk?.attend(this);
  }

  turn(): void {
    this.#attending = false;
    if (this.#isSwamped) this.#retreat();
    const rations = this.#rations;
    if (this.#kept !== undefined && this.#unanswered <= this.#window(rations) / 2) {
      if (rations === undefined) this.#goOn(this.#kept);
      else this.#trunk?.awaitRoom(this);
    }
    this.#admitted = false;
    this.owner.turn();
  }

  /** What it has asked for and not got, it asks for again over a session of its own, which waits for it. */
  #retreat(): void {
    const back = this.#trunk?.takeBack(this);
    if (back === undefined || back.commands === 0) return;
    this.#commands -= back.commands;
    this.#unanswered -= back.commands;
    this.#bytes -= back.bytes;
    const carry = this.#carry;
    const kept = this.#kept;
    this.#carry = undefined;
    this.#kept = undefined;
    this.owner.leave(Reach.Own, [...back.parts, ...(carry?.parts ?? NONE), ...(kept?.parts ?? NONE)]);
    carry?.release();
    kept?.release();
  }

  admit(): void {
    this.#admitted = true;
  }

  /** What had to wait goes. */
  #goOn(kept: Copies): void {
    this.#kept = undefined;
    for (const part of kept.parts) this.owner.pass(part);
    kept.release();
  }

  stranded(): void {
    if (this.#departed) return;
    this.#trunk = undefined;
    if (this.#unanswered > 0) this.owner.downstream.finish('upstream');
    else if (this.#kept !== undefined) process.nextTick(() => this.turn());
  }

  fault(error: unknown): void {
    this.owner.downstream.fault(error);
  }
}

function part(bytes: Buffer, from: number, to: number): Buffer {
  return from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
}

function whole(head: readonly Buffer[], bytes: Buffer, at: number, end: number): Buffer {
  const last = bytes.subarray(at, end);
  return head.length === 0 ? last : Buffer.concat([...head, last]);
}
