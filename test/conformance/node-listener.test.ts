import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { throughNode } from './kit/node-door.js';
import { Rig } from './kit/rig.js';
import { play } from './kit/transcript.js';
import { table } from './table/index.js';

describe.each(['redis-7.0', 'valkey-8.1'] as const)('%s behind a node listener does the same', (version) => {
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
