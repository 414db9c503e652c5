import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverVersions } from '../../src/lab/servers/index.js';
import { directly, Rig } from './kit/rig.js';
import { play } from './kit/transcript.js';
import { table } from './table/index.js';

const versions = serverVersions.filter((version) => version.startsWith('valkey'));

describe.each(versions)('the table is what %s does', (version) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start(version, directly, { version });
  });
  afterAll(async () => {
    await rig?.stop();
  });

  it.each(table.map((one) => [`${one.fact}: ${one.name}`, one] as const))('§%s', async (_name, one) => {
    const { expected, seen } = await play(rig, one, one.differs?.[version] ?? one.talk);
    expect(seen).toEqual(expected);
  });
});
