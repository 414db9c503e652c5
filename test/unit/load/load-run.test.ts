import { describe, expect, it } from 'vitest';
import { LoadRun, type WorkloadName } from '../../../src/lab/load/load-run.js';
import { type Finding, isClean, type Verdict } from '../../../src/lab/load/verdict.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { type Cheat, FakeClient, FakeStore } from './fake-client.js';

async function runAgainst(cheat: Cheat | undefined, workloads?: WorkloadName[]): Promise<Verdict> {
  const client = new FakeClient(new FakeStore(cheat));
  const run = new LoadRun(client, {
    keyPrefix: 'load',
    seed: 1,
    valueBytesMax: 1024,
    ...(workloads === undefined ? {} : { workloads }),
  });
  // A command that hangs ends a workload: what came before it is all that comes.
  await waitFor(() => run.meter.report().writes >= (cheat?.kind === 'hang' ? cheat.at - 1 : 2000), {
    deadlineMs: 20_000,
    what: 'enough writes',
  });
  await run.stop(cheat?.kind === 'hang' ? 100 : 10_000);
  return run.verify(client);
}

describe('a run of all workloads', () => {
  it('finds nothing wrong with an honest server', async () => {
    const verdict = await runAgainst(undefined);
    expect(verdict.notes).toEqual([]);
    expect(isClean(verdict)).toBe(true);
    expect(verdict.checked).toBeGreaterThanOrEqual(2000);
  });

  const cheats: [Cheat['kind'], WorkloadName, Finding][] = [
    ['lose', 'single', 'lost'],
    ['lose', 'burst', 'lost'],
    ['lose', 'pipeline', 'lost'],
    ['lose', 'multi', 'lost'],
    ['lose', 'script', 'lost'],
    ['lose', 'blpop', 'lost'],
    ['lose', 'watch', 'lost'],
    ['repeat', 'single', 'doubled'],
    ['repeat', 'pipeline', 'doubled'],
    ['repeat', 'multi', 'doubled'],
    ['repeat', 'script', 'doubled'],
    ['repeat', 'blpop', 'doubled'],
    ['repeat', 'watch', 'torn'],
    ['pop twice', 'blpop', 'doubled'],
    ['swap replies', 'burst', 'misanswered'],
    ['stale read', 'mixed', 'stale'],
    ['corrupt', 'mixed', 'corrupt'],
    ['blind commit', 'watch', 'torn'],
    ['half transaction', 'multi', 'torn'],
    ['hang', 'single', 'unsettled'],
  ];
  it.each(cheats)('finds "%s" under %s', async (kind, workload, finding) => {
    const verdict = await runAgainst({ kind, at: 11 }, [workload]);
    expect(verdict[finding], verdict.notes.join('\n')).toBeGreaterThan(0);
  });
});
