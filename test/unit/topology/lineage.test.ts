import { describe, expect, test } from 'vitest';
import {
  type Claim,
  descends,
  emptyLineage,
  enthrone,
  type Incumbent,
  judge,
  LINEAGE_BOUNDS,
  type Lineage,
  learnParent,
  UNWITNESSED_AFTER_MS,
} from '../../../src/topology/lineage.js';

const CLAIMS: Incumbent = { kind: 'claims' };
const JUST_GONE: Incumbent = { kind: 'silent', forMs: 10 };
const LONG_GONE: Incumbent = { kind: 'silent', forMs: UNWITNESSED_AFTER_MS };

/** `A:r1` or `B:r2<r1` (r2 descends from r1); a mark `!` for a process never seen as a replica. */
function claim(text: string, more: Partial<Claim> = {}): Claim {
  const [, node, replid, , parent, mark] = /^(\w+):(\w+)(<(\w+))?(!)?$/.exec(text)!;
  const witnessed = mark === undefined;
  return { node: node!, process: `${node}1`, replid: replid!, parent, offset: 0, attached: 0, witnessed, ...more };
}

function learn(lineage: Lineage, claims: readonly Claim[]): Lineage {
  return claims.reduce((known, { replid, parent }) => learnParent(known, replid, parent), lineage);
}

/** Enthrones one after the other, each as promoted. */
function reigns(...texts: string[]): Lineage {
  return texts.reduce((lineage, text, at) => {
    const one = claim(text);
    return enthrone(learn(lineage, [one]), one, at === 0 ? 'found' : 'promoted');
  }, emptyLineage());
}

function decide(lineage: Lineage, claims: Claim[], incumbent: Incumbent) {
  const { chosen, ambiguous, stale } = judge(learn(lineage, claims), claims, incumbent);
  return {
    chosen: chosen && `${chosen.claim.node} ${chosen.cause}`,
    ambiguous: ambiguous.map((one) => one.node),
    stale: stale.map((one) => `${one.claim.node} ${one.reason}`),
  };
}

describe('at the start', () => {
  test.each([
    ['nobody', [], undefined, []],
    ['one', [claim('A:r1')], 'A found', []],
    [
      'the promoted one before the one it followed',
      [claim('A:r1', { attached: 2, offset: 9 }), claim('B:r2<r1')],
      'B found',
      [],
    ],
    [
      'unrelated: more attached replicas',
      [claim('A:r1', { offset: 9 }), claim('B:r2', { attached: 1 })],
      'B found',
      ['A'],
    ],
    ['unrelated: the larger offset', [claim('A:r1', { offset: 8 }), claim('B:r2', { offset: 9 })], 'B found', ['A']],
    ['siblings count as unrelated', [claim('A:r2<r1', { offset: 9 }), claim('B:r3<r1')], 'A found', ['B']],
    ['over two generations', [claim('A:r1'), claim('C:r3<r2'), claim('B:r2<r1')], 'C found', []],
    ['a circle of parents ends', [claim('A:r1<r2'), claim('B:r2<r1', { offset: 1 })], 'B found', ['A']],
  ] as [string, Claim[], string | undefined, string[]][])('%s', (_name, claims, chosen, ambiguous) => {
    expect(decide(emptyLineage(), claims, LONG_GONE)).toMatchObject({ chosen, ambiguous });
  });
});

describe('A reigns with r1', () => {
  test.each([
    ['A goes on', ['A:r1'], CLAIMS, 'A back', []],
    ['B was promoted, A does not know yet', ['A:r1', 'B:r2<r1'], CLAIMS, 'B promoted', []],
    ['B was promoted, A is gone', ['B:r2<r1'], JUST_GONE, 'B promoted', []],
    ['a lone B with another history', ['B:r2'], LONG_GONE, undefined, ['B unrelated']],
    ['B restarted alone with its saved id', ['A:r1', 'B:r2<r1!'], CLAIMS, 'A back', ['B restarted-replica']],
    ['the same while A is away for a moment', ['B:r2<r1!'], JUST_GONE, undefined, ['B restarted-replica']],
    ['the same when A is gone for good', ['B:r2<r1!'], LONG_GONE, 'B promoted', []],
    ['ids in a circle prove nothing', ['A:r1<r2', 'B:r2<r1'], CLAIMS, 'A back', ['B older']],
    ['C descends over an unseen B', ['B:r2<r1', 'C:r3<r2'], JUST_GONE, 'C promoted', []],
  ] as [string, string[], Incumbent, string | undefined, string[]][])(
    '%s',
    (_name, claims, incumbent, chosen, stale) => {
      expect(
        decide(
          reigns('A:r1'),
          claims.map((text) => claim(text)),
          incumbent,
        ),
      ).toMatchObject({ chosen, stale });
    },
  );

  test('A restarted: a new term of the same node, unless B was promoted', () => {
    const again = claim('A:r9', { process: 'A2', witnessed: false });
    expect(decide(reigns('A:r1'), [again], CLAIMS).chosen).toBe('A restarted');
    expect(decide(reigns('A:r1'), [again, claim('B:r2<r1')], CLAIMS).chosen).toBe('B promoted');
  });

  test('A restarted, was followed, and only then B shows up that was promoted when A fell: a decision beats an accident', () => {
    const again = claim('A:r9', { process: 'A2' });
    const lineage = enthrone(reigns('A:r1'), again, 'restarted');
    expect(lineage.reign).toMatchObject({ term: 2, replids: ['r9', 'r1'] });
    expect(decide(lineage, [again, claim('B:r2<r1')], CLAIMS).chosen).toBe('B promoted');
  });

  test('A took a new id without a restart (its backlog expired, a FAILOVER was aborted): the same term', () => {
    const renamed = claim('A:r5<r1');
    expect(decide(reigns('A:r1'), [renamed], CLAIMS).chosen).toBe('A back');
    const lineage = enthrone(learn(reigns('A:r1'), [renamed]), renamed, 'back');
    expect(lineage.reign).toMatchObject({ term: 1, replids: ['r5', 'r1'] });
    expect(decide(lineage, [renamed, claim('B:r6<r5')], CLAIMS).chosen).toBe('B promoted');
  });

  test('A again, the same process, but it followed somebody in between: a new term', () => {
    const again = claim('A:r3<r2');
    expect(decide(reigns('A:r1'), [again], CLAIMS).chosen).toBe('A promoted');
    expect(enthrone(reigns('A:r1'), again, 'promoted')).toMatchObject({
      reign: { term: 2, replids: ['r3'] },
      past: ['r1'],
    });
  });
});

