import { classifyError, decodeReply, ReplyScanner } from '../resp/index.js';
import type { Identity } from './identity.js';
import type { Upstream } from './outlet.js';
import { type PubSubFrame, pubSubFrame } from './pubsub-frame.js';
import { errorLine, isError } from './refusal.js';
import {
  encodeSteps,
  identitySteps,
  markerSteps,
  monitorSteps,
  RESET_STEP,
  type RestoreStep,
  ROLE_STEP,
  subscribeSteps,
} from './restore.js';
import type { ScriptCache } from './script-cache.js';
import { ScriptLoading } from './script-loading.js';

export interface JoinHost {
  /** Pushes that come while subscriptions are being restored: the client's. */
  deliver(frame: Buffer): void;
  readonly listener: JoinListener;
  readonly link: Upstream;
  /** So many scripts that were missing are there now. */
  loaded(scripts: number): void;
  /** The node has refused what the session can do without. `command`: without its arguments. */
  refused(command: string, reason: string): void;
  /** The node is a replica, and only read. */
  readonly isReplica: boolean;
  /** All that can be done before it is adopted is done. Perhaps again, after `refresh`. */
  ready(): void;
  /** The connection is the session's. */
  joined(outcome: Joined): void;
  /** It cannot be. Said at most once. */
  failed(reason: string): void;
}

/** How a connection has become the session's. */
export interface Joined {
  /** The node has heard that redirects are understood. */
  readonly capable: boolean;
  /** Bytes behind the last answer. */
  readonly rest: Buffer;
}

/** What a connection that is not the session's yet means to the messages of the client. */
export interface JoinListener {
  /** To be subscribed to, besides what the client is. */
  readonly channel: string | undefined;
  /** All subscriptions are made, or that channel's was refused. */
  subscribedAhead(): void;
  refusedAhead(reason: string): void;
  /** Whether the connection may become the session's only after `conclude`. */
  readonly pairing: boolean;
  /** A message, a marker, or a confirmation that nobody else awaits. */
  newsAhead(news: NonNullable<PubSubFrame>, frame: Buffer, link: Upstream): void;
}

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Makes a fresh connection the session's own.
 *
 * It may begin before it is known that the node is the right one. Until `adopt` it logs in, sets what the client has set,
 * asks for the role and loads scripts, but passes nothing on, and subscribes only if it is told to `listen`. What has been
 * done by then costs no round trip any more; what is new since (another database, another script) is done when it is adopted.
 */
export class Join {
  readonly #scanner = new ReplyScanner();
  #steps: readonly RestoreStep[] = [];
  /**
   * `identity`: who the client is. `scripts`: those that were missing. `ready`: not adopted yet. `listening`: subscribes
   * all the same. `traffic`: the rest. `aligning`: waits for `conclude`.
   */
  #phase: 'fresh' | 'identity' | 'scripts' | 'ready' | 'listening' | 'traffic' | 'aligning' | 'over' = 'fresh';
  /** Whether it subscribes before it is adopted. */
  #listens: 'no' | 'wanted' | 'done' = 'no';
  #at = 0;
  /** Frames of the step at hand that have come. */
  #frames = 0;
  #pending: Buffer = NOTHING;
  /** What the connection has been told of the client. */
  #told = NOTHING;
  /** Of the identity, when it was last compared with that. */
  #identityRevision = 0;
  readonly #scripts: ScriptLoading;
  #capable = true;
  #adopted = false;
  /** Whether the node is the primary. `granted`: it need not say so itself. */
  #primacy: 'unknown' | 'granted' | 'said' = 'unknown';

  constructor(
    private readonly identity: Identity,
    scripts: ScriptCache,
    private readonly host: JoinHost,
  ) {
    this.#scripts = new ScriptLoading(scripts);
  }

  start(): void {
    const role = this.#primacy === 'unknown' ? [ROLE_STEP] : [];
    this.#run('identity', [...this.#identify(), ...role, ...this.#scripts.ask()]);
  }

  /** It need not say that it is a primary: whoever adopts it will know. */
  trust(): void {
    this.#primacy = 'granted';
  }

