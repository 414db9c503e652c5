import type { Act, Case } from '../kit/transcript.js';

const swap: Act = (scene) => scene.swap();
const ABORTED = '-EXECABORT Transaction discarded because of previous errors.';
const ABORTED_READONLY =
  "-EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.";

/** §1.5: MULTI, EXEC and WATCH, on a replica and across the change of roles. */
export const transactionCases: readonly Case[] = [
  {
    fact: '1.5 MULTI, SET, EXEC',
    name: 'one at a time',
    talk: ['MULTI -> +OK', 'SET k v -> -REDIRECT <primary>', `EXEC -> ${ABORTED}`, 'PING -> +PONG'],
  },
  {
    fact: '1.5 same pipelined',
    name: 'one REDIRECT per queued command',
    talk: [
      'MULTI',
      'SET k v',
      'GET k',
      'INCR n',
      'EXEC',
      '<- +OK',
      '<- -REDIRECT <primary>',
      '<- -REDIRECT <primary>',
      '<- -REDIRECT <primary>',
      `<- ${ABORTED}`,
      'PING -> +PONG',
    ],
  },
  {
    fact: '1.5 MULTI and only reads',
    name: 'the same for reads',
    talk: ['MULTI -> +OK', 'GET k -> -REDIRECT <primary>', 'PING -> +QUEUED', `EXEC -> ${ABORTED}`, 'PING -> +PONG'],
  },
  {
    fact: '1.5 MULTI+SET queued, switch, EXEC',
    name: 'REDIRECT, the transaction is gone',
    at: 'primary',
    talk: [
      'MULTI -> +OK',
      'SET k v -> +QUEUED',
      swap,
      'EXEC -> -REDIRECT <primary>',
      'EXEC -> -ERR EXEC without MULTI',
      'PING -> +PONG',
      async ({ rig }) => {
        if ((await rig.primary.cli('EXISTS', 'k')) !== 0) throw new Error('it was executed');
      },
    ],
  },
  {
    fact: '1.5 MULTI+SET queued, switch, EXEC',
    name: 'an error behind what was queued weighs more',
    at: 'primary',
    talk: [
      'MULTI -> +OK',
      'SET k v -> +QUEUED',
      swap,
      'SET k w -> -REDIRECT <primary>',
      `EXEC -> ${ABORTED}`,
      'PING -> +PONG',
    ],
  },
  {
    fact: '1.5 MULTI+GET queued, switch, EXEC',
    name: 'REDIRECT',
    at: 'primary',
    talk: ['MULTI -> +OK', 'GET k -> +QUEUED', swap, 'EXEC -> -REDIRECT <primary>', 'EXEC -> -ERR EXEC without MULTI'],
  },
  {
    fact: '1.5 MULTI+GET queued, switch, EXEC',
    name: 'with RO it is executed here',
    at: 'primary',
    as: 'capa+RO',
    talk: ['MULTI -> +OK', 'GET k -> +QUEUED', swap, 'EXEC -> [$-1]'],
  },
  {
    fact: '1.5 only PUBLISH, EVAL, PING queued, switch, EXEC',
    name: 'executed on the replica',
    at: 'primary',
    talk: [
      'MULTI -> +OK',
      'PING -> +QUEUED',
      'PUBLISH ch m -> +QUEUED',
      'EVAL "return redis.call(\'get\', KEYS[1])" 1 k -> +QUEUED',
      swap,
      'EXEC -> [+PONG, :0, $-1]',
    ],
  },
  {
    fact: '1.5 dirty WATCH, MULTI+SET queued, switch, EXEC',
    name: 'nil, not REDIRECT',
    at: 'primary',
    talk: [
      'WATCH w -> +OK',
      'MULTI -> +OK',
      'SET k v -> +QUEUED',
      'b| SET w other -> +OK',
      swap,
      'EXEC -> *-1',
      'PING -> +PONG',
    ],
  },
  {
    fact: '1.5 dirty WATCH, MULTI+GET queued, switch, EXEC',
    name: 'nil, not REDIRECT',
    at: 'primary',
    talk: [
      'WATCH w -> +OK',
      'MULTI -> +OK',
      'GET k -> +QUEUED',
      'b| SET w other -> +OK',
      swap,
      'EXEC -> *-1',
      'PING -> +PONG',
    ],
  },
  {
    fact: '1.5 clean WATCH, MULTI, switch, EXEC',
    name: 'REDIRECT, and the watch is dropped',
    at: 'primary',
    talk: [
      'WATCH w -> +OK',
      'MULTI -> +OK',
      'SET k v -> +QUEUED',
      swap,
      'EXEC -> -REDIRECT <primary>',
      async ({ rig }) => {
        await rig.primary.cli('SET', 'w', 'other');
        await rig.inStep();
      },
      'MULTI -> +OK',
      'PING -> +QUEUED',
      'EXEC -> [+PONG]',
    ],
  },
  {
    fact: '1.5 WATCH outlives a redirected read',
    name: 'a dirty watch still answers nil',
    talk: [
      'WATCH w -> +OK',
      'GET k -> -REDIRECT <primary>',
      async ({ rig }) => {
        await rig.primary.cli('SET', 'w', 'other');
        await rig.inStep();
      },
      'MULTI -> +OK',
      'PING -> +QUEUED',
      'EXEC -> *-1',
    ],
  },
  {
    fact: '1.5 MULTI, READONLY, GET',
    name: 'READONLY is only queued',
    talk: ['MULTI -> +OK', 'READONLY -> +QUEUED', 'GET k -> -REDIRECT <primary>', `EXEC -> ${ABORTED}`],
  },
  {
    fact: '1.5 MULTI, READONLY, EXEC',
    name: 'then it counts',
    talk: ['MULTI -> +OK', 'READONLY -> +QUEUED', 'PING -> +QUEUED', 'EXEC -> [+OK, +PONG]', 'GET k -> $-1'],
  },
  {
    fact: '1.5 MULTI, CLIENT CAPA, EXEC',
    name: 'counts once it is executed',
    as: 'plain',
    talk: [
      'MULTI -> +OK',
      'CLIENT CAPA redirect -> +QUEUED',
      'GET k -> +QUEUED',
      'EXEC -> [+OK, $-1]',
      'GET k -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '1.5 plain: MULTI, SET, EXEC',
    name: 'READONLY, EXECABORT',
    as: 'plain',
    talk: ['MULTI -> +OK', "SET k v -> -READONLY You can't write against a read only replica.", `EXEC -> ${ABORTED}`],
  },
  {
    fact: '1.5 plain: MULTI+SET queued, switch, EXEC',
    name: 'EXECABORT that names READONLY',
    at: 'primary',
    as: 'plain',
    talk: ['MULTI -> +OK', 'SET k v -> +QUEUED', swap, `EXEC -> ${ABORTED_READONLY}`],
  },
  {
    fact: '1.5 DISCARD',
    name: 'after a REDIRECT',
    talk: ['MULTI -> +OK', 'GET k -> -REDIRECT <primary>', 'DISCARD -> +OK', 'DISCARD -> -ERR DISCARD without MULTI'],
  },
  {
    fact: '1.2 errors inside MULTI win',
    name: 'unknown command, arity, nested MULTI',
    talk: [
      'MULTI -> +OK',
      "nosuch -> -ERR unknown command 'nosuch', with args beginning with:*",
      "GET -> -ERR wrong number of arguments for 'get' command",
      `EXEC -> ${ABORTED}`,
      'MULTI -> +OK',
      'MULTI -> -ERR *',
      'DISCARD -> +OK',
    ],
  },
];
