import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { RATIONS, type Rations } from '../../../src/doors/gateway/allowance.js';
import { asyncProperty } from '../resp/seeded.js';
import { checkPlanned } from '../session/sim/planned-oracle.js';
import { encodeLine, type Flavour, type Line, programs } from '../session/sim/programs.js';
import { setting, TRAFFIC } from '../session/sim/samples.js';
import type { World } from '../session/sim/world.js';
import { SharedWorld, turn } from './sim/shared-world.js';

const flavours: Flavour[] = [
  { password: false, pubsub: false, reply: false },
  { password: true, pubsub: false, reply: false },
  { password: false, pubsub: true, reply: false },
  { password: false, pubsub: false, reply: true },
];

const OWN = { write: 60, clog: 2, unclog: 4, visit: 6, depart: 4, turn: 40 } as const;
const { take: _, ...AROUND } = TRAFFIC;
const weights: Record<string, number> = { ...AROUND, ...OWN, switch: 15 };

interface Act {
  readonly do: string;
  readonly i: number;
  readonly n: number;
}

const amount = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(1_000, 100_000));
const act = fc.oneof(
  ...Object.entries(weights).map(([name, weight]) => ({
    arbitrary: fc.record<Act>({
      do: fc.constant(name),
      i: fc.nat(6),
      n: name === 'wait' ? fc.integer({ min: 1, max: 30 }) : amount,
    }),
    weight,
  })),
);

/** Clients that are shared, say who they are, and are shared again, and seldom need more. */
const polite: fc.Arbitrary<Line[][]> = fc
  .array(
    fc.array(
      fc.oneof(
        { arbitrary: fc.constantFrom('SET own:a t.x5000', 'GET own:a', 'INCR own:n', 'ECHO t', 'GET'), weight: 12 },
        {
          arbitrary: fc.constantFrom('CLIENT SETNAME t', 'CLIENT GETNAME', 'SELECT 1', 'HELLO 3', 'HELLO 2'),
          weight: 4,
        },
        { arbitrary: fc.constantFrom('MULTI;INCR own:n;EXEC', 'EXEC', 'READONLY'), weight: 1 },
      ),
      { minLength: 5, maxLength: 30, size: 'max' },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => {
    let tokens = 0;
    const named = (text: string, client: number) =>
      text.replace(/\bt\b/, () => `t${++tokens}`).replace('own', `s${client}`);
    return all.map((program, client) =>
      program.flatMap((step) =>
        step.split(';').map((text): Line => ({ args: named(text, client).split(' '), form: 'array' })),
      ),
    );
  });

/** As they are, and so small that clients take turns all the time. */
const rations: fc.Arbitrary<Rations> = fc.oneof(
  fc.constant(RATIONS),
  fc.record({
    busyBytes: fc.constantFrom(0, 600, 3_000),
    pieceBytes: fc.constantFrom(0, 100, 3_000),
    pieceCommands: fc.integer({ min: 1, max: 4 }),
  }),
);

const sample = fc.oneof(
  ...[...flavours, undefined, undefined].map((flavour) =>
    fc.record({
      password: fc.constant(flavour?.password ?? false),
      setting,
      rations,
      acts: fc.array(act, { maxLength: 200, size: 'max' }),
      lines: flavour === undefined ? polite : programs(flavour, 12),
    }),
  ),
);

/** So many commands, one by one, and a client may have several outstanding. */
const WARM_UP = Array.from({ length: 6 }, (): Line => ({ args: ['PING'], form: 'array' }));

/** First the login, if there is one, then the warm-up. */
function warmed([login, ...rest]: readonly Line[]): Line[] {
  return login?.args[0] === 'AUTH' ? [login, ...WARM_UP, ...rest] : [...WARM_UP, ...(login ? [login] : []), ...rest];
}

const patient = { holdTimeoutMs: 1e9, drainTimeoutMs: 1e9, redirectsMax: 1e9 };

async function play(shared: SharedWorld, { do: name, i, n }: Act): Promise<void> {
  const { world } = shared;
  if (name === 'turn') await turn();
  else if (name in OWN) shared[name as Exclude<keyof typeof OWN, 'turn'>](i, n);
  else if (world.sessions.length > 0) world.acts[name as keyof World['acts']](i, n);
}

async function warmUp(shared: SharedWorld, client: number, program: readonly Line[]): Promise<void> {
  for (const line of program.slice(0, WARM_UP.length + (program[0]!.args[0] === 'AUTH' ? 1 : 0))) {
    shared.write(client, encodeLine(line).length);
    await shared.rest();
  }
}

describe('clients that share connections, through planned switches', () => {
  asyncProperty(
    'nobody can tell it from one eternal server alone',
    sample,
    async ({ setting, password, rations, lines: short, acts }) => {
      const lines = short.map(warmed);
      const shared = new SharedWorld({ ...setting, password, rash: false, eager: false }, lines, patient, rations);
      for (const [i, program] of lines.entries()) await warmUp(shared, i, program);
      for (const each of acts) await play(shared, each);
      await shared.settle();
      expect(checkPlanned(shared, lines)).toEqual([]);
      expect(shared.misdelivered).toEqual([]);
      expect(shared.world.sessions.flatMap(({ faults }) => faults)).toEqual([]);
      shared.close();
      expect(shared.world.sessions).toEqual([]);
    },
    150,
  );
});
