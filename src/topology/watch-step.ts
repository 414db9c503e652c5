import { noteProgress } from './freshness.js';
import { learnParent } from './lineage.js';
import { withMadeUpIds } from './role-lineage.js';
import { beginDraft, changeNode, type Draft, dial, emit, endDraft, probe } from './watch-draft.js';
import { discover, mergeAliases, nodeAt, nodeNamed, refuse } from './watch-nodes.js';
import {
  type NodeState,
  type PrimaryView,
  type Suspect,
  WATCH_BOUNDS,
  type WatchEffect,
  type WatchEvent,
  type WatchState,
} from './watch-state.js';
import { isAwaited, isSilent, processKey, reachVerdict, reportLoss } from './watch-verdict.js';

/** The watch as a pure function: what has happened, at what time, gives the next state and what is to be done. */
export function watchStep(
  state: WatchState,
  event: WatchEvent,
  nowMs: number,
): { state: WatchState; effects: WatchEffect[] } {
  const draft = beginDraft(state, nowMs);
  let sentMs = nowMs;
  switch (event.type) {
    case 'start':
      draft.standing = { kind: 'starting', sinceMs: nowMs, firstClaimMs: undefined };
      for (const node of [...draft.nodes.values()]) dial(draft, node);
      break;
    case 'probed':
      sentMs = sentAt(draft, event);
      onProbed(draft, event);
      break;
    case 'closed':
      onClosed(draft, event);
      break;
    case 'suspect':
      onSuspect(draft, event);
      break;
    case 'look':
      onLook(draft, event);
      return endDraft(draft); // a question has changed nothing that is known
    case 'wake':
      break;
  }
  reachVerdict(draft);
  if (event.type === 'probed') noteProgress(draft, event.node, sentMs);
  answerSuspects(draft);
  keepUp(draft);
  reportLoss(draft);
  return endDraft(draft);
}

/** When the next 'wake' is due; undefined: nothing will happen by itself. */
export function nextWakeMs(state: WatchState): number | undefined {
  let dueMs = Number.POSITIVE_INFINITY;
  for (const node of state.nodes.values()) dueMs = Math.min(dueMs, nodeWakeMs(state, node));
  for (const suspect of state.suspects) dueMs = Math.min(dueMs, suspect.atMs + WATCH_BOUNDS.probeDeadlineMs);
  if (state.standing.kind === 'starting' && state.standing.firstClaimMs !== undefined) {
    dueMs = Math.min(dueMs, state.standing.firstClaimMs + WATCH_BOUNDS.startWaitMs);
  }
  if (state.standing.kind === 'lost' && state.standing.reason !== undefined) {
    dueMs = Math.min(dueMs, state.standing.sinceMs + WATCH_BOUNDS.probeDeadlineMs);
  }
  return dueMs === Number.POSITIVE_INFINITY ? undefined : dueMs;
}

function nodeWakeMs(state: WatchState, node: NodeState): number {
  if (node.link.kind === 'down') return node.link.retryAtMs;
  if (node.link.kind === 'dialling') return Number.POSITIVE_INFINITY;
  if (node.inFlight.length === 0) return node.probedMs + probeEveryMs(state, node.probedMs);
  return Number.POSITIVE_INFINITY;
}

