import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverVersions } from '../../src/lab/servers/index.js';
import { throughNode } from './kit/node-door.js';
import { Rig } from './kit/rig.js';
import { play } from './kit/transcript.js';
import { table } from './table/index.js';

// Valkey 9 does it by itself.
const versions = serverVersions.filter((version) => version !== 'valkey-9.1');

describe.each(versions)('%s behind a node listener does the same', (version) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start(`${version} behind node`, throughNode(), { version });
  });
  afterAll(async () => {
    await rig?.stop();
  });

  it.each(table.map((one) => [`${one.fact}: ${one.name}`, one] as const))('§%s', async (_name, one) => {
    const { expected, seen } = await play(rig, one, one.talk);
    expect(seen).toEqual(expected);
  });
});
