import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeKindOptions } from '../../src/gateway/node/index.js';
import type { ServerVersion } from '../../src/lab/servers/index.js';
import { throughNode } from './kit/node-door.js';
import { Rig } from './kit/rig.js';
import { blocked, type Case, play } from './kit/transcript.js';

const READ = `EVAL "return redis.call('get', KEYS[1])" 1 k`;
const WRITE = `EVAL "return redis.call('set', KEYS[1], 'v')" 1 k`;

/** What Valkey runs on a replica although it belongs to the primary. */
const strict: readonly Case[] = [
  {
    fact: 'strict',
    name: 'scripts, PUBLISH and WAIT are redirected',
    talk: [
      ...[READ, WRITE, 'EVALSHA ffffffffffffffffffffffffffffffffffffffff 0', 'FCALL nosuch 0'],
      ...['PUBLISH ch m', 'SPUBLISH ch m', 'WAIT 1 0'],
    ].map((command) => `${command} -> -REDIRECT <primary>`),
  },
  {
    fact: 'strict',
    name: 'in transactions, too',
    talk: [
      'MULTI -> +OK',
      'PUBLISH ch m -> -REDIRECT <primary>',
      'EXEC -> -EXECABORT Transaction discarded because of previous errors.',
    ],
  },
  {
    fact: 'strict',
    name: 'what was queued at the primary is not executed at the replica',
    at: 'primary',
    talk: [
      'MULTI -> +OK',
      'PUBLISH ch m -> +QUEUED',
      `${READ} -> +QUEUED`,
      (scene) => scene.swap(),
      'EXEC -> -REDIRECT <primary>',
    ],
  },
  {
    fact: 'strict',
    name: 'the errors of the node still win',
    talk: [
      'AUTH narrow narrow-password -> +OK',
      "EVAL x 0 -> -NOPERM this user has no permissions to run the 'eval' command",
      "PUBLISH ch -> -ERR wrong number of arguments for 'publish' command",
    ],
  },
  {
    fact: 'strict',
    name: 'local business stays local, and so does everything of plain clients',
    talk: [
      'SUBSCRIBE ch -> [$subscribe, $ch, :1]',
      'p| PUBLISH ch m -> :1',
      '<- [$message, $ch, $m]',
      `p| ${READ} -> $-1`,
      'UNSUBSCRIBE -> [$unsubscribe, $ch, :0]',
      'SCRIPT LOAD "return 1" -> $e0e1f9fabfc9d4800c877a703b823ac0578ff8db',
    ],
  },
  {
    fact: 'strict',
    name: 'at the primary all of it runs',
    at: 'primary',
    talk: [`${WRITE} -> +OK`, `${READ} -> $v`, 'PUBLISH ch m -> :0', 'WAIT 0 0 -> :*'],
  },
  {
    fact: 'strict',
    name: 'a blocked WAIT',
    at: 'primary',
    talk: ['SET k v -> +OK', 'WAIT 2 0', blocked, (scene) => scene.swap(), '<- -REDIRECT <primary>', 'PING -> +PONG'],
  },
];

/** `-MOVED -1 host:port`, for clients that never said that they can be redirected. */
const moved: readonly Case[] = [
  {
    fact: 'moved',
    name: 'everybody is redirected, unless it says READONLY',
    as: 'plain',
    talk: [
      'GET k -> -MOVED -1 <primary>',
      'SET k v -> -MOVED -1 <primary>',
      'PING -> +PONG',
      'READONLY -> +OK',
      'GET k -> $-1',
      'SET k v -> -MOVED -1 <primary>',
      'READWRITE -> +OK',
      'GET k -> -MOVED -1 <primary>',
    ],
  },
  {
    fact: 'moved',
    name: 'transactions',
    as: 'plain',
    at: 'primary',
    talk: ['MULTI -> +OK', 'SET k v -> +QUEUED', (scene) => scene.swap(), 'EXEC -> -MOVED -1 <primary>'],
  },
  {
    fact: 'moved',
    name: 'who was blocked',
    as: 'plain',
    at: 'primary',
    talk: ['BLPOP l 0', blocked, (scene) => scene.swap(), '<- -MOVED -1 <primary>', 'PING -> +PONG'],
  },
];

const settings: readonly (readonly [string, Partial<NodeKindOptions>, readonly Case[]])[] = [
  ['strict', { strict: true }, strict],
  ['--reply moved', { reply: 'moved' }, moved],
];
const versions: readonly ServerVersion[] = ['redis-7.0', 'valkey-9.1'];

describe.each(versions)('a node listener in front of %s', (version) => {
  describe.each(settings)('%s', (_name, options, cases) => {
    let rig: Rig;
    beforeAll(async () => {
      rig = await Rig.start(version, throughNode(options), { version });
    });
    afterAll(async () => {
      await rig?.stop();
    });

    it.each(cases.map((one) => [one.name, one] as const))('%s', async (_case, one) => {
      const { expected, seen } = await play(rig, one, one.talk);
      expect(seen).toEqual(expected);
    });
  });
});
