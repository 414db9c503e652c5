import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { property } from '../resp/seeded.js';
import { checkPlanned } from './sim/planned-oracle.js';
import { encodeLine, type Flavour, type Line, programs } from './sim/programs.js';
import { type Act, type Setting, World } from './sim/world.js';

const setting = fc.record<Setting>({
  joined: fc.constantFrom(true, true, true, false),
  version: fc.constantFrom('r70', 'v81', 'v91'),
  password: fc.boolean(),
  slow: fc.boolean(),
  eager: fc.boolean(),
});

const amount = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(1_000, 100_000));
const act = (names: readonly Act['do'][]): fc.Arbitrary<Act> =>
  fc.record({ do: fc.constantFrom(...names), i: fc.nat(6), n: amount });

const TRAFFIC: Act['do'][] = ['take', 'flush', 'dialled', 'taken', 'toNode', 'toSession', 'answer'];

const acts = fc.array(
  fc.oneof(
    { arbitrary: act(TRAFFIC), weight: 20 },
    { arbitrary: act(['switch']), weight: 3 },
    { arbitrary: act(['news', 'replicate', 'pause', 'resume']), weight: 1 },
    {
      arbitrary: fc.record({ do: fc.constant('wait' as const), i: fc.constant(0), n: fc.integer({ min: 1, max: 30 }) }),
      weight: 1,
    },
  ),
  { maxLength: 200, size: 'max' },
);

const flavours: Flavour[] = [
  { password: false, pubsub: false, reply: false },
  { password: true, pubsub: false, reply: false },
  { password: false, pubsub: true, reply: false },
  { password: false, pubsub: false, reply: true },
];

const sample = fc.oneof(
  ...flavours.map((flavour) =>
    fc.record({ setting, flavour: fc.constant(flavour), acts, lines: programs(flavour, 10) }),
  ),
);

function run(setting: Setting, lines: readonly Line[][], acts: readonly Act[]): World {
  const world = new World(
    setting,
    lines.map((program) => Buffer.concat(program.map(encodeLine))),
    {
      holdTimeoutMs: 1e9,
      drainTimeoutMs: 1e9,
      redirectsMax: 1e9,
    },
  );
  for (const { do: name, i, n } of acts) world.acts[name](i, n);
  world.settle();
  return world;
}

describe('planned switches', () => {
  property(
    'nobody can tell them from one eternal server',
    sample,
    ({ setting, flavour, lines, acts }) => {
      const world = run({ ...setting, password: flavour.password }, lines, acts);
      expect(checkPlanned(world, lines)).toEqual([]);
    },
    400,
  );
});
