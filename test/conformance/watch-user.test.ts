import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, waitFor } from '../../src/lab/servers/index.js';
import { throughNode } from './kit/node-door.js';
import { Rig, ROLE_ONLY, WATCHER } from './kit/rig.js';
import { Talker } from './kit/talker.js';
import { type Case, play, Scene } from './kit/transcript.js';
import { table } from './table/index.js';

const start = (user: typeof WATCHER | typeof ROLE_ONLY, more = {}) =>
  Rig.start(`watched by ${user.name}`, throughNode({ username: user.name, password: user.password, ...more }), {
    version: 'redis-7.0',
  });

describe('a node listener whose own user may do no more than it needs', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await start(WATCHER);
  });
  afterAll(async () => {
    await rig?.stop();
  });

  const some = table.filter(({ fact }) => /^(1\.5|2\.)/.test(fact));
  it.each(some.map((one) => [`${one.fact}: ${one.name}`, one] as const))('§%s', async (_name, one: Case) => {
    const { expected, seen } = await play(rig, one, one.talk);
    expect(seen).toEqual(expected);
  });
});

describe('a node listener whose own user may only ask ROLE', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await start(ROLE_ONLY, { watchIntervalMs: 20 });
  });
  afterAll(async () => {
    await rig?.stop();
  });

  it('redirects; a demotion is seen with the next look at the latest', async () => {
    const scene = new Scene(rig, 'primary');
    const client = scene.talker();
    expect(await client.ask('CLIENT', 'CAPA', 'redirect')).toBe('+OK');
    expect(await client.ask('SET', 'k', 'v')).toBe('+OK');
    await scene.swap();
    const redirect = `-REDIRECT ${rig.primary.address}`;
    expect(await client.ask('SET', 'k', 'w')).toBe(redirect);
    await waitFor(() => client.ask('GET', 'k'), {
      deadlineMs: 5_000,
      what: 'reads to be redirected',
      until: (reply) => reply === redirect,
    });
    scene.close();
  });
});

describe('a node listener whose own user does not exist', () => {
  it('serves, and says that it cannot know the role', async () => {
    const server = await startServer({ version: 'redis-7.0' });
    const door = await throughNode({ username: 'nobody', password: 'wrong' })(server);
    try {
      const client = new Talker(door);
      expect(await client.ask('CLIENT', 'CAPA', 'redirect')).toBe('+OK');
      expect(await client.ask('SET', 'k', 'v')).toBe('+OK');
      expect(door.entrance.unready).toMatch(/WRONGPASS/);
      client.close();
    } finally {
      await door.close();
      await server.stop();
    }
  });
});