function onProbed(draft: Draft, event: WatchEvent & { type: 'probed' }): void {
  let node = draft.nodes.get(event.node);
  if (!node || !isExpected(node, event.seq)) return;
  const isNewLink = node.link.kind === 'dialling';
  if (isNewLink && event.identity) {
    node = changeNode(draft, node.key, {
      link: { kind: 'up', sinceMs: draft.nowMs, identity: event.identity },
      probedMs: draft.nowMs,
      downReported: false,
      lastFailure: undefined,
    });
    node = mergeAliases(draft, node, event.identity);
    const isMerged = node.key !== event.node;
    if (!isMerged)
      emit(draft, { type: 'node-up', node: node.key, role: event.report.role, version: event.identity.version });
  }
  if (event.roleOnly && !node.degraded) {
    emit(draft, { type: 'degraded', node: node.key, reason: 'INFO is denied to our user: ROLE tells no history' });
  }
  const report = withMadeUpIds(draft, node, event.report);
  node = changeNode(draft, node.key, {
    report,
    answeredSeq: Math.max(node.answeredSeq, event.seq),
    answeredMs: draft.nowMs,
    inFlight: node.inFlight.filter((one) => one.seq > event.seq),
    degraded: node.degraded || event.roleOnly,
    ...(report.role === 'replica' ? { replicaProcess: processKey(node) } : {}),
  });
  if (report.replid !== undefined && !report.loading)
    draft.lineage = learnParent(draft.lineage, report.replid, report.parent);
  discover(draft, node, report);
}

/** When the probe that is answered was sent. */
function sentAt(draft: Draft, { node, seq }: WatchEvent & { type: 'probed' }): number {
  const known = draft.nodes.get(node);
  if (known?.link.kind === 'dialling') return known.link.sinceMs;
  return known?.inFlight.find((one) => one.seq === seq)?.atMs ?? draft.nowMs;
}

/** Answers of connections that have ended since are dropped. */
function isExpected(node: NodeState, seq: number): boolean {
  if (node.link.kind === 'dialling') return node.link.seq === seq;
  return node.link.kind === 'up' && node.inFlight.some((one) => one.seq === seq);
}

function onClosed(draft: Draft, event: WatchEvent & { type: 'closed' }): void {
  const node = draft.nodes.get(event.node);
  if (!node || node.link.kind === 'down') return;
  const { link } = node;
  const wasUp = link.kind === 'up';
  const failures = wasUp ? 0 : link.failures + 1;
  const downSinceMs = wasUp ? draft.nowMs : link.downSinceMs;
  const dialledMs = link.sinceMs;
  const retryAtMs = wasUp ? draft.nowMs : dialledMs + redialAfterMs(draft, downSinceMs);
  changeNode(draft, node.key, {
    link: { kind: 'down', downSinceMs, failures, retryAtMs, dialledMs },
    lastFailure: event.failure,
    report: undefined,
    freshMs: undefined,
    inFlight: [],
    downReported: node.downReported || failures > 0,
  });
  if (failures > 0 && !node.downReported)
    emit(draft, { type: 'node-down', node: node.key, reason: event.failure.reason });
}

function onSuspect(draft: Draft, event: WatchEvent & { type: 'suspect' }): void {
  const { id, node, hint } = event;
  const current = draft.standing.kind === 'settled' ? draft.standing.view : undefined;
  if (current && node !== undefined && isElsewhere(draft, current, event)) {
    draft.effects.push({ type: 'answer', id, view: current });
    return;
  }
  if (draft.suspects.length >= WATCH_BOUNDS.suspects) {
    draft.effects.push({ type: 'answer', id, view: undefined });
    return;
  }
  const term = draft.lineage.reign?.term ?? 0;
  draft.suspects = [...draft.suspects, { id, seq: draft.seq, atMs: draft.nowMs, term, node, hint }];
  for (const known of draft.nodes.values()) {
    if (known.link.kind !== 'down') continue;
    const retryAtMs = Math.max(draft.nowMs, known.link.dialledMs + draft.config.seekIntervalMs);
    if (retryAtMs < known.link.retryAtMs) changeNode(draft, known.key, { link: { ...known.link, retryAtMs } });
  }
}

/** A probe that is under way asked earlier, and may have come too early. */
function onLook(draft: Draft, { node: key }: WatchEvent & { type: 'look' }): void {
  const node = draft.nodes.get(key);
  if (node?.link.kind !== 'up' || node.inFlight.length >= WATCH_BOUNDS.probesInFlight) return;
  probe(draft, node);
}

