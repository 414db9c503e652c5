import type { HeardNotice, Notice, PrimaryView, Statement } from '../topology/index.js';
import { type Clock, clock, type Timer } from '../transport/index.js';
import { HeldSeries } from './held-series.js';
import { type Hold, type HoldEvent, isHold, nextStepAtMs, type Phase as PhaseOf, type Plan } from './hold-phase.js';
import { IdleQueue } from './idle-queue.js';
import { type HoldableSession, type PartyMember, PartyMembers } from './party-members.js';
import { QuickLooks } from './quick-looks.js';
import { Roll } from './roll.js';

type Phase = PhaseOf<HoldableSession>;
/** What an operator waits for. */
type Asked = Exclude<Statement['kind'], 'released'>;

/** A switch follows its preparation at once; connections that nobody wants by then are closed. */
const PREPARED_FOR_MS = 15_000;
const ASK_AGAIN_MS = 10;
/** How often a hold looks by itself whether the switch has happened. */
const LOOK_EVERY_MS = 250;
/** Told of a switch, but the old primary says that it is primary still: so long it may be about to step down. */
const DOUBT_MS = 100;
/** Of a turn of the event loop, when many sessions are told to hold or to go on. */
const TURN_BUDGET_MS = 2;
/** Counting what waits looks at every session: more of them are counted only where all are looked at anyway. */
const OFTEN_COUNTED_MAX = 500;

/**
 * Carries out an operator's notices over all sessions of a pair in this process, and answers for all of them together.
 * It decides nothing: sessions wait for a bounded time, and who is primary is the topology's verdict.
 *
 *   apart ──▶ preparing ──▶ prepared ──▶ stopping ──▶ holding ──▶ released ──▶ apart
 *             (one may be left out, and any may end: given up, or its time is over)
 */
export class HoldParty {
  readonly #members = new PartyMembers();
  readonly #clock: Clock;
  readonly #dials: IdleQueue;
  readonly #turns: IdleQueue;
  #phase: Phase = { at: 'apart' };
  #timer: Timer | undefined;
  readonly #looks: QuickLooks;
  /** Whoever may publish notices cannot make sessions wait more than half of the time, unless the primary really changes. */
  #restUntilMs = Number.NEGATIVE_INFINITY;

  /** `observe` hears of everything, once. */
  constructor(
    time: Clock = clock,
    private readonly observe: (event: HoldEvent) => void = () => {},
  ) {
    this.#clock = time;
    this.#dials = new IdleQueue(0, time);
    this.#turns = new IdleQueue(TURN_BUDGET_MS, time);
    this.#looks = new QuickLooks(time);
  }

