import { encodeCommand, RespError } from '../resp/index.js';
import { Asides } from './asides.js';
import type { Beacon } from './beacon.js';
import { Braid } from './braid.js';
import type { FrameReader, FrameSink } from './frame-reader.js';
import type { Identity } from './identity.js';
import type { Upstream } from './outlet.js';
import { type Marker, pubSubFrame } from './pubsub-frame.js';
import type { SessionEvent } from './session-event.js';

export interface HandoverHost {
  readonly identity: Identity;
  readonly beacon: Beacon | undefined;
  /** Of messages that one stream has brought and the other has not. */
  readonly bytesMax: number;
  readonly timeoutMs: number;
  /** A message, to the client. */
  deliver(frame: Buffer): void;
  now(): number;
  setTimer(ms: number, fire: () => void): unknown;
  clearTimer(timer: unknown): void;
  onEvent(event: SessionEvent): void;
  /** Whoever waited for it goes on: the place was found, or (false) it will not be. */
  settled(found: boolean): void;
}

/** How far a stream is: subscribed to the markers' channel or not yet, or past the marker. */
type Place = 'asked' | 'heard' | 'marked';

interface Stream {
  readonly link: Upstream;
  readonly place: Place;
}

interface OldStream extends Stream {
  /** The session has left the connection: what it brings is read here. Else the session itself reads it. */
  readonly reader: FrameReader | undefined;
}

type Phase =
  /** One stream, the session's own. */
  | { at: 'apart' }
  /** The marker is awaited. `text`: what it says, once it was asked for. */
  | {
      at: 'pairing';
      old: OldStream;
      young: Stream | undefined;
      text: string | undefined;
      braid: Braid;
      sinceMs: number;
    }
  /** From here on it does not matter which of the two brings a message. `old`: until it is left. */
  | { at: 'paired'; old: OldStream | undefined; young: Stream; braid: Braid; ahead: boolean; tookMs: number };

type Pairing = Phase & { at: 'pairing' };

const MINUS = 0x2d;
const STAR = 0x2a;
const PUSH = 0x3e;
const ERROR_BYTES = 200;
const DISCARD = encodeCommand(['DISCARD']);
/** What a new stream has not brought by then, it never will. */
const TRAIL_MS = 1_000;

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
export class Handover {
  #phase: Phase = { at: 'apart' };
  #unable: string | undefined;
  /** What the client has from the node before, and the one at hand may bring yet. */
  #trail: { braid: Braid; untilMs: number } | undefined;
  #timer: unknown;
  readonly #asides = new Asides();

  constructor(private readonly host: HandoverHost) {}

  /** The marker is awaited. */
  get pairing(): boolean {
    return this.#phase.at === 'pairing';
  }

  /** The channel that the new connection is to subscribe to, too. */
  get channel(): string | undefined {
    return this.#phase.at === 'pairing' ? this.host.beacon?.channel : undefined;
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
    const { beacon, identity } = this.host;
    return beacon !== undefined && identity.subscribed && !identity.monitor && this.#unable === undefined;
  }

  /** Ahead of a switch: nothing is outstanding at `old`, and nothing is sent there meanwhile. `young` is subscribing. */
  pair(old: Upstream, young: Upstream): void {
    this.#begin({ link: old, place: 'asked', reader: undefined }, { link: young, place: 'asked' });
    this.#say(old, 'SUBSCRIBE');
    this.#startTimer();
  }

  /**
   * The session leaves `link`. True: its messages are still wanted, so it stays open and belongs to the handover. `reader`
   * has read the connection so far.
   */
  keep(link: Upstream, reader: FrameReader, inTransaction: boolean): boolean {
    const phase = this.#phase;
    if (phase.at === 'pairing' && phase.old.link === link) {
      this.#phase = { ...phase, old: { ...phase.old, reader } };
      return true;
    }
    if (phase.at !== 'apart' || !this.#canBe) return false;
    this.#begin({ link, place: 'asked', reader }, undefined);
    if (inTransaction) link.write(DISCARD);
    this.#say(link, 'SUBSCRIBE');
    return true;
  }

  #begin(old: OldStream, young: Stream | undefined): void {
    this.#phase = { at: 'pairing', old, young, text: undefined, braid: new Braid(), sinceMs: this.host.now() };
  }

  /** A connection on which the session will subscribe. */
  meet(link: Upstream): void {
    const phase = this.#phase;
    if (phase.at !== 'pairing') return;
    if (phase.young === undefined)
      this.#phase = { ...phase, young: { link, place: 'asked' }, sinceMs: this.host.now() };
    // The marker that was asked for may be late, and reach no other node than the one that is no primary any more.
    else if (phase.young.place === 'heard') this.#lookAgain(phase, phase.young);
  }

