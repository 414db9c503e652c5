import { ReplyError } from '../resp/decode.js';
import type { Clock } from '../transport/index.js';
import type { Conversation, ConversationOptions } from './conversation.js';
import { NOTICE_CHANNEL, type Notice, parseNotice } from './notice.js';
import type { TopologyEvent } from './topology-event.js';

/** Against floods: whoever may publish on the channel would otherwise make every process publish as often. */
export const HEARING_BOUNDS = { noticesPerSecond: 20, remembered: 256 } as const;

export interface HearingHost {
  /** Opens a conversation with a node that is up; undefined when it is not. */
  open(node: string, more: Pick<ConversationOptions, 'onPush' | 'onClose'>): Conversation | undefined;
  /** Each notice once, from however many nodes it came. */
  onNotice(notice: Notice): void;
  onEvent(event: TopologyEvent): void;
  readonly clock: Clock;
  /** Time from one attempt to subscribe at a node to the next. */
  readonly retryMs: number;
}

/** The subscription at one node. */
interface Ear {
  readonly conversation: Conversation;
  readonly openedMs: number;
  /** `denied`: the node lets nobody like us subscribe; it stays so until it is dialled anew. */
  state: 'asked' | 'subscribed' | 'lost' | 'denied';
  /** In a row, this attempt included. */
  failures: number;
}

/**
 * A subscription to notices at each node of a watch, each over a connection of its own: in RESP2 a connection that is
 * subscribed can do little else. What is no notice is dropped, and reported once for each reason.
 */
export class NoticeHearing {
  readonly #host: HearingHost;
  readonly #ears = new Map<string, Ear>();
  /** Those let through, oldest first. */
  readonly #remembered = new Set<string>();
  /** The last of them, as it came: from the next node the same comes again. */
  #lastText = '';
  readonly #reported = new Set<string>();
  #second = { startMs: Number.NEGATIVE_INFINITY, notices: 0 };

  constructor(host: HearingHost) {
    this.#host = host;
  }

  /** The node has just answered a probe: it can be asked. Does nothing when that has been done, or was done in vain just now. */
  attend(node: string): void {
    const { clock, retryMs } = this.#host;
    const last = this.#ears.get(node);
    if (last !== undefined && (last.state !== 'lost' || clock.now() - last.openedMs < retryMs)) return;
    const conversation = this.#host.open(node, {
      onPush: ([, , text]) => this.#onMessage(node, String(text)),
      onClose: (error) => this.#failed(node, ear, error),
    });
    if (conversation === undefined) return;
    const ear: Ear = { conversation, openedMs: clock.now(), state: 'asked', failures: last?.failures ?? 0 };
    this.#ears.set(node, ear);
    conversation.request(['SUBSCRIBE', NOTICE_CHANNEL]).then(
      () => {
        ear.state = 'subscribed';
        ear.failures = 0;
      },
      (error: Error) => this.#failed(node, ear, error),
    );
  }

  /** The connection to the node has ended, or it is watched no more. */
  forget(node: string): void {
    const ear = this.#ears.get(node);
    this.#ears.delete(node);
    ear?.conversation.close();
  }

  close(): void {
    for (const node of [...this.#ears.keys()]) this.forget(node);
  }

  /** One failure that is no refusal may be a node on its way down, which others report. */
  #failed(node: string, ear: Ear, error: Error | undefined): void {
    if (this.#ears.get(node) !== ear || ear.state === 'lost' || ear.state === 'denied') return;
    const isDenied = error instanceof ReplyError;
    ear.state = isDenied ? 'denied' : 'lost';
    ear.failures++;
    ear.conversation.close();
    if (!isDenied && ear.failures !== 2) return;
    const reason = error?.message ?? 'the connection was closed';
    this.#host.onEvent({ type: 'notices-unavailable', node, reason });
  }

  #onMessage(node: string, text: string): void {
    if (text === this.#lastText) return;
    const reading = parseNotice(text);
    if (reading.is === 'refused') {
      this.#ignore(node, reading.reason);
      return;
    }
    const notice = reading.value;
    const key = keyOf(notice.id, notice.kind);
    if (this.#remembered.has(key)) return;
    if (!this.#isAwaited(notice) && this.#isFlooded()) {
      this.#ignore(node, `more than ${HEARING_BOUNDS.noticesPerSecond} notices in a second`);
      return;
    }
    this.#remember(key);
    this.#lastText = text;
    this.#host.onNotice(notice);
  }

  #remember(key: string): void {
    this.#remembered.add(key);
    if (this.#remembered.size <= HEARING_BOUNDS.remembered) return;
    const [oldest] = this.#remembered;
    this.#remembered.delete(oldest!);
  }

  /** The end of something that was let through: sessions may be holding for it. */
  #isAwaited({ id, kind }: Notice): boolean {
    if (kind !== 'release') return false;
    return this.#remembered.has(keyOf(id, 'hold')) || this.#remembered.has(keyOf(id, 'prepare'));
  }

  #isFlooded(): boolean {
    const nowMs = this.#host.clock.now();
    if (nowMs - this.#second.startMs >= 1000) this.#second = { startMs: nowMs, notices: 0 };
    return ++this.#second.notices > HEARING_BOUNDS.noticesPerSecond;
  }

  #ignore(node: string, reason: string): void {
    if (this.#reported.has(reason)) return;
    this.#reported.add(reason);
    this.#host.onEvent({ type: 'notice-ignored', node, reason });
  }
}

function keyOf(id: string, kind: Notice['kind']): string {
  return `${id} ${kind}`;
}