describe('B reigns with r2, after A with r1', () => {
  const lineage = reigns('A:r1', 'B:r2<r1');

  test.each([
    ['A never heard of it', ['A:r1'], LONG_GONE, undefined, ['A older']],
    ['A restarted with old data', ['A:r8<r1'], LONG_GONE, undefined, ['A older']],
    ['A restarted with none', ['A:r8'], LONG_GONE, undefined, ['A unrelated']],
    ['C was promoted from A', ['C:r7<r1'], LONG_GONE, undefined, ['C older']],
    ['A was promoted again', ['A:r3<r2', 'B:r2<r1'], CLAIMS, 'A promoted', []],
    ['A followed B, was saved, restarted alone', ['A:r3<r2!', 'B:r2<r1'], CLAIMS, 'B back', ['A restarted-replica']],
  ] as [string, string[], Incumbent, string | undefined, string[]][])(
    '%s',
    (_name, claims, incumbent, chosen, stale) => {
      expect(
        decide(
          lineage,
          claims.map((text) => claim(text)),
          incumbent,
        ),
      ).toMatchObject({ chosen, stale });
    },
  );

  test.each<[string, Incumbent]>([
    ['by name', { kind: 'stepped-down', replid: undefined, follows: 'A' }],
    ['by id', { kind: 'stepped-down', replid: 'r1', follows: undefined }],
  ])('B itself follows A: the switch was undone (%s)', (_name, incumbent) => {
    const undone = claim('A:r1');
    expect(decide(lineage, [undone], incumbent).chosen).toBe('A yielded');
    const next = enthrone(lineage, undone, 'yielded');
    expect(next).toMatchObject({ reign: { term: 3, node: 'A' }, past: ['r2'] });
    expect(decide(next, [claim('B:r2<r1')], JUST_GONE).chosen).toBeUndefined();
    expect(decide(next, [claim('B:r4<r1')], JUST_GONE).chosen).toBe('B promoted');
  });

  test('B follows C, of which nothing is known: whoever B follows', () => {
    const incumbent: Incumbent = { kind: 'stepped-down', replid: 'r9', follows: undefined };
    expect(decide(lineage, [claim('C:r9!'), claim('D:r8!')], incumbent)).toMatchObject({
      chosen: 'C yielded',
      stale: ['D unrelated'],
    });
  });
});

describe('bounds', () => {
  test('the chain of past ids and the known parents stay bounded', () => {
    let lineage = reigns('A:r0');
    for (let turn = 1; turn <= 1000; turn++) {
      const next = claim(`${turn % 2 ? 'B' : 'A'}:r${turn}<r${turn - 1}`);
      lineage = learn(lineage, [next]);
      const { chosen } = judge(lineage, [next], CLAIMS);
      lineage = enthrone(lineage, next, chosen!.cause);
    }
    expect(lineage.reign).toMatchObject({ term: 1001, replids: ['r1000'] });
    expect(lineage.past.length).toBe(LINEAGE_BOUNDS.past);
    expect(lineage.parents.size).toBe(LINEAGE_BOUNDS.parents);
    expect(descends(lineage, 'r1000', ['r800'])).toBe(true);
  });

  test('restarts without end', () => {
    let lineage = reigns('A:r0');
    for (let turn = 1; turn <= 100; turn++)
      lineage = enthrone(lineage, claim(`A:r${turn}`, { process: `A${turn}` }), 'restarted');
    expect(lineage.reign?.replids.length).toBe(LINEAGE_BOUNDS.replidsPerReign);
  });
});
