import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverVersions } from '../../src/lab/servers/index.js';
import type { Reply } from '../../src/resp/index.js';
import { throughNode } from './kit/node-door.js';
import { type Door, directly, Rig } from './kit/rig.js';
import { Talker } from './kit/talker.js';

const rigs: readonly (readonly [string, Door, (typeof serverVersions)[number]])[] = [
  ...serverVersions
    .filter((version) => version.startsWith('valkey'))
    .map((version) => [`${version} itself`, directly, version] as const),
  ['redis-7.0 behind a node listener', throughNode(), 'redis-7.0'],
];

/** §1.3: the flags of COMMAND alone decide, for all keyed and keyless commands that have any. */
describe.each(rigs)('every command on a replica of %s', (_label, door, version) => {
  let rig: Rig;
  let commands: readonly { words: readonly string[]; nature: 'write' | 'read' }[];
  beforeAll(async () => {
    rig = await Rig.start(version, door, { version });
    commands = flagged((await rig.replica.cli('COMMAND')) as Reply[]);
  });
  afterAll(async () => {
    await rig?.stop();
  });

  it('knows a few hundred', () => {
    expect(commands.filter(({ nature }) => nature === 'write').length).toBeGreaterThan(100);
    expect(commands.filter(({ nature }) => nature === 'read').length).toBeGreaterThan(80);
  });

  it.each(['capa', 'capa+RO'] as const)('%s: is redirected by its flags', async (attitude) => {
    const redirect = `-REDIRECT ${rig.primary.address}`;
    const talker = new Talker(rig.doorOf(rig.replica));
    const wrong: string[] = [];
    try {
      await talker.ask('CLIENT', 'CAPA', 'redirect');
      if (attitude === 'capa+RO') await talker.ask('READONLY');
      for (const { words, nature } of commands) {
        const reply = await talker.ask(...words);
        const redirected = reply === redirect;
        const expected = nature === 'write' || attitude === 'capa';
        if (redirected !== expected) wrong.push(`${words.join(' ')}: ${reply}`);
      }
    } finally {
      talker.close();
    }
    expect(wrong).toEqual([]);
  });
});

/** With as many arguments as it needs at least: what they are is looked at later than the role. */
function flagged(list: readonly Reply[]): { words: string[]; nature: 'write' | 'read' }[] {
  return list.flatMap((entry) => {
    const fields = entry as Reply[];
    const [name, arity, flags] = fields as [string, number, string[]];
    const subcommands = fields[9];
    if (Array.isArray(subcommands) && subcommands.length > 0) return flagged(subcommands);
    const nature = flags.includes('write') ? 'write' : flags.includes('readonly') ? 'read' : undefined;
    if (nature === undefined) return [];
    const words = name.split('|');
    const fill = Array.from({ length: Math.abs(arity) - words.length }, () => '1');
    return [{ words: [...words, ...fill], nature } as const];
  });
}
