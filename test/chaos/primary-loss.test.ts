import { afterEach, describe, expect, it } from 'vitest';
import { isClean } from '../../src/lab/load/index.js';
import { type LabPair, startPair } from '../../src/lab/servers/index.js';
import { primaryLoss } from '../../src/lab/soak/primary-loss.js';

let pair: LabPair | undefined;

afterEach(async () => {
  await pair?.stop();
});

describe('kill -9 of the primary, and its replica promoted', () => {
  it.each([
    ['valkey-9.1', 'ioredis6'],
    ['valkey-9.1', 'iovalkey'],
    ['valkey-8.1', 'ioredis5'],
    ['redis-7.0', 'ioredis6'],
  ] as const)(
    'on %s, every command of %s settles, and only writes on the wire are uncertain',
    async (version, library) => {
      pair = await startPair({ version });
      const { settled, verdict, meter, inFlightMax } = await primaryLoss(pair, library, 1);
      expect(verdict.notes).toEqual([]);
      expect(isClean(verdict)).toBe(true);
      expect(settled).toBe(true);
      expect(meter.errors).toBe(meter.uncertain);
      expect(Object.keys(meter.errorsByKind).filter((kind) => kind !== 'UNCERTAIN')).toEqual([]);
      expect(meter.uncertain).toBeLessThanOrEqual(inFlightMax);
    },
  );
});
