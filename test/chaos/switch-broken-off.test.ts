import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerVersion, serverVersions } from '../../src/lab/servers/index.js';
import type { Boundary, SwitchMethod } from '../../src/switchover/index.js';
import { stepsOf } from '../../src/switchover/steps/index.js';
import { type Account, type Fault, faults, Ground, isOfApplication } from './switch/broken-switch.js';
import { compileSources } from './switch/operator.js';

/**
 * Every step of the code, before and after, and every fault. `npm test` takes a sample of them, by a seed that it prints;
 * SEGUE_CHAOS=all takes all, on every version.
 */
const boundaries: readonly (Boundary & { method: SwitchMethod })[] = [
  ...boundariesOf('manual'),
  // What FAILOVER has in common with it need not be shown twice.
  ...boundariesOf('failover').filter(({ step }) => !stepsOf.manual.some(({ name }) => name === step)),
];
const seed = Number(process.env.SEGUE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const isAll = process.env.SEGUE_CHAOS === 'all';

function boundariesOf(method: SwitchMethod): (Boundary & { method: SwitchMethod })[] {
  return stepsOf[method].flatMap(({ name }) => [
    { method, step: name, side: 'before' },
    { method, step: name, side: 'after' },
  ]);
}

/** Of each boundary the faults to try: all; or of every other boundary one, which differs from run to run. */
function sampleFor(boundary: number): readonly Fault[] {
  if (isAll) return faults;
  if ((boundary + seed) % 2 === 1) return [];
  const order = faults.toSorted((one, other) => mixed(one, boundary) - mixed(other, boundary));
  return order.slice(0, 1);
}

function mixed(fault: Fault, boundary: number): number {
  let hash = seed ^ (boundary * 0x9e3779b1) ^ (faults.indexOf(fault) * 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}

let sources: ReturnType<typeof compileSources>;
const grounds = new Map<ServerVersion, Ground>();

beforeAll(() => {
  sources = compileSources();
});

afterAll(async () => {
  for (const ground of grounds.values()) await ground.stop();
  sources?.remove();
});

async function groundOf(version: ServerVersion): Promise<Ground> {
  const ground = grounds.get(version) ?? (await Ground.start(version, sources.folder));
  grounds.set(version, ground);
  return ground;
}

/** What could not be put right is not left to the cases that follow. */
async function broken(
  fault: Fault,
  boundary: Boundary,
  method: SwitchMethod,
  version: ServerVersion,
): Promise<Account> {
  const ground = await groundOf(version);
  try {
    return await ground.break(fault, boundary, method);
  } catch (error) {
    grounds.delete(version);
    await ground.stop();
    throw error;
  }
}

describe(`a switch that is broken off (SEGUE_SEED=${seed})`, () => {
  const cases = boundaries.flatMap((boundary, at) =>
    sampleFor(at).flatMap((fault, index) => {
      const versions = isAll ? serverVersions : [serverVersions[(seed + at + index) % serverVersions.length]!];
      return versions.map((version) => [fault, boundary.side, boundary.step, version, boundary.method] as const);
    }),
  );

  it.each(cases)('%s %s %s, on %s', async (fault, side, step, version, method) => {
    const account = await broken(fault, { step, side }, method, version);
    const { code, reason, report } = account.operator;
    const seen = JSON.stringify({ code, reason, sessions: report?.sessions, resumed: account.resumed.because });
    expect(account.besides, seen).toEqual([]);
    expect(account.lost, seen).toEqual([]);
    expect(account.complaints, seen).toEqual([]);
    if (isOfApplication(fault)) {
      expect(code, seen).toBe('switched');
      // Else nothing would be shown: all others were told, and held.
      expect(report?.sessions.hold?.sessions, seen).toBeGreaterThan(0);
    }
    expect(account.acknowledged[0] + account.acknowledged[1]).toBeGreaterThan(0);
  });
});