  #lookAgain(phase: Pairing, young: Stream | undefined): void {
    const isPast = phase.old.place === 'marked';
    const old = isPast ? ({ ...phase.old, place: 'asked' } as const) : phase.old;
    this.#phase = { ...phase, old, young, text: undefined, braid: new Braid() };
    if (isPast) this.#say(old.link, 'SUBSCRIBE');
    this.#light();
  }

  /** The new connection is the session's, and the only one. */
  joined(node: string): void {
    const phase = this.#phase;
    const { identity } = this.host;
    const { channel, pattern, shard } = identity.subscriptions;
    const subscriptions = channel.size + pattern.size + shard.size;
    this.#end();
    if (phase.at === 'paired') {
      this.#deliverKept(phase.braid);
      if (phase.braid.trails) this.#trail = { braid: phase.braid, untilMs: this.host.now() + TRAIL_MS };
      const { ahead, tookMs } = phase;
      this.host.onEvent({ type: 'handed-over', node, subscriptions, ahead, tookMs });
    } else if (subscriptions > 0) {
      const reason = this.#unable ?? 'the connection to the old node was lost';
      this.host.onEvent({ type: 'resubscribed', node, subscriptions, reason });
    }
    this.#unable = undefined;
  }

  /** The connection of the old stream is gone, or not read any more. */
  oldGone(link: Upstream): void {
    const phase = this.#phase;
    if (phase.at === 'apart' || phase.old?.link !== link) return;
    if (phase.at === 'pairing') {
      this.#fail('the connection to the old node was lost');
      return;
    }
    this.#phase = { ...phase, old: undefined };
    this.#deliverKept(phase.braid);
  }

  /** The connection on which the session was to subscribe is not to be had. */
  youngGone(): void {
    const phase = this.#phase;
    if (phase.at === 'apart' || phase.young === undefined) return;
    if (phase.at === 'paired') {
      this.#end();
      if (phase.old === undefined) this.#unable = 'the connection to the new node was lost';
    } else if (phase.old.reader === undefined) {
      this.#giveUp();
    } else {
      // The next primary may be another: the place is looked for once more, in the time that is left.
      this.#lookAgain(phase, undefined);
    }
  }

  close(): void {
    const phase = this.#phase;
    this.#end();
    if (phase.at !== 'apart' && phase.old?.reader !== undefined) phase.old.link.close();
  }

  #fail(reason: string): void {
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
    if (old?.reader !== undefined) {
      old.link.close();
      this.#deliverKept(braid);
    } else if (phase.at === 'pairing' && phase.old.place !== 'marked') {
      this.#say(phase.old.link, 'UNSUBSCRIBE');
    }
    this.host.settled(false);
  }

  #end(): void {
    this.#phase = { at: 'apart' };
    this.host.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #startTimer(): void {
    if (this.#timer !== undefined) return;
    const { timeoutMs } = this.host;
    this.#timer = this.host.setTimer(timeoutMs, () => this.#fail(`no marker came within ${timeoutMs} ms`));
  }

  // ---- messages ------------------------------------------------------------------------------------------------

  /** A message on the session's own connection. */
  heard(frame: Buffer): void {
    if (this.#isTrail(frame)) return;
    this.host.deliver(frame);
    const phase = this.#phase;
    const counts = phase.at === 'paired' || (phase.at === 'pairing' && phase.old.place === 'marked');
    if (!counts) return;
    phase.braid.old(frame);
    this.#checkBytes(phase.braid);
  }

  /** A message on the connection that the session is about to join. */
  heardAhead(frame: Buffer): void {
    const phase = this.#phase;
    if (phase.at === 'apart') {
      this.host.deliver(frame);
      return;
    }
    // The old stream brings those before the marker.
    if (phase.young?.place !== 'marked' || !phase.braid.isNew(frame)) return;
    if (phase.at === 'paired' && phase.old === undefined) {
      this.host.deliver(frame);
      return;
    }
    phase.braid.keep(frame);
    this.#checkBytes(phase.braid);
  }

  #isTrail(frame: Buffer): boolean {
    const trail = this.#trail;
    if (trail === undefined) return false;
    const isOver = this.host.now() > trail.untilMs;
    const isKnown = !isOver && !trail.braid.isNew(frame);
    if (isOver || !trail.braid.trails) this.#trail = undefined;
    return isKnown;
  }

  #deliverKept(braid: Braid): void {
    for (const frame of braid.takeKept()) this.host.deliver(frame);
  }

  #checkBytes(braid: Braid): void {
    if (braid.bytes > this.host.bytesMax) this.#fail(`the streams are more than ${this.host.bytesMax} bytes apart`);
  }

  // ---- the marker ----------------------------------------------------------------------------------------------

  /** Whether the confirmation of a (un)subscription on `link` is the handover's; then it is not the client's. */
  confirmed(is: 'subscribed' | 'unsubscribed', name: string | undefined, link: Upstream | undefined): boolean {
    if (link === undefined || name === undefined || name !== this.host.beacon?.channel) return false;
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
    if (phase.at === 'pairing' && phase.old.link === link && phase.old.place === 'asked')
      this.#fail(frame.toString('utf8', 1, Math.min(frame.length, ERROR_BYTES)).trim());
    return true;
  }

  /** The new connection cannot be used for it (any more). */
  refusedAhead(reason: string): void {
    if (this.#phase.at !== 'apart' && this.#phase.young !== undefined) this.#asides.forget(this.#phase.young.link);
    if (this.#phase.at === 'pairing') this.#fail(reason);
    if (this.#phase.at !== 'paired') return;
    if (this.#phase.old === undefined) this.#deliverKept(this.#phase.braid);
    this.#end();
    this.#unable = reason;
  }

  #light(): void {
    const phase = this.#phase;
    if (phase.at !== 'pairing' || phase.old.place === 'asked' || phase.young?.place !== 'heard') return;
    const { braid } = phase;
    const text = this.host.beacon!.light((reason) => {
      if (this.#phase.at === 'pairing' && this.#phase.braid === braid) this.#fail(reason);
    });
    this.#phase = { ...phase, text };
  }

  marked({ channel, text }: Marker, stream: 'old' | 'young'): void {
    const phase = this.#phase;
    if (phase.at !== 'pairing' || text !== phase.text || channel !== this.host.beacon?.channel) return;
    const own = phase[stream];
    if (own?.place !== 'heard') return;
    this.#say(own.link, 'UNSUBSCRIBE');
    const next: Pairing = { ...phase, [stream]: { ...own, place: 'marked' } };
    this.#phase = next;
    if (next.old.place === 'marked' && next.young?.place === 'marked') this.#becomePaired(next, next.young);
  }

  #becomePaired({ old, braid, sinceMs }: Pairing, young: Stream): void {
    this.#end();
    const isLeft = old.reader !== undefined;
    const tookMs = this.host.now() - sinceMs;
    this.#phase = { at: 'paired', old: isLeft ? undefined : old, young, braid, ahead: !isLeft, tookMs };
    if (isLeft) {
      old.link.retire();
      this.#deliverKept(braid);
    }
    this.host.settled(true);
  }

  #say(link: Upstream, name: 'SUBSCRIBE' | 'UNSUBSCRIBE'): void {
    this.#asides.say(link, name, this.host.beacon!.channel);
  }

  // ---- a connection that the session has left --------------------------------------------------------------------

  /** What such a connection brings; of others, nothing is read. */
  readOld(link: Upstream, chunk: Buffer): void {
    const phase = this.#phase;
    if (phase.at !== 'pairing' || phase.old.link !== link || phase.old.reader === undefined) return;
    try {
      phase.old.reader.read(chunk, this.#sink(link));
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      this.#fail(error.message);
    }
  }

  /** The client does not read for now. */
  pause(): void {
    if (this.#phase.at === 'pairing' && this.#phase.old.reader !== undefined) this.#phase.old.link.pause();
  }

  resume(): void {
    if (this.#phase.at === 'pairing' && this.#phase.old.reader !== undefined) this.#phase.old.link.resume();
  }

  #sink(link: Upstream): FrameSink {
    const handover = this;
    return {
      plain: 0,
      get reading() {
        const phase = handover.#phase;
        return phase.at === 'pairing' && phase.old.link === link;
      },
      // Answers that nobody waits for any more.
      pass: () => {},
      stream: () => {},
      look: (frame) => this.#look(frame, link),
    };
  }

  #look(frame: Buffer, link: Upstream): void {
    if (frame[0] === MINUS) this.refused(frame, link);
    const news = frame[0] === STAR || frame[0] === PUSH ? pubSubFrame(frame) : undefined;
    if (news?.is === 'message') this.heard(frame);
    else if (news?.is === 'marker') this.marked(news, 'old');
    else if (news !== undefined) this.confirmed(news.is, news.name, link);
  }
}
