import { type Act, blocked, type Case } from '../kit/transcript.js';

const swap: Act = (scene) => scene.swap();

const UNBLOCKED = '-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)';
const beforeBlockedRedirects = ['BLPOP l 0', blocked, swap, `<- ${UNBLOCKED}`, '<- (closed)'];

/** §2.1, as far as one node tells: the roles change while clients are connected. */
export const roleChangeCases: readonly Case[] = [
  {
    fact: '2.1 normal client',
    name: 'learns it with its next command',
    at: 'primary',
    talk: [
      'SET k v -> +OK',
      'GET k -> $v',
      swap,
      'GET k -> -REDIRECT <primary>',
      'SET k w -> -REDIRECT <primary>',
      'READONLY -> +OK',
      'GET k -> $v',
      swap,
      'SET k w -> +OK',
      'GET k -> $w',
    ],
  },
  {
    fact: '2.1 plain client',
    name: 'sees READONLY and old values',
    at: 'primary',
    as: 'plain',
    talk: ['SET k v -> +OK', swap, "SET k w -> -READONLY You can't write against a read only replica.", 'GET k -> $v'],
  },
  {
    fact: '2.1 blocked BLPOP',
    name: 'REDIRECT, and the connection stays',
    at: 'primary',
    talk: ['BLPOP l 0', blocked, swap, '<- -REDIRECT <primary>', 'PING -> +PONG', 'GET k -> -REDIRECT <primary>'],
    differs: { 'valkey-8.0': beforeBlockedRedirects, 'valkey-8.1': beforeBlockedRedirects },
  },
  {
    fact: '2.1 blocked BLPOP',
    name: 'the connection is still who it was',
    at: 'primary',
    as: 'plain',
    talk: [
      'AUTH app app-password -> +OK',
      'HELLO 3 -> {*',
      'CLIENT SETNAME patient -> +OK',
      'SELECT 2 -> +OK',
      'CLIENT CAPA redirect -> +OK',
      'BLPOP l 0',
      blocked,
      swap,
      '<- -REDIRECT <primary>',
      'CLIENT GETNAME -> $patient',
      'ACL WHOAMI -> $app',
      'GET k -> -REDIRECT <primary>',
      'READONLY -> +OK',
      'GET k -> _',
    ],
    differs: { 'valkey-8.0': [], 'valkey-8.1': [] },
  },
  {
    fact: '2.1 blocked XREAD',
    name: 'REDIRECT, and the connection stays',
    at: 'primary',
    talk: ['XREAD BLOCK 0 STREAMS s $', blocked, swap, '<- -REDIRECT <primary>', 'PING -> +PONG'],
    differs: {
      'valkey-8.0': ['XREAD BLOCK 0 STREAMS s $', blocked, swap, `<- ${UNBLOCKED}`, '<- (closed)'],
      'valkey-8.1': ['XREAD BLOCK 0 STREAMS s $', blocked, swap, `<- ${UNBLOCKED}`, '<- (closed)'],
    },
  },
  {
    fact: '2.1 blocked BLPOP, plain',
    name: 'UNBLOCKED and closed',
    at: 'primary',
    as: 'plain',
    talk: beforeBlockedRedirects,
  },
  {
    fact: '2.1 blocked WAIT',
    name: 'UNBLOCKED, never REDIRECT',
    at: 'primary',
    talk: ['SET k v -> +OK', 'WAIT 2 0', blocked, swap, `<- ${UNBLOCKED}`, '<- (closed)'],
  },
  {
    fact: '2.1 subscriber',
    name: 'stays, and hears what is published on either',
    at: 'primary',
    talk: [
      'SUBSCRIBE ch -> [$subscribe, $ch, :1]',
      swap,
      async ({ rig }) => {
        await rig.primary.cli('PUBLISH', 'ch', 'from-there');
      },
      '<- [$message, $ch, $from-there]',
      async ({ node }) => {
        await node.cli('PUBLISH', 'ch', 'from-here');
      },
      '<- [$message, $ch, $from-here]',
      'GET k -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '2.2 pipelined batch across the switch',
    name: 'scripts and PUBLISH are answered here',
    talk: [
      'GET k',
      'EVAL "return redis.call(\'get\', KEYS[1])" 1 k',
      'INCR n',
      'PUBLISH ch m',
      'PING',
      'GET k',
      '<- -REDIRECT <primary>',
      '<- $-1',
      '<- -REDIRECT <primary>',
      '<- :0',
      '<- +PONG',
      '<- -REDIRECT <primary>',
    ],
  },
  {
    fact: '2.2 postponed by a pause, then demoted',
    name: 'REDIRECT at the end of the pause',
    at: 'primary',
    talk: [
      async ({ node }) => {
        await node.cli('CLIENT', 'PAUSE', '60000', 'WRITE');
      },
      'SET k v',
      blocked,
      (scene) => scene.demote(),
      async ({ node }) => {
        await node.cli('CLIENT', 'UNPAUSE');
      },
      '<- -REDIRECT <primary>',
      'PING -> +PONG',
    ],
  },
  {
    fact: '2.3 failover in progress',
    name: 'capable clients wait for its end, others are refused',
    at: 'primary',
    talk: [
      'b| CLIENT CAPA redirect -> +OK',
      'r| CLIENT CAPA redirect -> +OK',
      'r| READONLY -> +OK',
      (scene) => scene.rig.failOverToFrozen(),
      'SET k v',
      'b| GET k',
      "p| SET k v -> -READONLY You can't write against a read only replica.",
      'p| GET k -> $-1',
      'r| GET k -> $-1',
      (scene) => scene.silent('c', 'b'),
      (scene) => scene.unfreeze(),
      '<- -REDIRECT <primary>',
      'b| <- -REDIRECT <primary>',
    ],
  },
  {
    fact: '2.3 failover aborted',
    name: 'who has waited goes on here',
    at: 'primary',
    talk: [
      'b| CLIENT CAPA redirect -> +OK',
      (scene) => scene.rig.failOverToFrozen(),
      'SET k v',
      (scene) => scene.silent('c'),
      (scene) => scene.rig.abortFailover(),
      '<- +OK',
      'b| GET k -> $v',
    ],
  },
];
