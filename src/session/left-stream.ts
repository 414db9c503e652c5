import { RespError } from '../resp/index.js';
import type { FrameReader, FrameSink } from './frame-reader.js';
import type { Upstream } from './outlet.js';
import { type Marker, pubSubFrame } from './pubsub-frame.js';
import { isError } from './refusal.js';

/** Who still wants to hear of a connection that the session has left. */
export interface LeftStreamHost {
  /** The rest of a chunk of any other concerns nobody any more. */
  readonly left: LeftStream | undefined;
  /** Its bytes are no RESP. */
  fail(reason: string): void;
  refused(frame: Buffer, link: Upstream): boolean;
  heard(frame: Buffer): void;
  marked(marker: Marker, stream: 'old'): void;
  confirmed(is: 'subscribed' | 'unsubscribed', name: string | undefined, link: Upstream): boolean;
}

const STAR = 0x2a;
const PUSH = 0x3e;

/** The rest of what a connection brings after the session has left it: messages, and answers that nobody waits for. */
export class LeftStream implements FrameSink {
  readonly plain = 0;

  /** `reader` has read the connection so far. */
  constructor(
    readonly link: Upstream,
    private readonly reader: FrameReader,
    private readonly host: LeftStreamHost,
  ) {}

  read(chunk: Buffer): void {
    try {
      this.reader.read(chunk, this);
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      this.host.fail(error.message);
    }
  }

  get reading(): boolean {
    return this.host.left === this;
  }

  pass(): void {}

  stream(): void {}

  look(frame: Buffer): void {
    if (isError(frame)) this.host.refused(frame, this.link);
    const news = frame[0] === STAR || frame[0] === PUSH ? pubSubFrame(frame) : undefined;
    if (news?.is === 'message') this.host.heard(frame);
    else if (news?.is === 'marker') this.host.marked(news, 'old');
    else if (news !== undefined) this.host.confirmed(news.is, news.name, this.link);
  }
}
