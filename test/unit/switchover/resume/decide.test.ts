import { describe, expect, it } from 'vitest';
import type { SwitchPlan } from '../../../../src/switchover/journal/plan.js';
import { type Decision, decide } from '../../../../src/switchover/resume/decide.js';
import type { NodeNow } from '../../../../src/switchover/resume/node-now.js';

const plan: SwitchPlan = {
  id: 'abc',
  method: 'manual',
  from: { name: 'a:1', knownAs: '10.0.0.1:1', tls: false, runId: 'one' },
  to: { name: 'b:2', tls: false, runId: 'two' },
  others: [],
  sentinels: [],
  replid: 'old',
  offset: 12,
  notice: true,
};

const common: Omit<NodeNow, 'role' | 'follows'> = {
  linkUp: true,
  restarted: false,
  replid: 'old',
  replid2: undefined,
  secondOffset: undefined,
  ticket: 'none',
  hasData: true,
  failover: 'no-failover',
  hasFile: true,
};
const primary = (more: Partial<NodeNow> = {}): NodeNow => ({ ...common, role: 'primary', follows: undefined, ...more });
const replica = (follows: string, more: Partial<NodeNow> = {}): NodeNow => ({
  ...common,
  role: 'replica',
  follows,
  ...more,
});

const restarted = { restarted: true, linkUp: false };

describe('a switch that was broken off', () => {
  const cases: [string, NodeNow, NodeNow, Decision['kind']][] = [
    ['B still follows A', primary(), replica('a:1'), 'undo'],
    ['B follows A by the name it always had', primary(), replica('10.0.0.1:1', { linkUp: false }), 'undo'],
    ['B follows A by a name nobody knows, in step', primary(), replica('nat:9'), 'undo'],
    ['B follows somebody else', primary(), replica('c:3', { linkUp: false }), 'leave'],
    ['both are primary', primary(), primary(), 'finish'],
    ['both are primary, A restarted', primary({ restarted: true, replid: 'fresh' }), primary(), 'finish'],
    ['A follows B', replica('b:2'), primary(), 'finish'],
    ['A follows somebody else', replica('c:3', { linkUp: false }), primary(), 'leave'],
    ['B came back as primary, with the ticket', primary(), primary({ ...restarted, ticket: 'promoted' }), 'finish'],
    ['B came back as primary, without', primary(), primary(restarted), 'leave'],
    [
      'B came back as replica, with the ticket',
      primary(),
      replica('a:1', { ...restarted, ticket: 'promoted' }),
      'promote-again',
    ],
    ['B came back as replica, without', primary(), replica('a:1', { ...restarted, ticket: 'armed' }), 'undo'],
    [
      'B came back as replica, and nobody can see',
      primary(),
      replica('a:1', { ...restarted, ticket: 'unknown' }),
      'leave',
    ],
    [
      'B came back as replica, and is in step',
      primary(),
      replica('a:1', { restarted: true, ticket: 'unknown' }),
      'undo',
    ],
    [
      'A came back without its data',
      primary({ restarted: true, hasData: false }),
      replica('a:1', { linkUp: false }),
      'leave',
    ],
    ['A came back with its data', primary({ restarted: true }), replica('a:1', { linkUp: false }), 'undo'],
    [
      'they follow each other, B with its data',
      replica('b:2', restarted),
      replica('a:1', { ...restarted, ticket: 'promoted' }),
      'promote-again',
    ],
    ['they follow each other, B without', replica('b:2'), replica('a:1', restarted), 'take-back'],
  ];
  it.each(cases)('%s', (_name, from, to, kind) => {
    const decision = decide(plan, from, to);
    expect(decision.kind).toBe(kind);
    expect(decision.because).toMatch(/[ab]:[12]/);
  });
});
