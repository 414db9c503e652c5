import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { property } from '../resp/seeded.js';
import { checkPlanned } from './sim/planned-oracle.js';
import { type Flavour, programs } from './sim/programs.js';
import { acts, played, setting, TRAFFIC } from './sim/samples.js';

const flavours: Flavour[] = [
  { password: false, pubsub: false, reply: false },
  { password: true, pubsub: false, reply: false },
  { password: false, pubsub: true, reply: false },
  { password: false, pubsub: false, reply: true },
];

const sample = fc.oneof(
  ...flavours.map((flavour) =>
    fc.record({
      flavour: fc.constant(flavour),
      setting,
      acts: acts({ ...TRAFFIC, switch: 40 }),
      lines: programs(flavour, 10),
    }),
  ),
);

const patient = { holdTimeoutMs: 1e9, drainTimeoutMs: 1e9, redirectsMax: 1e9 };

describe('planned switches', () => {
  property(
    'nobody can tell them from one eternal server',
    sample,
    ({ setting, flavour, lines, acts }) => {
      const world = played({ ...setting, password: flavour.password, rash: false }, lines, acts, patient);
      expect(checkPlanned(world, lines)).toEqual([]);
    },
    1_500,
  );
});
