import { afterEach, describe, expect, it } from 'vitest';
import type { BystanderService } from '../../../src/cli/switch/bystander.js';
import { Onlooker, type OnlookerOptions } from '../../../src/cli/switch/onlooker.js';
import { type LabPair, startPair } from '../../../src/lab/servers/index.js';
import { Thread } from '../../../src/lab/threads/thread.js';
import { chooseTarget, isTarget } from '../../../src/switchover/checks/index.js';
import { takeSurvey } from '../../../src/switchover/survey/index.js';
import { CliHome } from './run-cli.js';

let pair: LabPair | undefined;
afterEach(async () => {
  await pair?.stop();
  pair = undefined;
});

async function options(wanted: Pick<OnlookerOptions, 'canary' | 'gauge'>): Promise<OnlookerOptions> {
  pair = await startPair({ password: 'hunter2' });
  const nodes = pair.nodes.map(({ address }) => `valkey://${address}`);
  const access = { nodes, password: 'hunter2', timeoutMs: 2_000 };
  const target = chooseTarget(await takeSurvey(access), undefined);
  if (!isTarget(target)) throw new Error('the pair has no replica to choose');
  return { access, target, marginMs: 50, ...wanted };
}

/** The thread that the command starts is compiled code. */
async function compiled(): Promise<Thread<BystanderService>> {
  const home = await CliHome.make();
  await home.leave();
  return new Thread(new URL('../../../dist/cli/switch/bystander-thread.js', import.meta.url));
}

const dying = (): Thread<BystanderService> => new Thread(new URL('./dying-thread.mjs', import.meta.url));
const missing = (): Thread<BystanderService> => new Thread(new URL('./no-such-thread.mjs', import.meta.url));

describe('an onlooker', () => {
  it('writes and counts in a thread of its own, and tells it in the time of this one', async () => {
    const thread = await compiled();
    const wanted = await options({ canary: true, gauge: true });
    const fromMs = performance.now();
    const onlooker = await Onlooker.start(wanted, () => thread);
    const { canary, canaryTrouble, tracks, tracksStartedMs, gaugeTrouble } = await onlooker.finish();
    const toMs = performance.now();
    expect([canaryTrouble, gaugeTrouble]).toEqual([undefined, undefined]);
    expect(canary).toMatchObject({ isProven: true });
    expect(tracks.map(({ node }) => node)).toEqual(pair?.nodes.map(({ address }) => address));
    for (const startedMs of [canary!.startedMs, tracksStartedMs]) {
      expect(startedMs).toBeGreaterThan(fromMs);
      expect(startedMs).toBeLessThan(toMs);
    }
  });

  it.each([
    ['dies meanwhile', dying, 'ended with code 7'],
    ['cannot be started', missing, 'no-such-thread'],
  ])('whose thread %s says so, and that is all', async (_how, open, reason) => {
    const onlooker = await Onlooker.start(await options({ canary: true, gauge: true }), open);
    const testimony = await onlooker.finish();
    expect(testimony).toMatchObject({ canary: undefined, tracks: [] });
    for (const trouble of [testimony.canaryTrouble, testimony.gaugeTrouble]) {
      expect(trouble).toContain('whoever was to watch is gone');
      expect(trouble).toContain(reason);
    }
    expect(testimony.after?.nodes).toHaveLength(2);
  });

  it('starts no thread when nothing is to be watched', async () => {
    const open = () => {
      throw new Error('a thread was started');
    };
    const testimony = await (await Onlooker.start(await options({ canary: false, gauge: false }), open)).finish();
    expect(testimony).toMatchObject({ canary: undefined, canaryTrouble: undefined, gaugeTrouble: undefined });
  });
});
