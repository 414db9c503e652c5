import type { Reply } from '../resp/index.js';
import { ReplyError } from '../resp/index.js';
import {
  type Answer,
  answerChannel,
  type Conversation,
  encodeNotice,
  NOTICE_CHANNEL,
  type Notice,
  parseAnswer,
} from '../topology/index.js';
import { HeldCommands } from './held-commands.js';
import { type Order, SwitchNode } from './switch-node.js';
import type { NoticeReport, SessionsReport } from './switch-report.js';

interface Asked {
  readonly kind: 'ready' | 'holding';
  readonly answers: Map<string, Answer>;
  expected: number;
  settled: () => void;
}

/**
 * The operator's half of the hold protocol. Processes with Segue's sessions hear of the switch ahead: first they dial the
 * next primary, then they hold, and after the promotion they go on there. None of it is needed for a safe switch: where
 * notices are not permitted, or nobody answers in time, sessions meet the refusals of the old primary instead.
 */
export class SessionCall {
  private conversation: Conversation | undefined;
  /** Where sessions go on, and say what waited. */
  private ahead: Conversation | undefined;
  private readonly waited = new HeldCommands();
  private asked: Asked | undefined;
  private silent: string | undefined;
  /** Somebody was told, and must be told the end. */
  private told = false;
  private prepared: NoticeReport | undefined;
  private held: NoticeReport | undefined;

  constructor(
    private readonly names: {
      readonly id: string;
      readonly from: string;
      readonly to: string;
      readonly holdMs: number;
    },
    private readonly wait: {
      /** Resolves when the time is over, rejects when the switch is given up; `settled` ends the wait. */
      readonly forAnswers: (settled: Promise<void>) => Promise<number>;
      /** Never rejects. */
      readonly forLastWords: (settled: Promise<void>) => Promise<void>;
    },
  ) {}

  silence(why: string): void {
    this.silent = why;
  }

  /** Tells sessions to dial `to` and restore themselves there while they go on. */
  async prepare(from: SwitchNode, to: SwitchNode): Promise<void> {
    if (this.silent !== undefined) return;
    this.dialAhead(to);
    try {
      this.conversation = from.dial('segue-switch-notice', { onPush: (message) => this.hear(message) });
      await this.conversation.ready;
      await this.conversation.request(['SUBSCRIBE', answerChannel(this.names.id)]);
      this.prepared = await this.tell(from, 'prepare', 'ready');
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      this.silent = error.message;
      this.close();
    }
  }

  /** Tells them to send nothing more and to answer when they owe nothing. */
  async hold(from: SwitchNode): Promise<void> {
    if (this.silent !== undefined || this.conversation === undefined) return;
    this.held = await this.tell(from, 'hold', 'holding');
    const { answered, unable, expected } = this.held;
    this.waited.expect(answered - unable.length, expected);
  }

  /** To be said right behind the order to promote: what comes before are copies of what the old primary tells. */
  listenAhead(): void {
    this.ahead?.request(['SUBSCRIBE', answerChannel(this.names.id)]).catch(() => {});
  }

  /** Waits, for a moment, until those that held have said what waited. Nobody waits for that but the report. */
  hearOut(): Promise<void> {
    return this.held === undefined ? Promise.resolve() : this.wait.forLastWords(this.waited.all);
  }

  /** For the node that is primary now; no orders when nobody was told. */
  releaseOrders(outcome: 'switched' | 'given-up'): Order[] {
    if (!this.told) return [];
    return [['PUBLISH', NOTICE_CHANNEL, encodeNotice({ ...this.names, kind: 'release', outcome })]];
  }

  /** For a switch that somebody else began: who may hold is unknown. */
  adopt(): void {
    this.told = true;
  }

  report(): SessionsReport {
    const waited = this.waited.report();
    return {
      ...(this.prepared === undefined ? {} : { prepare: this.prepared }),
      ...(this.held === undefined ? {} : { hold: this.held }),
      ...(waited === undefined ? {} : { waited }),
      ...(this.silent === undefined ? {} : { silent: this.silent }),
    };
  }

  close(): void {
    this.conversation?.close();
    this.conversation = undefined;
    this.ahead?.close();
    this.ahead = undefined;
  }

  /**
   * What sessions say once they have gone on is published there. At the old primary it arrives too, as a part of the stream,
   * but not when that gets a copy of everything instead. Without permission, or connection, that must do.
   */
  private dialAhead(to: SwitchNode): void {
    const onPush = (message: readonly Reply[]): void => this.hearLastWords(this.read(message));
    this.ahead = to.dial('segue-switch-notice', { onPush });
  }

  private async tell(from: SwitchNode, kind: 'prepare' | 'hold', answer: Asked['kind']): Promise<NoticeReport> {
    let settled!: () => void;
    const all = new Promise<void>((resolve) => {
      settled = resolve;
    });
    const asked: Asked = { kind: answer, answers: new Map(), expected: Number.POSITIVE_INFINITY, settled };
    this.asked = asked;
    const processes = this.prepared?.expected;
    const notice: Notice = { ...this.names, kind, ...(processes === undefined ? {} : { processes }) };
    const [numsub, published] = await from.askAll([
      ['PUBSUB', 'NUMSUB', NOTICE_CHANNEL],
      ['PUBLISH', NOTICE_CHANNEL, encodeNotice(notice)],
    ]);
    if (SwitchNode.refused(published)) throw published;
    this.told = true;
    asked.expected = Array.isArray(numsub) ? Number(numsub[1]) : Number(published);
    if (asked.answers.size >= asked.expected) settled();
    const waitedMs = await this.wait.forAnswers(all);
    this.asked = undefined;
    return noticeReport(asked, waitedMs);
  }

  private hear(message: readonly Reply[]): void {
    const { asked } = this;
    const answer = this.read(message);
    this.hearLastWords(answer);
    if (asked === undefined || answer === undefined) return;
    if (answer.kind !== asked.kind && answer.kind !== 'unable') return;
    asked.answers.set(answer.process, answer);
    if (asked.answers.size >= asked.expected) asked.settled();
  }

  private hearLastWords(answer: Answer | undefined): void {
    if (answer?.kind === 'released') this.waited.hear(answer);
  }

  private read(message: readonly Reply[]): Answer | undefined {
    if (message[0] !== 'message') return undefined;
    const reading = parseAnswer(String(message[2]));
    return reading.is === 'read' && reading.value.id === this.names.id ? reading.value : undefined;
  }
}

function noticeReport({ answers, expected }: Asked, waitedMs: number): NoticeReport {
  const all = [...answers.values()];
  const sum = (count: (answer: Answer) => number): number => all.reduce((total, answer) => total + count(answer), 0);
  return {
    expected,
    answered: all.length,
    sessions: sum(({ sessions }) => sessions),
    late: sum(({ late }) => late),
    held: sum(({ held }) => held),
    missing: Math.max(0, expected - all.length),
    unable: all.flatMap(({ kind, reason }) => (kind === 'unable' ? [reason ?? 'no reason given'] : [])),
    waitedMs,
  };
}
