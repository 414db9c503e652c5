import type { Book } from './book.js';
import { Capability, type CapabilityHost } from './capability.js';
import type { Crew } from './crew.js';
import { Helm } from './helm.js';
import { Inlet, type InletHost } from './inlet.js';
import { Intake, type IntakeHost } from './intake.js';
import type { SessionOptions } from './options.js';
import type { PubSubFrame } from './pubsub-frame.js';
import type { Refusal } from './refusal.js';
import type { SessionPorts } from './session-ports.js';
import { type SettleHost, Settler } from './settle.js';
import type { Primary } from './state.js';

/**
 * The parts of one session, put together: what one has to say to another goes through here. One object, however many they
 * are, since ten thousand sessions may be idle.
 */
export class Ensemble<P extends Primary> implements Crew<P>, CapabilityHost, IntakeHost, SettleHost, InletHost {
  readonly intake: Intake;
  readonly settler: Settler;
  readonly inlet: Inlet;
  readonly capability: Capability;
  readonly helm: Helm<P>;

  constructor(
    readonly book: Book,
    readonly ports: SessionPorts<P>,
    readonly options: SessionOptions,
  ) {
    this.intake = new Intake(book, ports, options, this);
    this.capability = new Capability(this.intake, this);
    this.settler = new Settler(book, ports, this);
    this.inlet = new Inlet(book, this.settler, this);
    this.helm = new Helm<P>(this);
  }

  flush(): void {
    this.helm.connection.flush();
  }

  end(reason?: string): void {
    const { helm, ports } = this;
    if (helm.state.at === 'closed') return;
    helm.close();
    if (reason !== undefined) ports.onEvent({ type: 'ended', reason });
    ports.ended(reason);
  }

  // ---- of the client's side ------------------------------------------------------------------------------------

  get holding(): boolean {
    return this.helm.state.at !== 'flowing';
  }

  get atReplica(): boolean {
    return this.helm.reading.atReplica;
  }

  scanRestarted(): void {
    const { state } = this.helm;
    if (state.at === 'flowing') this.ports.onEvent({ type: 'scan-restart', node: state.view.node });
  }

  // ---- of the node's side --------------------------------------------------------------------------------------

  get replyBytesMax(): number {
    return this.options.replyBytesMax;
  }

  get readsOnly(): boolean {
    return this.ports.writesRefused !== undefined;
  }

  deliver(bytes: Buffer): void {
    this.ports.deliver(bytes);
  }

  refused(refusal: Refusal): void {
    this.helm.refused(refusal);
  }

  progressed(): void {
    this.helm.progressed();
  }

  isOwnError(frame: Buffer): boolean {
    return this.helm.connection.isOwnError(frame);
  }

  remark(text: string): void {
    this.helm.remark(text);
  }

  // ---- what follows from answers -------------------------------------------------------------------------------

  message(frame: Buffer): void {
    this.helm.connection.message(frame);
  }

  isOwn(news: NonNullable<PubSubFrame>): boolean {
    return this.helm.connection.isOwn(news);
  }

  subscriptionsChanged(): void {
    this.helm.connection.subscriptionsChanged();
  }

  farewell(): void {
    this.end();
  }

  readingChanged(): void {
    this.helm.reading.changed();
  }

  authenticated(): void {
    this.capability.authenticated();
  }

  noTransaction(): void {
    this.intake.noTransaction();
  }
}
