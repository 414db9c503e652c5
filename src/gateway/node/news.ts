import type { Identity } from '../../session/identity.js';
import { pubSubFrame } from '../../session/pubsub-frame.js';
import type { Expectation } from './expectations.js';

const PUSH = 0x3e;
const STAR = 0x2a;
const PLUS = 0x2b;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/**
 * Tells what answers no command (messages, pushes, lines of MONITOR) from what does, and counts the confirmations of a
 * (UN)SUBSCRIBE, which has as many as it has names.
 */
export class News {
  /** Of the (UN)SUBSCRIBE at the head. */
  #confirmed = 0;

  constructor(private readonly identity: Identity) {}

  /** The command at the head was answered in another way: with an error. */
  settled(): void {
    this.#confirmed = 0;
  }

  /** `answer`: it is none of these. `last`: it is the last confirmation that the command at the head is owed. */
  read(frame: Buffer, expected: Expectation | undefined): 'answer' | 'message' | 'confirmation' | 'last' {
    if (this.#isMonitorLine(frame)) return 'message';
    const role = expected?.as === 'reply' ? expected.role : undefined;
    const counted = role?.is === 'subscribe' || role?.is === 'unsubscribe' ? role : undefined;
    const isPush = frame[0] === PUSH;
    // In RESP3 an array is always an answer.
    const mayBe =
      frame[0] === STAR && (counted !== undefined || (this.identity.protocol === 2 && this.identity.subscribed));
    if (!isPush && !mayBe) return 'answer';
    const news = pubSubFrame(frame);
    if (news === undefined) return isPush ? 'message' : 'answer';
    if (news.is === 'message' || news.is === 'marker') return 'message';
    const { subscriptions } = this.identity;
    subscriptions.confirm(news.is, news.family, news.name);
    if (counted === undefined) return 'confirmation';
    this.#confirmed++;
    const complete = counted.names > 0 ? this.#confirmed >= counted.names : subscriptions.of(news.family).size === 0;
    if (!complete) return 'confirmation';
    this.#confirmed = 0;
    return 'last';
  }

  #isMonitorLine(frame: Buffer): boolean {
    return this.identity.monitor && frame[0] === PLUS && frame[1]! >= DIGIT_0 && frame[1]! <= DIGIT_9;
  }
}
