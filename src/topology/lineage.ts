import type { PrimaryCause, StaleReason } from './topology-event.js';

/*
 * Which of the nodes that say they are primary is THE primary. Every primary writes its history under a replication id.
 * A replica that is promoted takes a new id and remembers the one it followed (`master_replid2`), here its `parent`.
 * So ids form a tree, and a claim is newer than the known primary exactly if it descends from it.
 *
 * One thing looks like a promotion and is none: a replica restarted without its REPLICAOF comes up as a lone primary,
 * and since version 7.0 it takes the id in its RDB file for its parent. Nobody has decided that it should be primary.
 * Therefore a promotion counts at once only if the same process was seen as a replica before (`witnessed`); otherwise
 * the known primary must have stepped down or been silent for a while.
 */

/** One node's word that it is primary. */
export interface Claim {
  readonly node: string;
  /** run_id: which server process says so. */
  readonly process: string | undefined;
  readonly replid: string;
  readonly parent: string | undefined;
  /** Its replication offset. */
  readonly offset: number;
  /** Known nodes attached to it as replicas. */
  readonly attached: number;
  /** This very process has been seen as a replica by this watch. */
  readonly witnessed: boolean;
}

/** The known primary. */
export interface Reign {
  readonly term: number;
  readonly node: string;
  readonly process: string | undefined;
  /** The ids it has written under, newest first: more than one after restarts of the same node. */
  readonly replids: readonly string[];
}

/** What the node of the current reign says now. */
export type Incumbent =
  | { kind: 'claims' }
  /** `follows`: the known node that it replicates. */
  | { kind: 'stepped-down'; replid: string | undefined; follows: string | undefined }
  | { kind: 'silent'; forMs: number };

export interface Lineage {
  readonly reign: Reign | undefined;
  /** Child id → parent id, from every report seen, oldest knowledge first. */
  readonly parents: ReadonlyMap<string, string>;
  /** Ids of past reigns, oldest first: never followed again, unless the incumbent itself yields to one. */
  readonly past: readonly string[];
}

export interface Judgement {
  readonly chosen: { claim: Claim; cause: PrimaryCause } | undefined;
  /** Claims that were as good as the chosen one until attached replicas or offsets decided. */
  readonly ambiguous: readonly Claim[];
  readonly stale: readonly { claim: Claim; reason: StaleReason }[];
}

export const LINEAGE_BOUNDS = { parents: 256, past: 64, replidsPerReign: 8 } as const;

/** How long the incumbent must be silent before an unwitnessed promotion is believed. */
export const UNWITNESSED_AFTER_MS = 3000;

export function emptyLineage(): Lineage {
  return { reign: undefined, parents: new Map(), past: [] };
}

/** Takes note of what a node said about ids, whatever its role. */
export function learnParent(lineage: Lineage, replid: string, parent: string | undefined): Lineage {
  if (parent === undefined || parent === replid || lineage.parents.get(replid) === parent) return lineage;
  const parents = new Map(lineage.parents);
  parents.delete(replid);
  parents.set(replid, parent);
  for (const oldest of parents.keys()) {
    if (parents.size <= LINEAGE_BOUNDS.parents) break;
    parents.delete(oldest);
  }
  return { ...lineage, parents };
}

/** Decides among `claims`. The claims' own parents must have been learnt. */
export function judge(lineage: Lineage, claims: readonly Claim[], incumbent: Incumbent): Judgement {
  const { reign } = lineage;
  if (!reign) return { ...choose(lineage, claims, () => 'found'), stale: [] };
  const own = claims.filter((claim) => claim.node === reign.node);
  const rivals = claims.filter((claim) => claim.node !== reign.node);
  const newer = rivals.filter((claim) => yieldsTo(incumbent, claim) || continuesReign(lineage, reign, claim));
  const proven = newer.filter((claim) => claim.witnessed || yieldsTo(incumbent, claim));
  const likely = newer.filter(() => leavesRoom(incumbent));
  const candidates = [proven, own, likely].find((some) => some.length > 0) ?? [];
  const result = choose(lineage, candidates, (claim) => causeOf(lineage, reign, claim));
  const stale = rivals
    .filter((claim) => !candidates.includes(claim))
    .map((claim) => ({ claim, reason: whyStale(lineage, reign, claim) }));
  return { ...result, stale };
}

