import type { Reply } from '../../resp/index.js';
import type { Conversation } from '../../topology/index.js';
import { type Clock, clock, parseAddress } from '../../transport/index.js';
import { type AccessIo, Doorway, type PairAccess, type ReachedNode, type Survey } from '../survey/index.js';
import type { Target } from './target.js';

/** What a switch is wanted to be; as far as it matters to the checks. */
export interface CheckWanted {
  /** How the nodes are reached for what the survey does not hold. */
  readonly access: PairAccess;
  /** The replica that is to become primary, by any of its names; may be left out when there is only one. */
  readonly to?: string;
  readonly method?: 'manual' | 'failover';
  /** How long the old primary may be away afterwards, for its upgrade. Default 300. */
  readonly absenceSeconds?: number;
  /** Between the two samples from which rates are measured. Default 1000. */
  readonly sampleMs?: number;
}

/** Bytes of the replication stream per second. */
export interface WriteRate {
  readonly bytesPerSecond: number;
  readonly overMs: number;
}

const defaultAbsenceSeconds = 300;
const defaultSampleMs = 1_000;

/** What the checks of one run share: the survey, who is who, and ways to ask more. */
export class Examination {
  readonly from: ReachedNode;
  readonly to: ReachedNode;
  readonly others: readonly ReachedNode[];
  readonly clock: Clock;
  readonly doorway: Doorway;
  private readonly open = new Map<string, Conversation>();
  private rate: Promise<WriteRate> | undefined;

  constructor(
    readonly survey: Survey,
    target: Target,
    readonly wanted: CheckWanted,
    io: AccessIo = {},
  ) {
    ({ from: this.from, to: this.to, others: this.others } = target);
    this.clock = io.clock ?? clock;
    this.doorway = new Doorway(wanted.access, io);
  }

  /** The old primary, the new one and the others. */
  get nodes(): readonly ReachedNode[] {
    return [this.from, this.to, ...this.others];
  }

  /** Those that will follow the new primary. */
  get followers(): readonly ReachedNode[] {
    return [this.from, ...this.others];
  }

  get absenceSeconds(): number {
    return this.wanted.absenceSeconds ?? defaultAbsenceSeconds;
  }

  /** One question, over a connection that all checks share. Rejects with ReplyError or ConversationError. */
  ask(node: ReachedNode, ...args: readonly (string | number)[]): Promise<Reply> {
    let conversation = this.open.get(node.name);
    if (conversation === undefined || conversation.closed) {
      conversation = this.dial(node);
      this.open.set(node.name, conversation);
    }
    return conversation.request(args);
  }

  /** A connection of one's own, for what would disturb the others; the caller closes it. */
  dial(node: ReachedNode): Conversation {
    return this.doorway.open(parseAddress(node.name)!, 'segue-survey');
  }

  /** How fast the primary is written to, from two samples; measured once for all checks. */
  writeRate(): Promise<WriteRate> {
    this.rate ??= this.measureRate();
    return this.rate;
  }

  close(): void {
    for (const conversation of this.open.values()) conversation.close();
  }

  private async measureRate(): Promise<WriteRate> {
    const sample = async (): Promise<{ atMs: number; offset: number }> => {
      const role = await this.ask(this.from, 'ROLE');
      return { atMs: this.clock.now(), offset: Number(Array.isArray(role) ? role[1] : 0) };
    };
    const first = await sample();
    await new Promise<void>((resolve) => {
      this.clock.setTimer(this.wanted.sampleMs ?? defaultSampleMs, resolve);
    });
    const second = await sample();
    const overMs = Math.max(1, second.atMs - first.atMs);
    return { bytesPerSecond: Math.max(0, ((second.offset - first.offset) * 1000) / overMs), overMs };
  }
}