  /** A session that comes while others hold, holds too. */
  join(member: PartyMember): void {
    this.#members.add(member);
    if (isHold(this.#phase)) member.session.hold(this.#holdUntil(this.#phase, member));
  }

  /** Its client has gone. */
  leave(session: HoldableSession): void {
    if (!this.#members.delete(session)) return;
    const phase = this.#phase;
    if (phase.at === 'apart') return;
    phase.roll.remove(session);
    if (this.#members.size === 0) this.#become({ at: 'apart' });
    else this.#maybeDone();
  }

  /** A session stands still, or its connection ahead has been made, or cannot be. */
  stirred(session: HoldableSession): void {
    const phase = this.#phase;
    if (phase.at === 'apart' || !(isHold(phase) ? session.quiet : !session.preparing)) return;
    phase.roll.settle(session);
    this.#maybeDone();
  }

  /** The listener for the topology's notices: one function, however many add it. */
  readonly hear = (heard: HeardNotice): void => {
    const { notice } = heard;
    if (notice.kind === 'release') {
      this.#onRelease(heard, notice.outcome);
      return;
    }
    if (isHold(this.#phase) && this.#phase.id === notice.id) return;
    const reason = heard.isFit ? this.#whyNot(notice, heard.to) : heard.reason;
    if (!heard.isFit || reason !== undefined) this.#refuse(notice, reason);
    else if (notice.kind === 'prepare') this.#prepare(notice, heard.from, heard.to);
    else this.#hold(notice, heard.from, heard.to);
  };

  /** News of a primary: sessions with commands go on there at once, whatever the operator says, and when. */
  readonly primaryIs = ({ node }: PrimaryView): void => {
    const phase = this.#phase;
    if (!isHold(phase) || node === phase.from || !phase.series.stop(this.#clock.now() - phase.sinceMs)) return;
    // When all of them have been told; no answer can have been taken by then.
    setImmediate(() => phase.series.last(this.#members.unanswered));
  };

  #refuse({ id, kind }: Notice & { kind: 'prepare' | 'hold' }, reason = ''): void {
    const sessions = this.#members.size;
    this.#answer(id, { kind: 'unable', late: sessions, reason });
    this.#tell({ type: 'unable', id, kind, sessions, reason });
  }

  #whyNot({ id, kind }: Notice, to: PrimaryView): string | undefined {
    const phase = this.#phase;
    if (isHold(phase)) return 'its sessions hold for another switch';
    if (phase.at === 'preparing' && phase.id !== id && phase.to.node !== to.node)
      return 'it prepares for another switch';
    if (kind === 'hold' && this.#members.holdMaxMs === 0) return 'its sessions hold for nobody';
    const restMs = this.#restUntilMs - this.#clock.now();
    if (kind === 'hold' && restMs > 0) return `its sessions have held just now: not again for ${Math.ceil(restMs)} ms`;
    return undefined;
  }

  // ---- prepare -------------------------------------------------------------------------------------------------

  #prepare({ id, holdMs }: Notice, from: string, to: PrimaryView): void {
    const sinceMs = this.#clock.now();
    const roll = new Roll(this.#members.sessions);
    const endsAtMs = sinceMs + PREPARED_FOR_MS;
    this.#become({ at: 'preparing', id, from, to, sinceMs, endsAtMs, answerAtMs: sinceMs + holdMs / 2, roll });
    for (const session of this.#members.sessions) this.#dials.add(() => this.#prepareOne(session, roll, to));
    this.#maybeDone();
  }

  #prepareOne(session: HoldableSession, roll: Roll<HoldableSession>, to: PrimaryView): void {
    if (!roll.begin(session)) return;
    if (session.prepared?.node !== to.node) session.prepare(to);
    if (session.preparing) return;
    roll.settle(session);
    this.#maybeDone();
  }

  #prepared(phase: Phase & { at: 'preparing' }): void {
    const { id, to, sinceMs } = phase;
    const late = this.#members.unprepared(to.node);
    this.#become({ ...phase, at: 'prepared' });
    this.#answer(id, { kind: 'ready', late });
    const tookMs = this.#clock.now() - sinceMs;
    this.#tell({ type: 'prepared', id, to: to.node, sessions: this.#members.size, late, tookMs });
  }

  // ---- hold ----------------------------------------------------------------------------------------------------

  #hold({ id, holdMs, processes }: Notice, from: string, to: PrimaryView): void {
    const sinceMs = this.#clock.now();
    const endsAtMs = sinceMs + Math.min(holdMs, this.#members.holdMaxMs);
    const answerAtMs = (sinceMs + endsAtMs) / 2;
    if (this.#phase.at !== 'apart') this.#phase.roll.end();
    const roll = new Roll(this.#members.sessions);
    const series = new HeldSeries();
    const hold = { id, from, to, sinceMs, endsAtMs, roll, processes, series, isHold: true } as const;
    this.#become({ ...hold, at: 'stopping', answerAtMs, askAtMs: sinceMs + LOOK_EVERY_MS });
    for (const member of this.#members) this.#turns.add(() => this.#holdOne(member, hold));
    this.#turns.start(); // what clients send in the rest of this turn is held already
    this.#countOften(hold);
    this.#maybeDone();
  }

  #holdOne(member: PartyMember, hold: Hold<HoldableSession>): void {
    const { session } = member;
    if (!hold.roll.begin(session)) return;
    session.hold(this.#holdUntil(hold, member));
    if (!session.quiet) return;
    hold.roll.settle(session);
    this.#maybeDone();
  }

  #holdUntil({ sinceMs, endsAtMs }: Hold<HoldableSession>, { holdMaxMs }: PartyMember): number {
    return Math.min(endsAtMs, sinceMs + holdMaxMs);
  }

  #holding(phase: Phase & { at: 'stopping' }): void {
    const { id, roll, sinceMs, series } = phase;
    const late = roll.open;
    const held = this.#members.unanswered;
    this.#become({ ...phase, at: 'holding' });
    this.#answer(id, { kind: 'holding', late, held });
    this.#looks.begin(phase.processes, () => {
      const looked = this.#members.topology?.look(phase.to.node);
      this.#countOften(phase);
      return looked;
    });
    const tookMs = this.#clock.now() - sinceMs;
    series.take(tookMs, held);
    this.#tell({ type: 'holding', id, sessions: this.#members.size, late, held, tookMs });
  }

  #countOften({ series, sinceMs }: Hold<HoldableSession>): void {
    if (this.#members.size <= OFTEN_COUNTED_MAX) series.take(this.#clock.now() - sinceMs, this.#members.unanswered);
  }

  /** The operator may have died behind the promotion, or its word been lost. */
  #look(phase: Phase & { at: 'stopping' | 'holding' }): void {
    this.#become({ ...phase, askAtMs: this.#clock.now() + LOOK_EVERY_MS });
    this.#countOften(phase);
    this.#members.topology?.suspect(phase.from).then((view) => {
      const { at, roll } = { roll: undefined, ...this.#phase };
      const isSameHold = roll === phase.roll && (at === 'stopping' || at === 'holding');
      if (isSameHold && view !== undefined && view.node !== phase.from) this.#end('switched', view);
    });
  }

  // ---- release -------------------------------------------------------------------------------------------------

  #onRelease(heard: HeardNotice, outcome: 'switched' | 'given-up'): void {
    const phase = this.#phase;
    const isOurs = phase.at !== 'apart' && phase.id === heard.notice.id;
    // Who was not asked to hold may still want to know who is primary now.
    if (!isOurs && outcome === 'switched' && heard.isFit) this.#members.topology?.suspect(heard.from);
    if (!isOurs || phase.at === 'released') return;
    if (outcome === 'given-up') this.#end('given-up');
    else this.#askWho(phase);
  }

  /**
   * One question for all: first to the one who should know, who mostly settles it. Sessions with commands have the verdict
   * before us, as news of a primary (`Pair`).
   */
  #askWho(plan: Plan<HoldableSession>, askedMs = this.#clock.now()): void {
    plan.roll.end();
    const phase = { ...plan, at: 'released', askedMs, askAtMs: Number.POSITIVE_INFINITY } as const;
    const { topology } = this.#members;
    const answer = topology?.look(plan.to.node).then(() => topology.suspect(plan.from));
    this.#become(phase);
    answer?.then((view) => {
      if (this.#phase !== phase) return;
      const nowMs = this.#clock.now();
      const isSame = view?.node === plan.from;
      if (view !== undefined && !isSame) this.#end('switched', view);
      else if (isSame && nowMs - askedMs >= DOUBT_MS) this.#end('given-up');
      else this.#become({ ...phase, askAtMs: nowMs + ASK_AGAIN_MS });
    });
  }

  #end(outcome: 'switched' | 'given-up' | 'expired', primary?: PrimaryView): void {
    const phase = this.#phase;
    if (phase.at === 'apart') return;
    const { id, roll, sinceMs } = phase;
    roll.end();
    const nowMs = this.#clock.now();
    const heldMs = isHold(phase) ? nowMs - sinceMs : 0;
    if (outcome !== 'switched') this.#restUntilMs = Math.max(this.#restUntilMs, nowMs + heldMs);
    this.#become({ at: 'apart' });
    const commands = this.#letGo(primary);
    if (isHold(phase)) {
      phase.series.stop(heldMs);
      phase.series.last(commands);
      if (isToldOf(phase, outcome)) this.#sayWhatWaited(phase, commands);
    }
    this.#tell({ type: 'released', id, outcome, heldMs });
  }

  /** Those that hold commands first. Returns how many these are. */
  #letGo(primary: PrimaryView | undefined): number {
    const commands = this.#members.unanswered;
    for (const session of this.#members.busyFirst()) this.#turns.add(() => this.#letOneGo(session, primary));
    return commands;
  }

  /** For the operator's report, behind all who are let go. */
  #sayWhatWaited({ id, series }: Hold<HoldableSession>, held: number): void {
    const { told } = series;
    const sessions = this.#members.size;
    if (told === undefined) return;
    this.#turns.add(() => this.#members.topology?.answer({ id, kind: 'released', sessions, late: 0, held, ...told }));
  }

  /** Not before it knows where to go. Another switch may have begun meanwhile: what it asks for stays. */
  #letOneGo(session: HoldableSession, primary: PrimaryView | undefined): void {
    if (!this.#members.has(session)) return;
    if (primary !== undefined) session.primaryIs(primary);
    if (this.#phase.at === 'apart') session.release();
  }

  // ---- all phases ----------------------------------------------------------------------------------------------

  #maybeDone(): void {
    const phase = this.#phase;
    if ((phase.at !== 'preparing' && phase.at !== 'stopping') || phase.roll.open > 0) return;
    this.#answerFor(phase);
  }

  #answerFor(phase: Phase & { at: 'preparing' | 'stopping' }): void {
    if (phase.at === 'preparing') this.#prepared(phase);
    else this.#holding(phase);
  }

  /** The only place where the phase changes. */
  #become(phase: Phase): void {
    this.#phase = phase;
    if (phase.at !== 'holding') this.#looks.end();
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    if (phase.at === 'apart') return;
    const dueMs = Math.min(phase.endsAtMs, nextStepAtMs(phase)) - this.#clock.now();
    this.#timer = this.#clock.setTimer(Math.max(0, Math.ceil(dueMs)), () => this.#onTimer(), { unref: true });
  }

