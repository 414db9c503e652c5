import type { SessionEvent } from '../session/index.js';

/** What the sessions of one listener have gone through since it was started. */
export class Tally {
  moves = 0;
  /** Commands that were sent again on another connection. */
  replayed = 0;
  uncertain = 0;
  joinsFailed = 0;
  /** Moves of subscribed sessions that may have cost messages. */
  resubscribed = 0;
  /** Sessions that read from replicas and found none fit. */
  fallbacks = 0;
  /** Commands that were given up, by error code. */
  readonly givenUp = new Map<string, number>();

  take(event: SessionEvent): void {
    switch (event.type) {
      case 'move':
        this.moves++;
        this.replayed += event.replayed;
        return;
      case 'uncertain':
        if (event.fate === 'answered') this.uncertain += event.commands;
        return;
      case 'join-failed':
        this.joinsFailed++;
        return;
      case 'no-replica':
        this.fallbacks++;
        return;
      case 'resubscribed':
        this.resubscribed++;
        return;
      case 'given-up':
        this.givenUp.set(event.code, (this.givenUp.get(event.code) ?? 0) + event.commands);
        return;
    }
  }
}
