import { expect, it } from 'vitest';
import { fenceMark, marks } from '../../../../src/switchover/checks/unfinished.js';
import { planFence } from '../../../../src/switchover/fence.js';

it('the mark of a fence that was left behind is what a switch sets', () => {
  const config = new Map([
    ['min-replicas-to-write', '0'],
    ['min-replicas-max-lag', '10'],
    ...marks.map((name) => [name, '10'] as [string, string]),
  ]);
  const plan = planFence(config, 1, true)!;
  const fenced = new Map([...plan.settings, ...plan.transient].map((setting) => [setting.name, setting.fenced]));
  for (const name of marks) expect(fenced.get(name), name).toBe(fenceMark);
});
