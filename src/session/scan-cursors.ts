import { createHash, randomUUID } from 'node:crypto';
import { encodeCommand } from '../resp/index.js';
import { elementStarts } from './element-starts.js';
import type { Ledger } from './ledger.js';
import { Mark } from './mark.js';
import { isError } from './refusal.js';

/**
 * SCAN, SSCAN, HSCAN and ZSCAN go through a hash table in the order of its buckets, and each server process hashes with a
 * seed of its own. So a cursor means nothing to another process: gone on with there, an iteration misses keys silently.
 *
 * Therefore each cursor that a client is given carries a stamp of the process that gave it:
 *
 *       52 ─────── 36 35 ──────────── 0
 *       │   stamp    │ server's cursor │     stamp = 1 + sha1(run_id) mod (2^17 − 1)
 *
 * On its way back the stamp is taken off. Where it is another process's, the node is sent 0 instead: the iteration starts
 * again there, and the client is given some elements twice but misses none. Nothing is remembered, so this holds for any
 * number of sessions, moves, reconnecting clients, and other processes with Segue; and an iteration starts again at most
 * once for each move, so it ends.
 *
 * The servers' own cursors are smaller than their tables: 2^36 buckets are half a terabyte of pointers. Numbers up to 2^53
 * are exact in every client, and a server that is given a stamped cursor by others ignores the upper bits. A cursor
 * without stamp is from elsewhere, and passes as it is.
 */
export class ScanCursors {
  /** The process that the connection leads to, by whatever name is known of it. */
  #process = '';
  #stamp: number | undefined;
  /** Some transaction has had a cursor in it: EXECs are searched. */
  #inTransactions = false;
  /** Commands of the transaction at hand that were not queued; they have no place in what EXEC answers. */
  #unqueued: number[] = [];

  /** The connection leads to this process from now on. Without a run_id the node's name stands for it. */
  arrived({ node, process = node }: { readonly node: string; readonly process?: string | undefined }): void {
    this.#process = process;
    this.#stamp = undefined;
    this.#unqueued = [];
  }

  /**
   * It is heard that behind the name of the connection's node there is this process. If that is another than was thought
   * nobody knows which of the two the connection leads to: what it gives is good for it alone.
   */
  heard(process: string | undefined): void {
    if (process === undefined || process === this.#process) return;
    this.#process = randomUUID();
    this.#stamp = undefined;
  }

  /** A command with a cursor comes from the client. */
  taken(inTransaction: boolean): void {
    if (inTransaction) this.#inTransactions = true;
  }

  /** The command as this connection's process can go on with it, and whether it begins anew there. */
  toNode(args: readonly Buffer[], spot: number): { command: Buffer; restarts: boolean } {
    const cursor = Number(args[spot]!.toString('latin1'));
    const own = Math.floor(cursor / CURSOR_LIMIT) === this.#ownStamp;
    const plain = own ? String(cursor % CURSOR_LIMIT) : '0';
    return { command: encodeCommand(args.map((arg, at) => (at === spot ? plain : arg))), restarts: !own };
  }

  /** Stamps what the connection answers to the command at `index`: its cursor, or those within EXEC's answer. */
  toClient(frame: Buffer, index: number, ledger: Ledger): Buffer {
    const role = ledger.note(index)?.role;
    const inTransaction = (ledger.marks(index) & Mark.Transaction) !== 0;
    if (role?.is === 'multi') this.#unqueued = [];
    else if (isError(frame)) {
      if (inTransaction) this.#unqueued.push(index);
    } else if (role?.is === 'scan' && !inTransaction) return this.#stamped(frame, [0]);
    else if (role?.is === 'exec' && this.#inTransactions) return this.#stampedWithin(frame, index, ledger);
    return frame;
  }

  #stampedWithin(frame: Buffer, exec: number, ledger: Ledger): Buffer {
    const scans: number[] = [];
    let multi = exec - 1;
    for (; multi >= ledger.base && ledger.note(multi)?.role.is !== 'multi'; multi--) {
      if (ledger.note(multi)?.role.is === 'scan') scans.unshift(multi);
    }
    if (scans.length === 0 || multi < ledger.base) return frame;
    const starts = elementStarts(frame);
    const placeOf = (index: number) => index - multi - 1 - this.#unqueued.filter((other) => other < index).length;
    return this.#stamped(
      frame,
      scans.flatMap((index) => starts[placeOf(index)] ?? []),
    );
  }

  /** `starts`: where answers to scans begin in the frame. */
  #stamped(frame: Buffer, starts: readonly number[]): Buffer {
    const parts: Buffer[] = [];
    let at = 0;
    for (const start of starts) {
      const head = HEAD.exec(frame.toString('latin1', start, start + HEAD_BYTES_MAX));
      const cursor = Number(head?.[1]);
      if (head === null || cursor >= CURSOR_LIMIT) continue;
      const stamped = String(this.#ownStamp * CURSOR_LIMIT + cursor);
      parts.push(frame.subarray(at, start), Buffer.from(`*2\r\n$${stamped.length}\r\n${stamped}\r\n`));
      at = start + head[0].length;
    }
    return parts.length === 0 ? frame : Buffer.concat([...parts, frame.subarray(at)]);
  }

  get #ownStamp(): number {
    this.#stamp ??= stampOf(this.#process);
    return this.#stamp;
  }
}

const CURSOR_LIMIT = 2 ** 36;
const STAMPS = 2 ** 17 - 1;
/** Not '0': that is the end, and needs no stamp. */
const HEAD = /^\*2\r\n\$\d+\r\n([1-9]\d*)\r\n/;
const HEAD_BYTES_MAX = 40;
const STAMPED = /^[1-9]\d{10,15}$/;

/** Where the cursor stands among the arguments, the name being number 0. */
export function cursorSpot(name: string): number | undefined {
  if (name === 'scan') return 1;
  return name === 'sscan' || name === 'hscan' || name === 'zscan' ? 2 : undefined;
}

/** Whether this argument is a cursor with a stamp. */
export function isStamped(arg: Buffer | undefined): boolean {
  if (arg === undefined || arg.length > 16 || !STAMPED.test(arg.toString('latin1'))) return false;
  const cursor = Number(arg.toString('latin1'));
  return cursor >= CURSOR_LIMIT && cursor <= Number.MAX_SAFE_INTEGER;
}

/** From 1: no stamp is none. */
function stampOf(process: string): number {
  return 1 + (createHash('sha1').update(process).digest().readUInt32BE(0) % STAMPS);
}
