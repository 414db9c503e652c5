import { encodeCommand } from '../resp/index.js';
import { Asides } from './asides.js';
import type { Crew } from './crew.js';
import type { FrameReader } from './frame-reader.js';
import {
  APART,
  beginPairing,
  type OldStream,
  type Pairing,
  type Phase,
  paired,
  type Stream,
} from './handover-phase.js';
import type { JoinListener } from './join.js';
import { LeftStream, type LeftStreamHost } from './left-stream.js';
import { MessageMerge, type MessageMergeHost } from './message-merge.js';
import type { Upstream } from './outlet.js';
import type { Marker, PubSubFrame } from './pubsub-frame.js';
import { errorLine } from './refusal.js';
import type { Primary } from './state.js';

const DISCARD = encodeCommand(['DISCARD']);
const SLICES = 10;

export interface HandoverHost {
  /** Whoever waited for it goes on: the place was found, or (false) it will not be. */
  pairingEnded(found: boolean): void;
}

/**
 * Takes the messages of a subscribed session from one node to the next: none is lost, none comes twice, and their order
 * stays. Both nodes carry the same stream, since one replicates from the other, PUBLISH included. The session subscribes
 * on both connections, has one marker published at the primary, and so knows the same place in both.
 *
 *   apart ──pair: ahead of a switch, old connection in use──▶ pairing ──marker on both──▶ paired ──joined──▶ apart
 *     └─────keep: the old node was left, its connection not──────┘
 *
 * Where that cannot be (`unable`), the session subscribes anew and says so.
 */
export class Handover implements LeftStreamHost, JoinListener, MessageMergeHost {
  #phase: Phase = APART;
  #unable: string | undefined;
  /** Since when nothing is heard, the old connection being gone. */
  #deafSinceMs: number | undefined;
  #timer: unknown;
  readonly #asides = new Asides();
  readonly #merge: MessageMerge;

  constructor(
    private readonly crew: Crew<Primary>,
    private readonly host: HandoverHost,
  ) {
    this.#merge = new MessageMerge(crew, this);
  }

  /** The marker is awaited. */
  get pairing(): boolean {
    return this.#phase.at === 'pairing';
  }

  /** The channel that the new connection is to subscribe to, too. */
  get channel(): string | undefined {
    return this.#phase.at === 'pairing' ? this.crew.ports.beacon?.channel : undefined;
  }

  /** A new switch is a new chance. */
  allow(): void {
    this.#unable = undefined;
  }

  // ---- beginning and end ---------------------------------------------------------------------------------------

  /** `inTransaction`: on the old connection. */
  mayPair(inTransaction: boolean): boolean {
    return this.#phase.at === 'apart' && !inTransaction && this.#canBe;
  }

