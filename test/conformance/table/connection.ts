import type { Case } from '../kit/transcript.js';

/** §1.6 lifetime of the bits, §1.7 addresses and protocols, §1.8 CLIENT LIST. */
export const connectionCases: readonly Case[] = [
  {
    fact: '1.6 RESET',
    name: 'keeps capa, clears RO',
    as: 'capa+RO',
    talk: ['GET k -> $-1', 'RESET -> +RESET', 'GET k -> -REDIRECT <primary>'],
  },
  {
    fact: '1.6 HELLO, AUTH, SELECT',
    name: 'keep both',
    as: 'capa+RO',
    talk: [
      'HELLO 3 -> {*',
      'GET k -> _',
      'SET k v -> -REDIRECT <primary>',
      'HELLO 2 -> [*',
      'AUTH app app-password -> +OK',
      'SELECT 1 -> +OK',
      'GET k -> $-1',
      'SET k v -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '1.6 READWRITE',
    name: 'keeps capa, clears RO',
    as: 'capa+RO',
    talk: ['READWRITE -> +OK', 'GET k -> -REDIRECT <primary>', 'READONLY -> +OK', 'GET k -> $-1'],
  },
  {
    fact: '1.6 CLIENT CAPA',
    name: 'unknown names are ignored, any case is right',
    as: 'plain',
    talk: [
      'CLIENT CAPA nonsense -> +OK',
      'GET k -> $-1',
      'client capa other REDIRECT more -> +OK',
      'GET k -> -REDIRECT <primary>',
      'CLIENT CAPA nonsense -> +OK',
      'GET k -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '1.6 CLIENT CAPA without arguments',
    name: 'arity',
    as: 'plain',
    talk: ["CLIENT CAPA -> -ERR wrong number of arguments for 'client|capa' command", 'GET k -> $-1'],
  },
  {
    fact: '1.6 READONLY and READWRITE with arguments',
    name: 'arity',
    as: 'plain',
    talk: [
      "READONLY x -> -ERR wrong number of arguments for 'readonly' command",
      "READWRITE x -> -ERR wrong number of arguments for 'readwrite' command",
    ],
  },
  {
    fact: '1.7 address',
    name: 'the literal string, its case kept',
    talk: [
      async (scene) => {
        await scene.node.cli('REPLICAOF', 'LOCALHOST', scene.rig.primary.port);
        scene.named = `LOCALHOST:${scene.rig.primary.port}`;
      },
      'GET k -> -REDIRECT <primary>',
      'SET k v -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '1.7 address',
    name: 'IPv6 without brackets; the link need not be up',
    talk: [
      async (scene) => {
        await scene.node.cli('REPLICAOF', '::1', 1);
        scene.named = '::1:1';
      },
      'GET k -> -REDIRECT <primary>',
      'SET k v -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '1.7 RESP3',
    name: 'the same text',
    talk: [
      'HELLO 3 -> {*',
      'GET k -> -REDIRECT <primary>',
      'SET k v -> -REDIRECT <primary>',
      'EXISTS k -> -REDIRECT <primary>',
    ],
  },
  {
    fact: '1.7 CLIENT REPLY OFF',
    name: 'the REDIRECT is dropped',
    talk: ['CLIENT REPLY OFF', 'SET k v', 'GET k', 'PING', 'CLIENT REPLY ON -> +OK', 'PING -> +PONG'],
  },
  {
    fact: '1.7 CLIENT REPLY SKIP',
    name: 'the REDIRECT is dropped',
    talk: [
      'CLIENT REPLY SKIP',
      'SET k v',
      'PING -> +PONG',
      'CLIENT REPLY SKIP',
      'GET k',
      'GET k -> -REDIRECT <primary>',
      'CLIENT REPLY nonsense -> -ERR syntax error',
    ],
  },
  {
    fact: '1.7 RESP2 subscriber',
    name: 'REDIRECT wins over the context error',
    talk: [
      'SUBSCRIBE ch -> [$subscribe, $ch, :1]',
      'GET k -> -REDIRECT <primary>',
      'SET k v -> -REDIRECT <primary>',
      "ECHO hi -> -ERR Can't execute 'echo': only (P|S)SUBSCRIBE*",
      'PING -> [$pong, $]',
      'b| PUBLISH ch m -> :1',
      '<- [$message, $ch, $m]',
    ],
  },
  {
    fact: '1.7 RESP3 subscriber',
    name: 'REDIRECT, messages as pushes',
    talk: [
      'HELLO 3 -> {*',
      'SUBSCRIBE ch -> >[$subscribe, $ch, :1]',
      'GET k -> -REDIRECT <primary>',
      'b| PUBLISH ch m -> :1',
      '<- >[$message, $ch, $m]',
      'UNSUBSCRIBE -> >[$unsubscribe, $ch, :0]',
      'PING -> +PONG',
    ],
  },
  {
    fact: '1.7 inline commands',
    name: 'the same answers',
    talk: [
      (scene) => Promise.resolve(scene.talker().sendRaw('GET k\r\n\r\nset k v\nPING\r\n')),
      '<- -REDIRECT <primary>',
      '<- -REDIRECT <primary>',
      '<- +PONG',
    ],
  },
  {
    fact: '1.8 CLIENT LIST and INFO',
    name: 'capa=r',
    as: 'plain',
    talk: [
      async (scene) => {
        const talker = scene.talker();
        await talker.ask('CLIENT', 'SETNAME', 'looked-at');
        const before = await talker.ask('CLIENT', 'INFO');
        await talker.ask('CLIENT', 'CAPA', 'redirect');
        const after = await talker.ask('CLIENT', 'INFO');
        const list = await talker.ask('CLIENT', 'LIST');
        const own = list.split('\n').filter((line) => line.includes('looked-at'));
        const capa = (line: string) => / capa=(\w*)/.exec(line)?.[1];
        const seen = [capa(before), capa(after), ...own.map(capa)];
        if (JSON.stringify(seen) !== '["","r","r"]') throw new Error(`capa: ${JSON.stringify(seen)}`);
      },
    ],
    differs: { 'valkey-8.0': [] },
  },
];
