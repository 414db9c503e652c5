import type { Finding } from '../checks/index.js';
import type { ServerVersion } from './server-version.js';

/** One piece of an upgrade; each can be done again when nobody knows whether it was done. */
export type Stage =
  /** Restart a replica as its new version, until it is in step. */
  | { readonly kind: 'restart'; readonly node: string }
  /** Make `node` the primary. */
  | { readonly kind: 'switch'; readonly node: string }
  /** Wait until nobody has work on the old primary. */
  | { readonly kind: 'leave'; readonly node: string }
  /** Let the pair go on as it is for a while, for a person or a program to see whether all is well. */
  | { readonly kind: 'rest'; readonly after: string; readonly ms: number }
  /** All nodes in step and of the version wanted. */
  | { readonly kind: 'prove' };

export interface StageEvent {
  readonly stage: Stage;
  readonly state: 'begun' | 'done' | 'failed';
  /** In words, at the end. */
  readonly detail: string;
  /** Since its begin. */
  readonly durationMs: number;
}

/** What an upgrade does with a pair, decided once. Names are `host:port`. */
export interface UpgradePlan {
  readonly primary: string;
  /** Becomes primary. */
  readonly target: string;
  /** All replicas, the target last: it must not wait long for its switch. */
  readonly replicas: readonly string[];
  readonly switchBack: boolean;
  /** After each restart and each switch; 0 for none. */
  readonly restMs: number;
  readonly expect: string | undefined;
}

export function stagesOf(plan: UpgradePlan): Stage[] {
  const { primary, target, replicas, switchBack } = plan;
  const work: Stage[] = [
    ...replicas.map((node): Stage => ({ kind: 'restart', node })),
    { kind: 'switch', node: target },
    { kind: 'leave', node: primary },
    { kind: 'restart', node: primary },
    ...(switchBack ? [{ kind: 'switch', node: primary } satisfies Stage] : []),
  ];
  return [...work.flatMap((stage) => withRest(stage, plan.restMs)), { kind: 'prove' }];
}

function withRest(stage: Stage, ms: number): Stage[] {
  const rests = ms > 0 && (stage.kind === 'restart' || stage.kind === 'switch');
  return rests ? [stage, { kind: 'rest', after: stageName(stage), ms }] : [stage];
}

/** The name of a stage within its upgrade: `switch 127.0.0.1:7001`. */
export function stageName(stage: Stage): string {
  if (stage.kind === 'prove') return stage.kind;
  return stage.kind === 'rest' ? `rest after ${stage.after}` : `${stage.kind} ${stage.node}`;
}

/** What the journal knows of a restart that was begun. */
export interface RestartMemory {
  /** Of the process that was to be restarted. */
  readonly runId: string;
  readonly before: ServerVersion;
  /** The command is known to have ended; otherwise it may still be at work. */
  readonly hasEnded: boolean;
}

/** What would be done, and what speaks against it. */
export interface UpgradePreview {
  readonly plan: UpgradePlan;
  readonly stages: readonly Stage[];
  readonly findings: readonly Finding[];
}
