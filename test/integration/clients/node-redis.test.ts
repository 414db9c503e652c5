import { beforeAll, expect, it } from 'vitest';
import { isClean } from '../../../src/lab/load/index.js';
import { catalog } from '../../clients/catalog.js';
import { runCourse } from '../../clients/course.js';
import { checkout } from '../../clients/places.js';

beforeAll(async () => {
  const { setup } = await import(`${checkout}/scripts/setup.mjs`);
  setup(); // the gateway runs as it is compiled
});

// One client of the many that `npm run test:clients` takes through the gateway: it needs no download.
it('node-redis, as it is, notices nothing of two switches', async () => {
  const entry = catalog.find(({ name }) => name === 'node-redis')!;
  const launch = await entry.prepare(() => {});
  const roles = ['subscribe', 'consume', 'produce', 'transaction', 'publish'] as const;
  const result = await runCourse({ ...entry, roles }, launch, { version: 'valkey-9.1', switches: 2, paceMs: 2 });
  expect(result).toMatchObject({ switches: 2, errors: [], lostConnections: 0, verdict: { notes: [] } });
  expect(isClean(result.verdict)).toBe(true);
  expect(result.verdict.checked).toBeGreaterThan(30);
  // Each session, also the one that waits in BLPOP, began at one node and moved twice.
  expect(result.gateway.moves).toBe(roles.length * 3);
});
