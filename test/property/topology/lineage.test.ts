import fc from 'fast-check';
import { expect } from 'vitest';
import {
  type Claim,
  emptyLineage,
  enthrone,
  type Incumbent,
  judge,
  type Lineage,
  learnParent,
} from '../../../src/topology/lineage.js';
import { property } from '../resp/seeded.js';

/*
 * The rules once more, as naively as possible: everything ever reported is kept, ancestors are sets computed by closure,
 * nothing is bounded. On histories that servers can produce both must decide alike.
 */

interface Model {
  reports: [child: string, parent: string][];
  reign: { term: number; node: string; process: string; ids: string[] } | undefined;
  past: Set<string>;
}

function ancestors(model: Model, id: string): Set<string> {
  const found = new Set<string>();
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    // A node's latest word about an id is what counts.
    const latest = new Map(model.reports);
    for (const [child, parent] of latest) if (child === id || found.has(child)) found.add(parent);
  }
  return found;
}

function modelStep(model: Model, claims: readonly Claim[], incumbent: Incumbent): string | undefined {
  for (const { replid, parent } of claims) if (parent !== undefined) model.reports.push([replid, parent]);
  const { reign } = model;
  const isProven = (claim: Claim) => claim.witnessed || yields(claim);
  const yields = (claim: Claim) =>
    incumbent.kind === 'stepped-down' && (incumbent.follows === claim.node || incumbent.replid === claim.replid);
  const continues = (claim: Claim) =>
    reign!.ids.some((id) => ancestors(model, claim.replid).has(id)) &&
    !model.past.has(claim.replid) &&
    !reign!.ids.some((id) => id === claim.replid || ancestors(model, id).has(claim.replid));
  let candidates = [...claims];
  if (reign) {
    const rivals = claims.filter((claim) => claim.node !== reign.node && (yields(claim) || continues(claim)));
    const isOpen =
      incumbent.kind === 'silent' ? incumbent.forMs >= 3000 : incumbent.kind === 'stepped-down' && !incumbent.follows;
    candidates = rivals.filter(isProven);
    if (candidates.length === 0) candidates = claims.filter((claim) => claim.node === reign.node);
    if (candidates.length === 0 && isOpen) candidates = rivals;
  }
  const best = candidates
    .filter((one) => !candidates.some((other) => ancestors(model, other.replid).has(one.replid)))
    .reduce<Claim | undefined>(
      (a, b) => (!a || b.attached > a.attached || (b.attached === a.attached && b.offset > a.offset) ? b : a),
      undefined,
    );
  if (!best) return undefined;
  const isKept =
    reign?.node === best.node &&
    (reign.ids.includes(best.replid) || best.parent === undefined || reign.ids.includes(best.parent));
  const isSameTerm = isKept && reign!.process === best.process;
  const term = (reign?.term ?? 0) + (isSameTerm ? 0 : 1);
  const ids = isKept ? [best.replid, ...reign.ids.filter((id) => id !== best.replid)] : [best.replid];
  for (const id of reign?.ids ?? []) model.past.add(id);
  for (const id of ids) model.past.delete(id);
  model.reign = { term, node: best.node, process: best.process!, ids };
  return `${best.node} ${term}`;
}

/** A server as the random history sees it. */
interface Server {
  name: string;
  process: string;
  id: string;
  parent: string | undefined;
  follows: Server | undefined;
  wasReplica: boolean;
}

type Move =
  | { kind: 'promote' | 'restart-saved' | 'restart-empty' | 'rename'; at: number }
  | { kind: 'follow' | 'follow-partial'; at: number; whom: number }
  | { kind: 'look'; sees: boolean[]; attached: number[]; silentMs: number };

const at = fc.nat(3);
const look = fc.record({
  kind: fc.constant('look' as const),
  sees: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  attached: fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
  silentMs: fc.constantFrom(10, 5000),
});
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constantFrom('promote', 'restart-saved', 'restart-empty', 'rename'), at }) as fc.Arbitrary<Move>,
  fc.record({ kind: fc.constantFrom('follow', 'follow-partial'), at, whom: at }) as fc.Arbitrary<Move>,
  look,
  look,
  look,
);

function carryOut(servers: Server[], one: Move & { at: number }, fresh: () => string): void {
  const server = servers[one.at]!;
  if (one.kind === 'promote') {
    if (server.follows) Object.assign(server, { follows: undefined, parent: server.id, id: fresh() });
  } else if (one.kind === 'rename') {
    if (!server.follows) Object.assign(server, { parent: undefined, id: fresh() });
  } else if (one.kind === 'follow' || one.kind === 'follow-partial') {
    const whom = servers[one.whom]!;
    if (whom === server || whom.follows) return;
    const parent = one.kind === 'follow-partial' && server.id !== whom.id ? server.id : undefined;
    Object.assign(server, { follows: whom, parent, id: whom.id });
  } else {
    const parent = one.kind === 'restart-saved' ? server.id : undefined;
    Object.assign(server, { follows: undefined, process: fresh(), parent, id: fresh(), wasReplica: false });
  }
}

property(
  'decides as the naive model does, on random promotions, restarts and partial views',
  fc.array(move, { minLength: 5, maxLength: 80, size: 'max' }),
  (moves) => {
    let ids = 0;
    const fresh = () => `id${++ids}`;
    const servers = ['A', 'B', 'C', 'D'].map(
      (name): Server => ({
        name,
        process: fresh(),
        id: fresh(),
        parent: undefined,
        follows: undefined,
        wasReplica: false,
      }),
    );
    const model: Model = { reports: [], reign: undefined, past: new Set() };
    let lineage = emptyLineage();
    for (const one of moves) {
      if (one.kind !== 'look') {
        carryOut(servers, one, fresh);
        continue;
      }
      const seen = servers.filter((_, index) => one.sees[index]);
      for (const server of seen) if (server.follows) server.wasReplica = true;
      const claims = seen
        .filter((server) => !server.follows)
        .map((server) => claimOf(server, one.attached[servers.indexOf(server)]!));
      const incumbent = incumbentOf(servers, lineage, seen, one.silentMs);
      const expected = modelStep(model, claims, incumbent);
      lineage = claims.reduce((known, claim) => learnParent(known, claim.replid, claim.parent), lineage);
      const { chosen } = judge(lineage, claims, incumbent);
      if (chosen) lineage = enthrone(lineage, chosen.claim, chosen.cause);
      expect(chosen && `${chosen.claim.node} ${lineage.reign?.term}`).toBe(expected);
      expect([...lineage.past].every((id) => !lineage.reign?.replids.includes(id))).toBe(true);
    }
  },
  1000,
);

function claimOf(server: Server, attached: number): Claim {
  // Offsets are all different, so that there is always one best claim.
  const offset = Number(server.id.slice(2));
  return {
    node: server.name,
    process: server.process,
    replid: server.id,
    parent: server.parent,
    offset,
    attached,
    witnessed: server.wasReplica,
  };
}

function incumbentOf(servers: Server[], lineage: Lineage, seen: Server[], silentMs: number): Incumbent {
  const server = servers.find((one) => one.name === lineage.reign?.node);
  if (!server || !seen.includes(server)) return { kind: 'silent', forMs: silentMs };
  if (server.follows) return { kind: 'stepped-down', replid: server.id, follows: server.follows.name };
  return { kind: 'claims' };
}
