import { classifyError, decodeReply, ReplyScanner } from '../resp/index.js';
import type { Identity } from './identity.js';
import { pubSubFrame } from './pubsub-frame.js';
import { isError } from './refusal.js';
import { encodeSteps, identitySteps, type RestoreStep, trafficSteps } from './restore.js';
import type { ScriptCache } from './script-cache.js';

export interface JoinHost {
  write(bytes: Buffer): void;
  /** Messages and pushes that come while subscriptions are being restored: the client's. */
  deliver(frame: Buffer): void;
  /** The connection is the session's. `rest`: bytes behind the last answer. */
  joined(outcome: { capable: boolean; rest: Buffer }): void;
  /** It cannot be. Said at most once. */
  failed(reason: string): void;
}

const NOTHING = Buffer.alloc(0);

/**
 * Makes a fresh connection the session's own: two round trips at most, the second only for scripts and subscriptions.
 *
 * It may begin before it is known that the node is the right one. Until `adopt` it logs in and asks, but subscribes to
 * nothing and passes nothing on.
 */
export class Join {
  readonly #scanner = new ReplyScanner();
  readonly #shas: readonly string[];
  #steps: readonly RestoreStep[];
  #phase: 'identity' | 'traffic' | 'over' = 'identity';
  #at = 0;
  /** Frames of the step at hand that have come. */
  #frames = 0;
  #pending: Buffer = NOTHING;
  #missing: Buffer[] = [];
  #capable = true;
  #adopted = false;

  constructor(
    private readonly identity: Identity,
    private readonly scripts: ScriptCache,
    private readonly host: JoinHost,
  ) {
    this.#shas = scripts.shas();
    this.#steps = identitySteps(identity, this.#shas);
  }

  start(): void {
    this.host.write(encodeSteps(this.#steps));
  }

  /** The node is the right one. May be said before or after `start`. */
  adopt(): void {
    this.#adopted = true;
    this.#proceed(this.#pending, 0);
  }

  /** Throws RespError when the bytes are no RESP. */
  read(chunk: Buffer): void {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (at < bytes.length && this.#phase !== 'over') {
      this.#scanner.reset();
      const end = this.#scanner.finish(bytes, at, bytes.length);
      if (end < 0) break;
      this.#take(bytes.subarray(at, end));
      at = end;
      this.#proceed(bytes, at);
    }
    this.#pending = bytes.subarray(at);
  }

  #take(frame: Buffer): void {
    const step = this.#steps[this.#at];
    const news = frame[0] === 0x3e || frame[0] === 0x2a ? pubSubFrame(frame) : undefined;
    const confirmation = news?.is === 'subscribed' && step?.purpose === 'subscribe';
    const foreign = (news !== undefined || frame[0] === 0x3e) && !confirmation;
    if (step === undefined || foreign) {
      if (foreign && this.#adopted) this.host.deliver(Buffer.from(frame));
      return;
    }
    if (isError(frame)) this.#refused(step, frame);
    else this.#accepted(step, frame);
    this.#frames++;
    // An error is the whole answer, however many confirmations a success would have had.
    if (this.#frames >= step.frames || isError(frame)) {
      this.#at++;
      this.#frames = 0;
    }
  }

  #refused(step: RestoreStep, frame: Buffer): void {
    const error = classifyError(frame);
    if (step.purpose === 'capability' && error.kind === 'no-auth') this.#capable = false;
    const name = String(step.command[0]);
    if (step.essential || error.kind === 'loading' || error.kind === 'redirect')
      this.#fail(`${name}: ${lineOf(frame)}`);
  }

  #accepted(step: RestoreStep, frame: Buffer): void {
    if (step.purpose === 'role') {
      const role = elements(frame)[0];
      if (role !== 'master') this.#fail(`it is a ${String(role)}, not the primary`);
    }
    if (step.purpose === 'scripts') {
      const known = elements(frame);
      const missing = this.#shas.filter((_, index) => Number(known[index]) === 0);
      this.#missing = missing.flatMap((sha) => this.scripts.body(sha) ?? []);
    }
  }

  #proceed(bytes: Buffer, at: number): void {
    if (this.#at < this.#steps.length || this.#phase === 'over' || !this.#adopted) return;
    if (this.#phase === 'identity') {
      this.#phase = 'traffic';
      this.#steps = trafficSteps(this.identity, this.#missing);
      this.#at = 0;
      if (this.#steps.length > 0) {
        this.host.write(encodeSteps(this.#steps));
        return;
      }
    }
    this.#phase = 'over';
    this.host.joined({ capable: this.#capable, rest: bytes.subarray(at) });
  }

  #fail(reason: string): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.host.failed(reason);
  }
}

function elements(frame: Buffer): unknown[] {
  const value = decodeReply(frame)?.value;
  return Array.isArray(value) ? value : [];
}

function lineOf(frame: Buffer): string {
  return frame.toString('utf8', 1, Math.min(frame.length, 200)).trim();
}
