import { waitFor } from '../../../src/lab/wait-for.js';
import type { Act, Case, Scene } from '../kit/transcript.js';

const narrow = 'AUTH narrow narrow-password -> +OK';

function setting(...pairs: readonly string[]): Act {
  return async (scene: Scene) => {
    await scene.node.cli('CONFIG', 'SET', ...pairs);
  };
}

/** §1.2: what wins over REDIRECT, and what REDIRECT wins over. */
export const orderCases: readonly Case[] = [
  {
    fact: '1.2 before REDIRECT',
    name: 'unknown command, unknown subcommand, arity',
    talk: [
      "nosuch a -> -ERR unknown command 'nosuch', with args beginning with: 'a'*",
      "OBJECT nosuch k -> -ERR unknown subcommand 'nosuch'. Try OBJECT HELP.",
      "GET -> -ERR wrong number of arguments for 'get' command",
      "SET k -> -ERR wrong number of arguments for 'set' command",
      "XREAD COUNT -> -ERR wrong number of arguments for 'xread' command",
      'GET k -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '1.2 before REDIRECT',
    name: 'NOPERM for the command and for the key',
    talk: [
      narrow,
      "GET k -> -NOPERM this user has no permissions to run the 'get' command",
      "SET k v -> -NOPERM this user has no permissions to run the 'set' command",
      'STRLEN forbidden -> -NOPERM No permissions to access a key',
      'INCR forbidden -> -NOPERM No permissions to access a key',
      'STRLEN allowed1 -> -REDIRECT <primary>',
      'INCR allowed1 -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '1.2 before REDIRECT',
    name: 'NOPERM for CLIENT CAPA and READONLY themselves',
    as: 'plain',
    talk: [
      narrow,
      "CLIENT CAPA redirect -> -NOPERM this user has no permissions to run the 'client|capa' command",
      "READONLY -> -NOPERM this user has no permissions to run the 'readonly' command",
    ],
  },
  {
    fact: '1.2 before REDIRECT',
    name: 'NOAUTH',
    as: 'plain',
    talk: [
      setting('requirepass', 'pw'),
      async (scene) => {
        // A connection that was opened before keeps its user.
        const talker = scene.talker('n');
        const said = [
          await talker.ask('CLIENT', 'CAPA', 'redirect'),
          await talker.ask('READONLY'),
          await talker.ask('GET', 'k'),
          await talker.ask('AUTH', 'pw'),
          await talker.ask('GET', 'k'),
          await talker.ask('CLIENT', 'CAPA', 'redirect'),
          await talker.ask('GET', 'k'),
        ];
        await scene.node.cli('CONFIG', 'SET', 'requirepass', '');
        const noauth = '-NOAUTH Authentication required.';
        const wanted = [noauth, noauth, noauth, '+OK', '$-1', '+OK', `-REDIRECT ${scene.named}`];
        if (JSON.stringify(said) !== JSON.stringify(wanted)) throw new Error(`it said ${JSON.stringify(said)}`);
      },
    ],
  },
  {
    fact: '1.2 after REDIRECT',
    name: 'OOM',
    talk: [
      setting('replica-ignore-maxmemory', 'no', 'maxmemory', '1'),
      'SET k v -> -REDIRECT <primary>',
      'GET k -> -REDIRECT <primary>',
      "p| SET k v -> -OOM command not allowed when used memory > 'maxmemory'.",
    ],
  },
  {
    fact: '1.2 after REDIRECT',
    name: 'a replica that accepts writes',
    talk: [
      setting('replica-read-only', 'no'),
      'SET k v -> -REDIRECT <primary>',
      'GET k -> -REDIRECT <primary>',
      'p| SET k v -> +OK',
      'p| GET k -> $v',
    ],
  },
  {
    fact: '1.2 after REDIRECT',
    name: 'MASTERDOWN: the redirect names the dead primary',
    talk: [
      setting('replica-serve-stale-data', 'no'),
      async (scene) => {
        await scene.node.cli('REPLICAOF', '127.0.0.1', 1);
        scene.named = '127.0.0.1:1';
      },
      'GET k -> -REDIRECT <primary>',
      'SET k v -> -REDIRECT <primary>',
      "p| GET k -> -MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      "p| SET k v -> -READONLY You can't write against a read only replica.",
      'READONLY -> +OK',
      "GET k -> -MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    ],
  },
  {
    fact: '1.2 after REDIRECT',
    name: 'LOADING',
    talk: [
      (scene) => scene.rig.loadSlowly(),
      'GET k -> -REDIRECT <primary>',
      'SET k v -> -REDIRECT <primary>',
      'p| GET k -> -LOADING Valkey is loading the dataset in memory',
      'GET k -> -REDIRECT <primary>',
      (scene) => scene.rig.loadFast(),
    ],
  },
  {
    fact: '1.2 after REDIRECT',
    name: 'BUSY',
    talk: [
      setting('busy-reply-threshold', '5'),
      's| EVAL "while true do end" 0',
      async (scene) => {
        const busy = async () => (await scene.talker('p').ask('GET', 'k')).startsWith('-BUSY ');
        await waitFor(busy, { deadlineMs: 10_000, what: 'the script to be called slow' });
      },
      'GET k -> -REDIRECT <primary>',
      'SET k v -> -REDIRECT <primary>',
      'p| GET k -> -BUSY *',
      async ({ node }) => {
        await node.cli('SCRIPT', 'KILL');
      },
      's| <- -*',
      setting('busy-reply-threshold', '5000'),
      'GET k -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '1.2 after REDIRECT',
    name: 'CLIENT PAUSE WRITE',
    talk: [
      async ({ node }) => {
        await node.cli('CLIENT', 'PAUSE', '60000', 'WRITE');
      },
      'SET k v -> -REDIRECT <primary>',
      'GET k -> -REDIRECT <primary>',
      'PING -> +PONG',
      async ({ node }) => {
        await node.cli('CLIENT', 'UNPAUSE');
      },
    ],
  },
  {
    fact: '1.2 after REDIRECT',
    name: 'CLIENT PAUSE ALL',
    talk: [
      async ({ node }) => {
        await node.cli('CLIENT', 'PAUSE', '3000', 'ALL');
      },
      'p| GET k',
      'GET k -> -REDIRECT <primary>',
      'SET k v -> -REDIRECT <primary>',
      async (scene) => {
        if (scene.talker('p').waiting.length > 0) throw new Error('the pause is over already');
      },
      'p| <- $-1',
      'GET k -> -REDIRECT <primary>',
      'PING -> +PONG',
    ],
  },
];
