import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { property } from '../resp/seeded.js';
import { checkCrashes } from './sim/crash-oracle.js';
import { type Flavour, type Line, programs } from './sim/programs.js';
import { acts, played, setting, TRAFFIC } from './sim/samples.js';

const flavours: Flavour[] = [
  { password: false, pubsub: false, reply: false },
  { password: true, pubsub: false, reply: false },
  { password: false, pubsub: true, reply: false },
];

const options = fc.record({
  holdTimeoutMs: fc.constantFrom(1e9, 1e9, 100),
  drainTimeoutMs: fc.constantFrom(1e9, 50),
  redirectsMax: fc.constantFrom(1e9, 32, 2),
  replayCommandsMax: fc.constantFrom(1e6, 1e6, 4),
  onUncertain: fc.constantFrom('error' as const, 'error' as const, 'retry' as const),
});

const sampleOf = (weights: Parameters<typeof acts>[0]) =>
  fc.oneof(
    ...flavours.map((flavour) =>
      fc.record({
        flavour: fc.constant(flavour),
        setting,
        options,
        acts: acts(weights),
        lines: programs(flavour, 10).map(oneNameEach),
      }),
    ),
  );

/** So that every command has exactly one answer. */
function oneNameEach(lines: Line[][]): Line[][] {
  const shorten = (args: readonly string[]) => (/SUBSCRIBE/.test(args[0]!) ? [args[0]!, args[1] ?? 'c'] : args);
  return lines.map((program) => program.map(({ args, form }) => ({ args: shorten(args), form })));
}

describe('whatever happens, nobody is told what is not true', () => {
  property(
    'crashes and lost connections',
    sampleOf({ ...TRAFFIC, switch: 20, lose: 7, crash: 4 }),
    ({ setting, flavour, options, lines, acts }) => {
      const world = played({ ...setting, password: flavour.password, rash: false }, lines, acts, options);
      expect(checkCrashes(world, lines, { twice: options.onUncertain === 'retry', reorder: false })).toEqual([]);
    },
    1_000,
  );

  property(
    'nodes that refuse for a while, too',
    sampleOf({ ...TRAFFIC, switch: 20, lose: 5, crash: 3, lonely: 10, loading: 10 }),
    ({ setting, flavour, options, lines, acts }) => {
      const world = played({ ...setting, password: flavour.password, rash: true }, lines, acts, options);
      expect(checkCrashes(world, lines, { twice: options.onUncertain === 'retry', reorder: true })).toEqual([]);
    },
    1_000,
  );
});
