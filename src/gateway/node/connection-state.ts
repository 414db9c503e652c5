import { ReplyScanner } from '../../resp/index.js';
import { readToken } from '../../resp/tokens.js';
import { Identity } from '../../session/identity.js';
import { isError, isNoCluster, OK, QUEUED } from './answers.js';
import { withCapa } from './client-list.js';
import type { Nature } from './command.js';
import type { ReplyMode, Role } from './role.js';

/** The transaction that is open, as far as the node has accepted it. */
export interface Transaction {
  readonly queued: { readonly nature: Nature; readonly role: Role }[];
  /** A command of it was refused: EXEC must not execute. */
  spoiled: boolean;
  /** One was refused here and not by the node, which would execute the rest. */
  poisoned: boolean;
}

/** What the rules must know of one connection. It changes with the answers of the node, never with what was only sent. */
export class ConnectionState {
  /** What a new connection to the node must be told to be this one again. */
  readonly identity = new Identity();
  capa: boolean;
  transaction: Transaction | undefined;
  /** WATCH is in force. */
  watching = false;
  /** A WATCH was lost with the connection to the node: the next EXEC must not commit. */
  blind = false;
  reply: ReplyMode = 'on';
  /** The node refuses MULTI to this user, or in this mode. */
  refusesMulti = false;
  /** CLIENT ID of the connection to the node, once known. */
  nodeId: string | undefined;

  /** `everyone`: clients are redirected without having announced that they can be. */
  constructor(private readonly everyone: boolean) {
    this.capa = false;
  }

  /** It wants to be redirected. */
  get follows(): boolean {
    return this.capa || this.everyone;
  }

  get readOnly(): boolean {
    return this.identity.readOnly;
  }

  /** Whether a command of this nature must not be run on a replica. */
  mustFollow(nature: Nature): boolean {
    if (!this.follows || nature === 'local') return false;
    return nature !== 'read' || !this.readOnly;
  }

  /** Whether CLIENT REPLY keeps the next answer from the client. SKIP does so once. */
  takeMute(): boolean {
    const { reply } = this;
    if (reply === 'skip') this.reply = 'on';
    return reply !== 'on';
  }

  /** RESET was answered. The capability stays. */
  reset(): void {
    this.identity.reset();
    this.transaction = undefined;
    this.watching = false;
    this.blind = false;
    this.refusesMulti = false;
    this.reply = 'on';
  }

  /** A transaction has ended, one way or another; WATCH ends with it. */
  endTransaction(): void {
    this.transaction = undefined;
    this.watching = false;
    this.blind = false;
  }

  /** The answer to a command that only says how the connection is. Returns what the client gets for it. */
  apply(role: Role, frame: Buffer, capable: ReadonlySet<string>): Buffer {
    switch (role.is) {
      case 'capa':
        if (frame[0] !== COLON) return frame;
        if (role.known) this.capa = true;
        this.nodeId = frame.toString('latin1', 1, frame.length - 2);
        return OK;
      case 'readonly':
        if (isError(frame) && !isNoCluster(frame)) return frame;
        this.identity.apply({ set: 'read-only', on: role.on });
        return OK;
      case 'clients':
        return isError(frame) ? frame : withCapa(frame, capable);
      case 'change':
        if (isError(frame)) return frame;
        this.identity.apply(role.change);
        this.refusesMulti = false;
        return frame;
      case 'watch':
        if (!isError(frame)) this.watching = true;
        return frame;
      case 'unwatch':
        if (isError(frame)) return frame;
        this.watching = false;
        this.blind = false;
        return frame;
      case 'monitor':
        if (!isError(frame)) this.identity.monitor = true;
        return frame;
      default:
        return frame;
    }
  }

  /** A command of the open transaction was answered. */
  queue(transaction: Transaction, nature: Nature, role: Role, frame: Buffer): void {
    if (frame.equals(QUEUED)) transaction.queued.push({ nature, role });
    // WATCH within MULTI is an error that spoils nothing.
    else if (isError(frame) && role.is !== 'watch') transaction.spoiled = true;
  }

  /** The answers within an EXEC's: each of the queued commands that mean something here is given its own. */
  applyAll(transaction: Transaction, frame: Buffer, capable: ReadonlySet<string>): Buffer {
    if (transaction.queued.every(({ role }) => role.is === 'plain') || isError(frame)) return frame;
    const header = readToken(frame, 0);
    if (header.length !== transaction.queued.length) return frame;
    const parts: Buffer[] = [frame.subarray(0, header.next)];
    const scanner = new ReplyScanner();
    let at = header.next;
    for (const { role } of transaction.queued) {
      const end = scanner.finish(frame, at, frame.length);
      parts.push(this.apply(role, frame.subarray(at, end), capable));
      at = end;
    }
    return Buffer.concat(parts);
  }
}

const COLON = 0x3a;
