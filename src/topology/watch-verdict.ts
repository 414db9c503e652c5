import { type Claim, enthrone, type Incumbent, type Judgement, judge } from './lineage.js';
import type { PrimaryCause } from './topology-event.js';
import { type Draft, emit } from './watch-draft.js';
import { bounded, nodeAt } from './watch-nodes.js';
import { type NodeState, type Standing, WATCH_BOUNDS } from './watch-state.js';

/** Draws the conclusion from what all nodes have said so far. */
export function reachVerdict(draft: Draft): void {
  const claims = [...draft.nodes.values()].flatMap((node) => claimOf(draft, node));
  const judgement = judge(draft.lineage, claims, incumbentOf(draft));
  const { chosen } = judgement;
  if (draft.standing.kind === 'starting' && mustWait(draft, draft.standing, chosen?.claim)) return;
  if (chosen) accept(draft, chosen.claim, chosen.cause, judgement);
  else noteLoss(draft);
  reportStale(draft, judgement);
}

/** Nobody knows yet what this node would say, and it may be about to: a verdict waits for it. */
export function isAwaited(node: NodeState, nowMs: number): boolean {
  const { link } = node;
  if (link.kind === 'dialling') return link.failures === 0 && nowMs - link.sinceMs < WATCH_BOUNDS.probeDeadlineMs;
  return link.kind === 'up' && !isSilent(node, nowMs);
}

/** It has left a probe without an answer for longer than a verdict waits. */
export function isSilent(node: NodeState, nowMs: number): boolean {
  const oldest = node.inFlight[0];
  return oldest !== undefined && nowMs - oldest.atMs >= WATCH_BOUNDS.probeDeadlineMs;
}

function claimOf(draft: Draft, node: NodeState): Claim[] {
  const { report, link } = node;
  if (link.kind !== 'up' || report?.role !== 'primary' || report.loading || report.replid === undefined) return [];
  const process = link.identity.runId;
  const attached = new Set(report.replicas.flatMap((replica) => (replica.online ? [nodeAt(draft, replica)?.key] : [])));
  attached.delete(undefined);
  attached.delete(node.key);
  return [
    {
      node: node.key,
      process,
      replid: report.replid,
      parent: report.parent,
      offset: report.offset,
      attached: attached.size,
      witnessed: node.replicaProcess !== undefined && node.replicaProcess === processKey(node),
    },
  ];
}

/** The process behind a node as far as it can be known: without run_id, the connection stands for it. */
export function processKey(node: NodeState): string | undefined {
  if (node.link.kind !== 'up') return undefined;
  return node.link.identity.runId ?? `connected-${node.link.sinceMs}`;
}

function incumbentOf(draft: Draft): Incumbent {
  const { reign } = draft.lineage;
  const node = reign && draft.nodes.get(reign.node);
  if (!node) return { kind: 'silent', forMs: Number.POSITIVE_INFINITY };
  const { report, link } = node;
  if (link.kind === 'up' && report && !report.loading) {
    if (report.role === 'replica') {
      const follows = report.upstream && nodeAt(draft, report.upstream)?.key;
      return { kind: 'stepped-down', replid: report.replid, follows };
    }
    if (!isSilent(node, draft.nowMs)) return { kind: 'claims' };
  }
  return { kind: 'silent', forMs: draft.nowMs - node.answeredMs };
}

/** At the start a wrong verdict costs writes: hear everybody who might know better, but not for ever. */
function mustWait(draft: Draft, standing: Standing & { kind: 'starting' }, claim: Claim | undefined): boolean {
  if (!claim) {
    draft.standing = { ...standing, firstClaimMs: undefined };
    return true;
  }
  const firstClaimMs = standing.firstClaimMs ?? draft.nowMs;
  if (standing.firstClaimMs === undefined) draft.standing = { ...standing, firstClaimMs };
  if (draft.nowMs - firstClaimMs >= WATCH_BOUNDS.startWaitMs) return false;
  const replicas = draft.nodes.get(claim.node)?.report?.replicas ?? [];
  const listed = new Set(replicas.flatMap((replica) => (replica.online ? [nodeAt(draft, replica)?.key] : [])));
  for (const node of draft.nodes.values()) {
    const isSilentYet = node.link.kind === 'dialling' && node.link.failures === 0;
    if (isSilentYet && !listed.has(node.key)) return true;
  }
  return false;
}