  get #canBe(): boolean {
    const { book, ports } = this.crew;
    const { identity } = book;
    return ports.beacon !== undefined && identity.subscribed && !identity.monitor && this.#unable === undefined;
  }

  /** Ahead of a switch: nothing is outstanding at `old`, and nothing is sent there meanwhile. `young` is subscribing. */
  pair(old: Upstream, young: Upstream): void {
    const streams = {
      old: { link: old, place: 'asked', left: undefined },
      young: { link: young, place: 'asked' },
    } as const;
    this.#phase = beginPairing(streams, this.crew.ports.now());
    this.#say(old, 'SUBSCRIBE');
    this.#startTimer();
  }

  /**
   * The session leaves `link`. True: its messages are still wanted, so it stays open and belongs to the handover. `reader`
   * has read the connection so far.
   */
  keep(link: Upstream, reader: FrameReader, inTransaction: boolean): boolean {
    const phase = this.#phase;
    if (phase.at !== 'apart') {
      if (phase.old?.link !== link) return false;
      // Paired or not: the node that is joined may turn out to be another than the one that was met.
      this.#phase = { ...phase, old: { ...phase.old, left: new LeftStream(link, reader, this) } };
      return true;
    }
    if (!this.#canBe) return false;
    const old = { link, place: 'asked', left: new LeftStream(link, reader, this) } as const;
    this.#phase = beginPairing({ old, young: undefined }, this.crew.ports.now());
    if (inTransaction) link.write(DISCARD);
    this.#say(link, 'SUBSCRIBE');
    return true;
  }

  /** A connection on which the session will subscribe. */
  meet(link: Upstream): void {
    const phase = this.#phase;
    if (phase.at !== 'pairing') return;
    if (phase.young === undefined)
      this.#phase = { ...phase, young: { link, place: 'asked' }, sinceMs: this.crew.ports.now() };
    // The marker that was asked for may be late, and reach no other node than the one that is no primary any more.
    else if (phase.young.place === 'heard') this.#lookAgain(phase.old, phase.young);
  }

  #lookAgain(old: OldStream, young: Stream | undefined): void {
    const sinceMs = this.#phase.at === 'pairing' ? this.#phase.sinceMs : this.crew.ports.now();
    const again = old.place === 'marked' ? ({ ...old, place: 'asked' } as const) : old;
    this.#phase = beginPairing({ old: again, young }, sinceMs);
    if (old.place === 'marked') this.#say(old.link, 'SUBSCRIBE');
    this.#light();
  }

  /** The new connection is the session's, and the only one. */
  joined(node: string): void {
    const phase = this.#phase;
    const subscriptions = this.crew.book.identity.subscriptions.size;
    this.#end();
    if (phase.at === 'paired') {
      if (phase.old?.left !== undefined) phase.old.link.retire();
      this.#merge.conclude(phase.braid);
      const { ahead, tookMs } = phase;
      this.crew.ports.onEvent({ type: 'handed-over', node, subscriptions, ahead, tookMs });
    } else if (subscriptions > 0) {
      const reason = this.#unable ?? 'the connection to the old node was lost';
      const gapMs = this.crew.ports.now() - (this.#deafSinceMs ?? this.crew.ports.now());
      this.crew.ports.onEvent({ type: 'resubscribed', node, subscriptions, reason, gapMs });
    }
    this.#unable = undefined;
    this.#deafSinceMs = undefined;
  }

  /** The connection of the old stream is gone, or not read any more. */
  oldGone(link: Upstream): void {
    const phase = this.#phase;
    if (phase.at === 'apart' || phase.old?.link === link) this.#deafSinceMs ??= this.crew.ports.now();
    if (phase.at === 'apart' || phase.old?.link !== link) return;
    if (phase.at === 'pairing') {
      this.fail('the connection to the old node was lost');
      return;
    }
    this.#phase = { ...phase, old: undefined };
    this.#merge.deliverKept(phase.braid);
  }

  /** The connection on which the session was to subscribe is not to be had. */
  youngGone(): void {
    const phase = this.#phase;
    if (phase.at === 'apart' || phase.young === undefined) return;
    // The next primary may be another: the place is looked for once more.
    if (phase.old?.left !== undefined) this.#lookAgain(phase.old, undefined);
    else if (phase.at === 'pairing') this.#giveUp();
    else {
      this.#end();
      if (phase.old === undefined) this.#unable = 'the connection to the new node was lost';
    }
  }

  close(): void {
    const phase = this.#phase;
    this.#end();
    if (phase.at !== 'apart' && phase.old?.left !== undefined) phase.old.link.close();
  }

  /** It cannot go on, for this reason. */
  fail(reason: string): void {
    if (this.#phase.at === 'apart') return;
    this.#unable = reason;
    this.#giveUp();
  }

  /** One stream again: the old one, unless it was left. */
  #giveUp(): void {
    const phase = this.#phase;
    if (phase.at === 'apart') return;
    this.#end();
    const { old, braid } = phase;
    if (old?.left !== undefined) {
      old.link.close();
      this.#deafSinceMs ??= this.crew.ports.now();
      this.#merge.deliverKept(braid);
    } else if (phase.at === 'pairing' && phase.old.place !== 'marked') {
      this.#say(phase.old.link, 'UNSUBSCRIBE');
    }
    this.host.pairingEnded(false);
  }

  #end(): void {
    this.#phase = APART;
    this.crew.ports.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #startTimer(): void {
    if (this.#timer === undefined) this.#countDown(SLICES);
  }

  /** In slices: a process that stands still for a while hears nothing, and that is to cost one slice, not the handover. */
  #countDown(slices: number): void {
    const { handoverTimeoutMs: timeoutMs } = this.crew.options;
    const next = () => (slices > 1 ? this.#countDown(slices - 1) : this.fail(`no marker came within ${timeoutMs} ms`));
    this.#timer = this.crew.ports.setTimer(timeoutMs / SLICES, next);
  }

  /** A message on the session's own connection. */
  heard(frame: Buffer): void {
    this.#merge.heard(frame, this.#phase);
  }

  /** What the connection that the session is about to join says besides answers. */
  newsAhead(news: NonNullable<PubSubFrame>, frame: Buffer, link: Upstream): void {
    if (news.is === 'marker') this.marked(news, 'young');
    else if (news.is === 'message') this.#merge.heardAhead(frame, this.#phase);
    else if (!this.confirmed(news.is, news.name, link)) this.crew.ports.deliver(frame);
  }

  tooFarApart(): void {
    this.fail(`the streams are more than ${this.crew.options.handoverBytesMax} bytes apart`);
  }

  // ---- the marker ----------------------------------------------------------------------------------------------

  /** Whether the confirmation of a (un)subscription on `link` is the handover's; then it is not the client's. */
  confirmed(is: 'subscribed' | 'unsubscribed', name: string | undefined, link: Upstream | undefined): boolean {
    if (link === undefined || name === undefined || name !== this.crew.ports.beacon?.channel) return false;
    this.#asides.settle(link);
    const phase = this.#phase;
    if (is === 'subscribed' && phase.at === 'pairing' && phase.old.link === link && phase.old.place === 'asked') {
      this.#phase = { ...phase, old: { ...phase.old, place: 'heard' } };
      this.#light();
    }
    return true;
  }

  /** The new connection has all subscriptions, and that to the markers. */
  subscribedAhead(): void {
    const phase = this.#phase;
    if (phase.at !== 'pairing' || phase.young?.place !== 'asked') return;
    this.#phase = { ...phase, young: { ...phase.young, place: 'heard' } };
    this.#startTimer();
    this.#light();
  }

  /** Whether an error on `link` answers a command of ours; then it is not the client's. */
  refused(frame: Buffer, link: Upstream): boolean {
    if (!this.#asides.settle(link)) return false;
    const phase = this.#phase;
    if (phase.at === 'pairing' && phase.old.link === link && phase.old.place === 'asked') this.fail(errorLine(frame));
    return true;
  }

  /** The new connection cannot be used for it (any more). */
  refusedAhead(reason: string): void {
    if (this.#phase.at !== 'apart' && this.#phase.young !== undefined) this.#asides.forget(this.#phase.young.link);
    if (this.#phase.at === 'pairing' || this.left !== undefined) this.fail(reason);
    if (this.#phase.at !== 'paired') return;
    if (this.#phase.old === undefined) this.#merge.deliverKept(this.#phase.braid);
    this.#end();
    this.#unable = reason;
  }

  #light(): void {
    const phase = this.#phase;
    if (phase.at !== 'pairing' || phase.old.place === 'asked' || phase.young?.place !== 'heard') return;
    const { braid } = phase;
    const text = this.crew.ports.beacon!.light((reason) => {
      if (this.#phase.at === 'pairing' && this.#phase.braid === braid) this.fail(reason);
    });
    this.#phase = { ...phase, text };
  }

  marked({ channel, text }: Marker, stream: 'old' | 'young'): void {
    const phase = this.#phase;
    if (phase.at !== 'pairing' || text !== phase.text || channel !== this.crew.ports.beacon?.channel) return;
    const own = phase[stream];
    if (own?.place !== 'heard') return;
    this.#say(own.link, 'UNSUBSCRIBE');
    const next: Pairing = { ...phase, [stream]: { ...own, place: 'marked' } };
    this.#phase = next;
    if (next.old.place === 'marked' && next.young?.place === 'marked') this.#becomePaired(next, next.young);
  }

  #becomePaired(phase: Pairing, young: Stream): void {
    this.#end();
    this.#phase = paired(phase, young, this.crew.ports.now());
    if (phase.old.left !== undefined) {
      phase.old.link.retire();
      this.#merge.deliverKept(phase.braid);
    }
    this.host.pairingEnded(true);
  }

  #say(link: Upstream, name: 'SUBSCRIBE' | 'UNSUBSCRIBE'): void {
    this.#asides.say(link, name, this.crew.ports.beacon!.channel);
  }

  // ---- a connection that the session has left --------------------------------------------------------------------

  /** What such a connection brings; of others, nothing is read. */
  readOld(link: Upstream, chunk: Buffer): void {
    if (this.left?.link === link) this.left.read(chunk);
  }

  /** The client does not read for now. */
  pause(): void {
    this.left?.link.pause();
  }

  resume(): void {
    this.left?.link.resume();
  }

  get left(): LeftStream | undefined {
    return this.#phase.at === 'apart' ? undefined : this.#phase.old?.left;
  }
}