  /** It must say so after all. */
  distrust(): void {
    if (this.#primacy === 'granted') this.#primacy = 'unknown';
  }

  /** The node is the right one. May be said before or after `start`. */
  adopt(): void {
    this.#adopted = true;
    this.#proceed();
  }

  /** Subscribes before it is adopted. */
  listen(): void {
    if (this.#listens === 'no') this.#listens = 'wanted';
    this.#proceed();
  }

  /** Has subscribed, or will, before it is adopted. */
  get listens(): boolean {
    return this.#listens !== 'no';
  }

  /** What it may have waited for as the last has come. */
  conclude(): void {
    if (this.#phase === 'aligning') this.#end();
  }

  /** It is not wanted any more: the rest of a chunk that is being read concerns nobody. */
  stop(): void {
    this.#phase = 'over';
  }

  /** Does what has become necessary since it was ready. */
  refresh(): void {
    if (this.#phase !== 'ready') return;
    const steps = [...this.#changedIdentity(), ...this.#newScripts()];
    if (steps.length > 0) this.#run('identity', steps);
  }

  /** Throws RespError when the bytes are no RESP. */
  read(chunk: Buffer): void {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (at < bytes.length && this.#phase !== 'over') {
      this.#scanner.reset();
      const end = this.#scanner.finish(bytes, at, bytes.length);
      if (end < 0) break;
      const frame = bytes.subarray(at, end);
      at = end;
      // Before it is taken: it may be the last that the connection brings here.
      this.#pending = bytes.subarray(at);
      this.#take(frame);
      this.#proceed();
    }
    this.#pending = bytes.subarray(at);
  }

  #take(frame: Buffer): void {
    const step = this.#steps[this.#at];
    const news = frame[0] === 0x3e || frame[0] === 0x2a ? pubSubFrame(frame) : undefined;
    const subscribes = step?.purpose === 'subscribe' || step?.purpose === 'marker';
    const confirmation = news?.is === 'subscribed' && subscribes;
    const foreign = (news !== undefined || frame[0] === 0x3e) && !confirmation;
    if (step === undefined || foreign) {
      if (news !== undefined) this.host.listener.newsAhead(news, Buffer.from(frame), this.host.link);
      else if (foreign && this.#adopted) this.host.deliver(Buffer.from(frame));
      else if (isError(frame)) this.host.listener.refusedAhead(errorLine(frame));
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
    // Where ROLE is forbidden, the topology's word must do.
    if (step.purpose === 'role') this.#primacy = 'said';
    if (step.purpose === 'scripts') this.#scripts.refused();
    if (step.purpose === 'marker') this.host.listener.refusedAhead(errorLine(frame));
    const name = String(step.command[0]);
    if (step.essential || error.kind === 'loading' || error.kind === 'redirect')
      this.#fail(`${name}: ${errorLine(frame)}`);
    else if (step.purpose !== 'capability' && step.purpose !== 'marker')
      this.host.refused(nameOf(step.command), errorLine(frame));
  }

  #accepted(step: RestoreStep, frame: Buffer): void {
    if (step.purpose === 'role') {
      const role = roleIn(frame);
      if (role === 'master') this.#primacy = 'said';
      // Not adopted yet, it will be asked again.
      else if (this.#adopted) this.#fail(`it is a ${role}, not the primary`);
    }
    if (step.purpose === 'scripts') this.#scripts.answered(frame);
  }

  #proceed(): void {
    const loaded = this.#at >= this.#steps.length ? this.#scripts.takeLoaded() : 0;
    if (loaded > 0) this.host.loaded(loaded);
    while (this.#at >= this.#steps.length) {
      switch (this.#phase) {
        case 'identity':
          if (this.#adopted) this.#enter();
          else this.#run('scripts', this.#scripts.loadMissing());
          break;
        case 'scripts':
          this.#phase = 'ready';
          this.host.ready();
          break;
        case 'ready':
          if (this.#adopted) this.#enter();
          else if (this.#listens === 'wanted') this.#run('listening', this.#subscribe());
          else return;
          break;
        case 'listening':
          this.#phase = 'ready';
          this.host.listener.subscribedAhead();
          break;
        case 'traffic':
          this.#phase = 'aligning';
          this.host.listener.subscribedAhead();
          // Messages before a marker are on their way, or the marker itself.
          if (!this.host.listener.pairing) this.conclude();
          return;
        default:
          return;
      }
    }
  }

  #end(): void {
    this.#phase = 'over';
    this.host.joined({ capable: this.#capable, rest: this.#pending });
  }

  #subscribe(): RestoreStep[] {
    this.#listens = 'done';
    return [...subscribeSteps(this.identity), ...markerSteps(this.host.listener.channel)];
  }

  #run(phase: 'identity' | 'scripts' | 'listening' | 'traffic', steps: readonly RestoreStep[]): void {
    this.#phase = phase;
    this.#steps = steps;
    this.#at = 0;
    if (steps.length > 0) this.host.link.write(encodeSteps(steps));
  }

  #enter(): void {
    const identity = this.#changedIdentity();
    const role = this.#primacy === 'unknown' ? [ROLE_STEP] : [];
    const scripts = [...this.#scripts.loadMissing(), ...this.#newScripts()];
    const subscriptions = this.#listens === 'done' ? [] : this.#subscribe();
    this.#run('traffic', [...identity, ...role, ...scripts, ...subscriptions, ...monitorSteps(this.identity)]);
  }

  #identify(): RestoreStep[] {
    const steps = this.#identitySteps();
    this.#told = encodeSteps(steps);
    this.#identityRevision = this.identity.revision;
    this.#capable = true;
    return steps;
  }

  #identitySteps(): RestoreStep[] {
    return identitySteps(this.identity, !this.host.isReplica);
  }

  #changedIdentity(): RestoreStep[] {
    const { revision } = this.identity;
    if (revision === this.#identityRevision) return [];
    this.#identityRevision = revision;
    if (encodeSteps(this.#identitySteps()).equals(this.#told)) return [];
    this.#scripts.allowAgain();
    if (this.#listens === 'done') {
      // RESET ends the subscriptions.
      this.#listens = 'no';
      this.host.listener.refusedAhead('what the client has set has changed meanwhile');
    }
    return [RESET_STEP, ...this.#identify()];
  }

  #newScripts(): RestoreStep[] {
    // In RESP2 a subscribed connection loads nothing.
    const isDeaf = this.#listens === 'done' && this.identity.protocol === 2;
    return isDeaf ? [] : this.#scripts.loadNew();
  }

  #fail(reason: string): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.host.failed(reason);
  }
}

/** Without arguments: `CLIENT SETNAME`. */
function nameOf([name, subcommand]: RestoreStep['command']): string {
  return name === 'CLIENT' || name === 'SCRIPT' ? `${name} ${subcommand}` : String(name);
}

/** In an answer to ROLE. */
function roleIn(frame: Buffer): string {
  const value = decodeReply(frame)?.value;
  return String(Array.isArray(value) ? value[0] : undefined);
}
