import { type Reply, ReplyError } from '../resp/index.js';
import type { Order, SwitchNode } from './switch-node.js';

/** How long the new primary remembers that it was promoted, if nobody ends the switch: a week. */
const MEMORY_S = 604_800;
/** Clocks of the two servers may differ by so much of the ticket's time. */
const SKEW_PART = 0.5;

export type Promotion =
  | { readonly is: 'done' }
  /** The server says no: nothing has happened. */
  | { readonly is: 'refused'; readonly reason: string };

/**
 * A key that expires, by which a promotion is either in time or nothing. The old primary writes it, the replica watches
 * it and promotes itself in a transaction: an order that was held up (its sender was stopped, the network slow) until the
 * pause may have ended finds the key expired and does nothing.
 *
 * In the same breath as the promotion the new primary overwrites it. Whoever finds it so later knows that this data has
 * lived through the promotion, although the server may have been restarted and calls itself a replica again.
 */
export class Ticket {
  readonly key: string;
  readonly notes: string[] = [];
  private armed = false;
  /** It may stand in the data. */
  private written = false;

  constructor(readonly id: string) {
    this.key = `segue:switch:${id}`;
  }

  get isArmed(): boolean {
    return this.armed;
  }

  get isWritten(): boolean {
    return this.written;
  }

  /** The ticket of a switch that somebody else began. */
  adopt(): void {
    this.written = true;
  }

  /**
   * `wait` is called while the replica does not have the key yet and rejects when that takes too long. Where keys are
   * not permitted, or clocks differ too much, there is no ticket, and a note says so.
   */
  async arm(from: SwitchNode, to: SwitchNode, validMs: number, wait: () => Promise<void>): Promise<void> {
    this.written = true;
    const [written] = await from.askAll([['SET', this.key, 'armed', 'PX', Math.ceil(validMs)]]);
    if (written instanceof ReplyError) {
      this.written = false;
      this.notes.push(`a late promotion cannot be ruled out: ${from.name}: ${written.message}`);
      return;
    }
    for (;;) {
      const [, watched, left] = await to.askAll([['UNWATCH'], ['WATCH', this.key], ['PTTL', this.key]]);
      const refusal = [watched, left].find((reply) => reply instanceof ReplyError) ?? notTime(left);
      if (refusal !== undefined) {
        this.notes.push(`a late promotion cannot be ruled out: ${to.name}: ${refusal.message}`);
        return;
      }
      if (Number(left) > 0) {
        if (Math.abs(Number(left) - validMs) <= validMs * SKEW_PART) this.armed = true;
        else this.notes.push(`a late promotion cannot be ruled out: the clocks of ${from.name} and ${to.name} differ`);
        return;
      }
      await wait();
    }
  }

  /** All that promotes the replica, for one write; `more` follows whatever becomes of it. */
  orders(more: readonly Order[]): Order[] {
    const promotion: Order[] = this.armed
      ? [['MULTI'], ['REPLICAOF', 'NO', 'ONE'], ['EXEC']]
      : [['REPLICAOF', 'NO', 'ONE']];
    return [...promotion, ...this.markOrders(), ...more];
  }

  markOrders(): Order[] {
    return this.written ? [['SET', this.key, 'promoted', 'EX', MEMORY_S]] : [];
  }

  /** Reads the replies to orders(). */
  read(replies: readonly (Reply | ReplyError)[]): Promotion {
    const promotion = replies.slice(0, this.armed ? 3 : 1);
    if (promotion.at(-1) === null) return { is: 'refused', reason: 'the order came too late and did nothing' };
    const refusal = promotion.flat().find((reply) => reply instanceof ReplyError);
    return refusal === undefined ? { is: 'done' } : { is: 'refused', reason: refusal.message };
  }

  clearOrders(): Order[] {
    return this.written ? [['DEL', this.key]] : [];
  }
}

function notTime(left: Reply | undefined): { message: string } | undefined {
  return typeof left === 'number' ? undefined : { message: `PTTL answers ${String(left)}` };
}
