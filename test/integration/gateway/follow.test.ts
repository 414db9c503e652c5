import { afterEach, describe, expect, it } from 'vitest';
import { isClean, LoadRun, openClient } from '../../../src/lab/load/index.js';
import { waitForSync } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

const switches = 3;
const writesBetween = 500;
const deadlineMs = 20_000;

describe('clients without any connector, through switches under load', () => {
  it.each([
    ['redis-7.0', 'ioredis6', 21],
    ['valkey-8.0', 'iovalkey', 22],
    ['valkey-8.1', 'ioredis5', 23],
    ['valkey-9.1', 'ioredis6', 24],
  ] as const)(
    '%s and plain %s (seed %i): no error, nothing lost, doubled or reordered',
    async (version, library, seed) => {
      lab = await GatewayLab.start({ pair: { version } });
      const { host, port } = lab;
      const client = lab.keep(openClient({ library, host, port, segue: false }), (one) => one.disconnect());
      const load = lab.keep(new LoadRun(client, { keyPrefix: 'load', seed, paceMs: 2 }), (one) => one.close());
      const wrote = (count: number): Promise<unknown> =>
        waitFor(() => load.meter.report().writes >= count, { deadlineMs, what: `${count} writes` });

      await wrote(writesBetween);
      for (let done = 0; done < switches; done += 1) {
        expect((await lab.switchOver()).resync).toBe('partial');
        await wrote(load.meter.report().writes + writesBetween);
      }

      expect(await load.stop(deadlineMs)).toBe(true);
      await waitForSync(lab.nodes[0]!, [lab.nodes[1]!]);
      expect(load.meter.report()).toMatchObject({ errors: 0, examples: [] });
      for (const node of lab.nodes) {
        const reader = openClient({ library, host: node.host, port: node.port, segue: false });
        lab.keep(reader, (one) => one.disconnect());
        const verdict = await load.verify(reader);
        expect(verdict.notes).toEqual([]);
        expect(isClean(verdict)).toBe(true);
        expect(verdict.checked).toBeGreaterThan(switches * writesBetween);
      }
      expect(lab.tally).toMatchObject({ uncertain: 0, givenUp: new Map() });
    },
  );
});