/** The news that the suspicion brings is known already: it doubts an earlier primary, and names this one or nobody. */
function isElsewhere(draft: Draft, current: PrimaryView, event: WatchEvent & { type: 'suspect' }): boolean {
  const primary = draft.lineage.reign!.node;
  if (nodeNamed(draft, event.node!)?.key === primary || event.node === current.node) return false;
  return event.hint === undefined || nodeAt(draft, event.hint)?.key === primary;
}

function answerSuspects(draft: Draft): void {
  if (draft.suspects.length === 0) return;
  const open: Suspect[] = [];
  for (const suspect of draft.suspects) {
    const answer = answerTo(draft, suspect);
    if (!answer) open.push(suspect);
    else if (answer.view) draft.effects.push({ type: 'answer', id: suspect.id, view: answer.view });
    else giveUp(draft, suspect);
  }
  draft.suspects = open;
}

function answerTo(draft: Draft, suspect: Suspect): { view: PrimaryView | undefined } | undefined {
  const { standing } = draft;
  if (standing.kind === 'settled' && standing.view.term > suspect.term) return { view: standing.view };
  const isOverdue = draft.nowMs - suspect.atMs >= WATCH_BOUNDS.probeDeadlineMs;
  if (!isOverdue) {
    for (const node of draft.nodes.values()) {
      if (node.answeredSeq <= suspect.seq && isAwaited(node, draft.nowMs)) return undefined;
    }
  }
  const primary = standing.kind === 'settled' ? draft.nodes.get(draft.lineage.reign!.node) : undefined;
  const isConfirmed = primary?.link.kind === 'up' && primary.answeredSeq > suspect.seq;
  return { view: isConfirmed && standing.kind === 'settled' ? standing.view : undefined };
}

function giveUp(draft: Draft, suspect: Suspect): void {
  draft.owesNews = true;
  draft.effects.push({ type: 'answer', id: suspect.id, view: undefined });
  if (suspect.hint && !nodeAt(draft, suspect.hint))
    refuse(draft, suspect.hint, suspect.node ?? 'a session', 'not-in-the-pair');
}

/** Dials and probes what is due. */
function keepUp(draft: Draft): void {
  for (const node of [...draft.nodes.values()]) {
    if (node.link.kind === 'down' && node.link.retryAtMs <= draft.nowMs) dial(draft, node);
    else if (node.link.kind === 'up' && isProbeDue(draft, node)) probe(draft, node);
  }
}

function isProbeDue(draft: Draft, node: NodeState): boolean {
  const isIdle = node.inFlight.length === 0;
  const newestSeq = node.inFlight.at(-1)?.seq ?? node.answeredSeq;
  // A suspicion wants a probe that began after it; one that is under way began before. A loss is less strict.
  if (newestSeq <= (draft.suspects.at(-1)?.seq ?? 0)) {
    return node.inFlight.length < WATCH_BOUNDS.probesInFlight && !isSilent(node, draft.nowMs);
  }
  if (isIdle && draft.standing.kind === 'lost' && newestSeq <= draft.standing.seq) return true;
  return isIdle && draft.nowMs >= node.probedMs + probeEveryMs(draft, node.probedMs);
}

/** Often while there is no primary, less often the longer that lasts. */
function probeEveryMs(state: Pick<WatchState, 'config' | 'standing' | 'suspects'>, nowMs: number): number {
  const { probeIntervalMs, seekIntervalMs } = state.config;
  if (state.standing.kind === 'settled') return state.suspects.length > 0 ? seekIntervalMs : probeIntervalMs;
  return clamp((nowMs - state.standing.sinceMs) / 100, seekIntervalMs, probeIntervalMs);
}

/** Grows in proportion to the outage, which makes it grow by a quarter with each attempt. */
function redialAfterMs(draft: Draft, downSinceMs: number): number {
  const { probeIntervalMs, seekIntervalMs } = draft.config;
  return clamp((draft.nowMs - downSinceMs) / 4, seekIntervalMs, probeIntervalMs);
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
