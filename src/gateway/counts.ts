import type { CloseReason } from './listener.js';

/** What one listener has counted since it was started. Numbers only grow. */
export class Counts {
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

  addClosed(why: CloseReason): void {
    this.closed.set(why, (this.closed.get(why) ?? 0) + 1);
  }

  addRefused(command: string): void {
    this.refused.set(command, (this.refused.get(command) ?? 0) + 1);
  }
}