/** The lineage after a judgement: a new reign, or the same one with what the claim adds. */
export function enthrone(lineage: Lineage, claim: Claim, cause: PrimaryCause): Lineage {
  const { reign } = lineage;
  const { node, process, replid } = claim;
  if (!reign) return { ...lineage, reign: { term: 1, node, process, replids: [replid] } };
  // Nearly every answer of a primary.
  if (cause === 'back' && reign.process === process && reign.replids[0] === replid) return lineage;
  const term = cause === 'back' ? reign.term : reign.term + 1;
  const continues = (cause === 'back' || cause === 'restarted') && !isForeign(reign, claim);
  const replids = continues ? [replid, ...reign.replids.filter((id) => id !== replid)] : [replid];
  const kept = replids.slice(0, LINEAGE_BOUNDS.replidsPerReign);
  const past = [...new Set([...lineage.past, ...reign.replids])].filter((id) => !kept.includes(id));
  return { ...lineage, reign: { term, node, process, replids: kept }, past: past.slice(-LINEAGE_BOUNDS.past) };
}

/** Whether `replid` descends from one of `ancestors`, by known parents; false for an ancestor itself. */
export function descends(lineage: Lineage, replid: string, ancestors: readonly string[]): boolean {
  let id: string | undefined = replid;
  // Parents in a circle, which cannot come from servers, end the search, too.
  for (let steps = lineage.parents.size; steps > 0; steps--) {
    id = lineage.parents.get(id);
    if (id === undefined) return false;
    if (ancestors.includes(id)) return true;
  }
  return false;
}

/** The incumbent cannot be the primary, and does not say who is: a likely successor will do. */
function leavesRoom(incumbent: Incumbent): boolean {
  if (incumbent.kind === 'silent') return incumbent.forMs >= UNWITNESSED_AFTER_MS;
  return incumbent.kind === 'stepped-down' && incumbent.follows === undefined;
}

function continuesReign(lineage: Lineage, reign: Reign, claim: Claim): boolean {
  if (reign.replids.includes(claim.replid) || lineage.past.includes(claim.replid)) return false;
  if (!descends(lineage, claim.replid, reign.replids)) return false;
  return !reign.replids.some((id) => descends(lineage, id, [claim.replid]));
}

function yieldsTo(incumbent: Incumbent, claim: Claim): boolean {
  if (incumbent.kind !== 'stepped-down') return false;
  return incumbent.follows === claim.node || incumbent.replid === claim.replid;
}

function causeOf(lineage: Lineage, reign: Reign, claim: Claim): PrimaryCause {
  if (claim.node !== reign.node) return continuesReign(lineage, reign, claim) ? 'promoted' : 'yielded';
  const same = claim.process === undefined ? reign.replids.includes(claim.replid) : claim.process === reign.process;
  if (!same) return 'restarted';
  return isForeign(reign, claim) ? 'promoted' : 'back';
}

/** The claim of the reigning node has a parent outside its reign: somebody else ruled in between, unseen. */
function isForeign(reign: Reign, claim: Claim): boolean {
  if (reign.replids.includes(claim.replid)) return false;
  return claim.parent !== undefined && !reign.replids.includes(claim.parent);
}

function whyStale(lineage: Lineage, reign: Reign, claim: Claim): StaleReason {
  if (continuesReign(lineage, reign, claim)) return 'restarted-replica';
  const known = [...reign.replids, ...lineage.past];
  const related = known.includes(claim.replid) || descends(lineage, claim.replid, known);
  return related || reign.replids.some((id) => descends(lineage, id, ancestry(lineage, claim.replid)))
    ? 'older'
    : 'unrelated';
}

/** The id itself and its known ancestors. */
function ancestry(lineage: Lineage, replid: string): string[] {
  const ids = [replid];
  for (let id = lineage.parents.get(replid); id !== undefined && !ids.includes(id); id = lineage.parents.get(id)) {
    ids.push(id);
  }
  return ids;
}

function choose(
  lineage: Lineage,
  claims: readonly Claim[],
  cause: (claim: Claim) => PrimaryCause,
): Pick<Judgement, 'chosen' | 'ambiguous'> {
  const [best, ...others] = newestOf(lineage, claims).toSorted(
    (a, b) => b.attached - a.attached || b.offset - a.offset,
  );
  if (!best) return { chosen: undefined, ambiguous: [] };
  return { chosen: { claim: best, cause: cause(best) }, ambiguous: others };
}

/** Those from which no other one descends. Of claims whose parents go in a circle every one is as good as any. */
function newestOf(lineage: Lineage, claims: readonly Claim[]): readonly Claim[] {
  if (claims.length < 2) return claims;
  const newest = claims.filter((claim) => !claims.some((other) => descends(lineage, other.replid, [claim.replid])));
  return newest.length > 0 ? newest : claims;
}
