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
        this.#giveUp(event.code, event.commands);
        return;
    }
  }

  /** What another has counted is counted here from now on. */
  inherit(tally: Tally): void {
    this.moves += tally.moves;
    this.replayed += tally.replayed;
    this.uncertain += tally.uncertain;
    this.joinsFailed += tally.joinsFailed;
    this.resubscribed += tally.resubscribed;
    this.fallbacks += tally.fallbacks;
    for (const [code, commands] of tally.givenUp) this.#giveUp(code, commands);
  }

  #giveUp(code: string, commands: number): void {
    this.givenUp.set(code, (this.givenUp.get(code) ?? 0) + commands);
  }
}