  #onTimer(): void {
    const phase = this.#phase;
    if (phase.at === 'apart') return;
    const nowMs = this.#clock.now();
    if (nowMs >= phase.endsAtMs) this.#end('expired');
    else if ((phase.at === 'preparing' || phase.at === 'stopping') && nowMs >= phase.answerAtMs) this.#answerFor(phase);
    else if (phase.at === 'released') this.#askWho(phase, phase.askedMs);
    else if ((phase.at === 'stopping' || phase.at === 'holding') && nowMs >= phase.askAtMs) this.#look(phase);
    else this.#become(phase);
  }

  #answer(id: string, answer: Pick<Statement, 'late'> & { kind: Asked; held?: number; reason?: string }): void {
    const { kind, late, held = this.#members.unanswered, reason } = answer;
    const sessions = this.#members.size;
    this.#members.topology?.answer({ id, kind, sessions, late, held, ...(reason === undefined ? {} : { reason }) });
  }

  #tell(event: HoldEvent): void {
    this.observe(event);
    this.#members.tell(event);
  }
}

/**
 * Not said to a primary that may be paused: the word would wait there, and behind it the watch's questions. The operator
 * who gives a switch up has ended the pause before it says so.
 */
function isToldOf({ at }: Phase, outcome: 'switched' | 'given-up' | 'expired'): boolean {
  return outcome === 'switched' || (outcome === 'given-up' && at !== 'released');
}
