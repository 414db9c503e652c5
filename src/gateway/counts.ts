import type { CloseReason } from './listener.js';

/** What has passed between clients and the gateway. */
export interface Traffic {
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly commands: number;
}

export function sumOf(all: Iterable<Traffic>): Traffic {
  const sum = { receivedBytes: 0, sentBytes: 0, commands: 0 };
  for (const { receivedBytes, sentBytes, commands } of all) {
    sum.receivedBytes += receivedBytes;
    sum.sentBytes += sentBytes;
    sum.commands += commands;
  }
  return sum;
}

/** What one listener has counted since it was started. Numbers only grow. */
export class Counts implements Traffic {
  accepted = 0;
  receivedBytes = 0;
  sentBytes = 0;
  commands = 0;
  /** Clients that were closed by us, by reason. */
  readonly closed = new Map<CloseReason, number>();
  /** Commands that the policy refused, by name. */
  readonly refused = new Map<string, number>();
  /** TLS handshakes that failed. */
  handshakesFailed = 0;
  /** How often clients were made to wait because all together had too much outstanding. */
  restraints = 0;

  addClosed(why: CloseReason, times = 1): void {
    this.closed.set(why, (this.closed.get(why) ?? 0) + times);
  }

  addRefused(command: string, times = 1): void {
    this.refused.set(command, (this.refused.get(command) ?? 0) + times);
  }

  /** What another has counted is counted here from now on. `traffic`: that of its clients included. */
  inherit(counts: Counts, traffic: Traffic): void {
    Object.assign(this, sumOf([this, traffic]));
    this.accepted += counts.accepted;
    this.handshakesFailed += counts.handshakesFailed;
    this.restraints += counts.restraints;
    for (const [why, times] of counts.closed) this.addClosed(why, times);
    for (const [command, times] of counts.refused) this.addRefused(command, times);
  }
}
