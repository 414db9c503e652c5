import { createHash } from 'node:crypto';
import type { Case } from '../kit/transcript.js';

const READ = `return redis.call("get", KEYS[1])`;
const WRITE = `return redis.call("set", KEYS[1], "v")`;
const LIBRARY =
  '#!lua name=lib\\nredis.register_function("writes", function(k) return redis.call("set", k[1], "v") end)' +
  '\\nredis.register_function{function_name="reads", callback=function(k) return redis.call("get", k[1]) end, flags={"no-writes"}}';

const quoted = (script: string): string => `"${script.replaceAll('"', '\\"')}"`;

const HEADED = '#!lua\\nreturn 1';
const digest = (script: string): string => createHash('sha1').update(script.replaceAll('\\n', '\n')).digest('hex');

const sha = 'f'.repeat(40);
const READONLY_IN_SCRIPT = "-READONLY You can't write against a read only replica. script: on @user_script:1.";

/** §1.4: scripts and functions on a replica. */
export const scriptCases: readonly Case[] = [
  {
    fact: '1.4 EVAL without shebang, read',
    name: 'runs here',
    talk: [`EVAL ${quoted(READ)} 1 k -> $-1`],
  },
  {
    fact: '1.4 EVAL without shebang, write',
    name: 'READONLY out of the script',
    talk: [`EVAL ${quoted(WRITE)} 1 k -> ${READONLY_IN_SCRIPT}`],
  },
  {
    fact: '1.4 EVAL without shebang, write by pcall',
    name: 'READONLY as the script returns it',
    talk: [
      `EVAL ${quoted(WRITE.replace('.call', '.pcall'))} 1 k -> -READONLY You can't write against a read only replica.`,
    ],
  },
  {
    fact: '1.4 EVALSHA unknown',
    name: 'NOSCRIPT, also with RO',
    talk: [`EVALSHA ${sha} 0 -> -NOSCRIPT No matching script.*`, 'READONLY -> +OK', `EVALSHA ${sha} 0 -> -NOSCRIPT*`],
  },
  {
    fact: '1.4 EVAL #!lua',
    name: 'REDIRECT, also with RO',
    talk: [
      `EVAL ${quoted(HEADED)} 0 -> -REDIRECT <primary>`,
      'READONLY -> +OK',
      `EVAL ${quoted(HEADED)} 0 -> -REDIRECT <primary>`,
    ],
  },
  {
    fact: '1.4 EVALSHA #!lua',
    name: 'REDIRECT',
    talk: [`SCRIPT LOAD ${quoted(HEADED)} -> $${digest(HEADED)}`, `EVALSHA ${digest(HEADED)} 0 -> -REDIRECT <primary>`],
  },
  {
    fact: '1.4 EVAL #!lua flags=no-writes',
    name: 'runs here',
    talk: [`EVAL ${quoted(`#!lua flags=no-writes\\n${READ}`)} 1 k -> $-1`],
  },
  {
    fact: '1.4 FCALL',
    name: 'REDIRECT when it may write, here when it may not, an error when it is unknown',
    talk: [
      async ({ rig }) => {
        await rig.primary.cli('FUNCTION', 'LOAD', LIBRARY.replaceAll('\\n', '\n'));
        await rig.inStep();
      },
      'FCALL writes 1 k -> -REDIRECT <primary>',
      'FCALL reads 1 k -> $-1',
      'FCALL nosuch 0 -> -ERR Function not found',
      'FCALL_RO reads 1 k -> -REDIRECT <primary>',
      'FCALL_RO writes 1 k -> -REDIRECT <primary>',
      'READONLY -> +OK',
      'FCALL_RO reads 1 k -> $-1',
      'FCALL writes 1 k -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '1.4 EVAL_RO EVALSHA_RO',
    name: 'REDIRECT; here with RO',
    talk: [
      `EVAL_RO ${quoted(READ)} 1 k -> -REDIRECT <primary>`,
      `EVALSHA_RO ${sha} 0 -> -REDIRECT <primary>`,
      'READONLY -> +OK',
      `EVAL_RO ${quoted(READ)} 1 k -> $-1`,
      `EVALSHA_RO ${sha} 0 -> -NOSCRIPT No matching script.*`,
    ],
  },
  {
    fact: '1.4 SCRIPT',
    name: 'local',
    talk: ['SCRIPT LOAD "return 1" -> $e0e1f9fabfc9d4800c877a703b823ac0578ff8db', 'SCRIPT FLUSH -> +OK'],
  },
];