function accept(draft: Draft, claim: Claim, cause: PrimaryCause, judgement: Judgement): void {
  const { standing } = draft;
  const previous = draft.lineage.reign;
  draft.lineage = enthrone(draft.lineage, claim, cause);
  const { term } = draft.lineage.reign!;
  const node = draft.nodes.get(claim.node)!;
  if (standing.kind === 'settled' && term === previous?.term) {
    if (!draft.owesNews || !hasJustAnswered(draft, node)) return;
    draft.owesNews = false;
    draft.effects.push({ type: 'publish', view: standing.view });
    return;
  }
  const isBack = standing.kind === 'lost' && term === standing.view.term;
  const { process } = claim;
  const view = isBack ? standing.view : { node: node.key, address: node.address, term, since: draft.nowMs, process };
  draft.standing = { kind: 'settled', view };
  draft.owesNews = false;
  emit(draft, { type: 'primary', node: node.key, term, cause, previous: previous?.node });
  if (judgement.ambiguous.length > 0) reportAmbiguous(draft, claim, judgement.ambiguous);
  draft.effects.push({ type: 'publish', view });
}

/** What the primary said before its silence is no news. */
function hasJustAnswered(draft: Draft, node: NodeState): boolean {
  return node.answeredMs === draft.nowMs && !isSilent(node, draft.nowMs);
}

function noteLoss(draft: Draft): void {
  if (draft.standing.kind !== 'settled') return;
  const { view } = draft.standing;
  const node = draft.nodes.get(draft.lineage.reign!.node);
  const reason = whyLost(node);
  if (reason === undefined) return;
  draft.standing = { kind: 'lost', sinceMs: draft.nowMs, seq: draft.seq, view, reason };
}

/** In a switch the old primary's word often comes first, and the new one's just behind it: that is no loss to report. */
export function reportLoss(draft: Draft): void {
  const { standing } = draft;
  if (standing.kind !== 'lost' || standing.reason === undefined) return;
  const isOverdue = draft.nowMs - standing.sinceMs >= WATCH_BOUNDS.probeDeadlineMs;
  if (!isOverdue) {
    for (const node of draft.nodes.values()) {
      if (node.answeredSeq <= standing.seq && isAwaited(node, draft.nowMs)) return;
    }
  }
  draft.standing = { ...standing, reason: undefined };
  emit(draft, { type: 'primary-lost', node: standing.view.node, term: standing.view.term, reason: standing.reason });
}

/** A connection that has just ended proves nothing yet: the first attempt to open another one decides. */
function whyLost(node: NodeState | undefined): string | undefined {
  if (!node) return 'it left the pair';
  if (node.link.kind !== 'up') return node.link.failures > 0 ? (node.lastFailure?.reason ?? 'no answer') : undefined;
  if (node.report?.role === 'replica') return 'it is a replica now';
  return node.report?.loading ? 'it is loading its data' : undefined;
}

function reportAmbiguous(draft: Draft, chosen: Claim, others: readonly Claim[]): void {
  const decidedBy = others.some((other) => other.attached === chosen.attached) ? 'offset' : 'attached-replicas';
  emit(draft, { type: 'ambiguous', chosen: chosen.node, others: others.map((other) => other.node), decidedBy });
}

/** A switch has two claimants for a moment; that is not worth a report. One that lasts is. */
function reportStale(draft: Draft, judgement: Judgement): void {
  if (draft.standing.kind === 'starting') return;
  const { view } = draft.standing;
  const sinceMs = draft.standing.kind === 'lost' ? draft.standing.sinceMs : view.since;
  for (const { claim, reason } of judgement.stale) {
    const key = `${claim.node} ${claim.process ?? ''} ${claim.replid}`;
    const isLasting = draft.nodes.get(claim.node)!.answeredMs - sinceMs >= WATCH_BOUNDS.staleAfterMs;
    if (!isLasting || draft.staleReported.has(key)) continue;
    draft.staleReported = bounded(draft.staleReported, key, WATCH_BOUNDS.untrusted);
    emit(draft, { type: 'stale-claim', node: claim.node, primary: view.node, reason });
  }
}
