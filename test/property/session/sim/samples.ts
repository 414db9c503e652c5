import fc from 'fast-check';
import type { SessionOptions } from '../../../../src/session/index.js';
import { encodeLine, type Line } from './programs.js';
import { type Act, type Setting, World } from './world.js';

export const setting: fc.Arbitrary<Omit<Setting, 'password' | 'rash'>> = fc.record({
  joined: fc.constantFrom(true, true, true, false),
  version: fc.constantFrom('r70', 'v81', 'v91'),
  slow: fc.boolean(),
  eager: fc.boolean(),
  readable: fc.boolean(),
});

const amount = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(1_000, 100_000));

/** Acts of these kinds, each as often as its weight says. */
export function acts(weights: Partial<Record<Act['do'], number>>): fc.Arbitrary<Act[]> {
  const kinds = Object.entries(weights) as [Act['do'], number][];
  const all = kinds.map(([name, weight]) => ({
    arbitrary: fc.record<Act>({
      do: fc.constant(name),
      i: fc.nat(6),
      n: name === 'wait' ? fc.integer({ min: 1, max: 30 }) : amount,
    }),
    weight,
  }));
  return fc.array(fc.oneof(...all), { maxLength: 200, size: 'max' });
}

/** What happens all the time. */
export const TRAFFIC = {
  take: 30,
  flush: 30,
  dialled: 30,
  taken: 30,
  toNode: 40,
  toSession: 40,
  answer: 30,
  wait: 10,
  news: 3,
  places: 3,
  pause: 3,
  resume: 3,
  replicate: 5,
  prepare: 4,
  hold: 4,
  release: 3,
};

/** A world in which all that has happened, and that has come to rest again. */
export function played(
  setting: Setting,
  lines: readonly Line[][],
  acts: readonly Act[],
  options: Partial<SessionOptions>,
): World {
  const world = new World(
    setting,
    lines.map((program) => Buffer.concat(program.map(encodeLine))),
    options,
  );
  for (const { do: name, i, n } of acts) world.acts[name](i, n);
  world.settle();
  return world;
}
