import type { Socket } from 'node:net';

/** What a hostile client does with its connection. What it leaves open is closed afterwards. */
export type Attack = (socket: Socket, random: Random) => void;

/** A whole number from 0 up to, not including, `below`. */
export type Random = (below: number) => number;

const KIB = 1024;

const bytes = (random: Random, count: number, from?: string): Buffer =>
  Buffer.from(
    Array.from({ length: count }, () => (from === undefined ? random(256) : from.charCodeAt(random(from.length)))),
  );

/** Real commands, and what they may stand next to. */
const WORDS = [
  'MULTI\r\n',
  'EXEC\r\n',
  'DISCARD\r\n',
  'WATCH k\r\n',
  'SUBSCRIBE c d e\r\n',
  'PSUBSCRIBE *\r\n',
  'UNSUBSCRIBE\r\n',
  'HELLO 3\r\n',
  'HELLO 2\r\n',
  'HELLO 9 AUTH a b SETNAME\r\n',
  'RESET\r\n',
  'MONITOR\r\n',
  'CLIENT REPLY OFF\r\n',
  'CLIENT REPLY SKIP\r\n',
  'CLIENT TRACKING on\r\n',
  'CLIENT CAPA redirect\r\n',
  'BLPOP nothing 0\r\n',
  'SELECT 5\r\n',
  'SELECT x\r\n',
  'EVAL "return {1,{2,{3}}}" 0\r\n',
  'EVAL "while" 0\r\n',
  'SCAN 0\r\n',
  'SCAN 99999999999999999999\r\n',
  'AUTH nobody nothing\r\n',
  'GET k\r\n',
  'SET k v EX\r\n',
  'QUIT\r\n',
  '*0\r\n',
  '*-1\r\n',
  '\r\n',
  '\n',
  '*2\r\n$3\r\nGET\r\n$-1\r\n',
];

function commands(random: Random, count: number): string {
  return Array.from({ length: count }, () => WORDS[random(WORDS.length)]).join('');
}

export const attacks: Readonly<Record<string, Attack>> = {
  'random bytes': (socket, random) => socket.write(bytes(random, 2_000)),
  'random bytes of RESP': (socket, random) => socket.write(bytes(random, 2_000, '*$\r\n-+:_#,(=%~>|!0123456789')),
  'half a command': (socket) => socket.write('*3\r\n$3\r\nSET\r\n$1\r\n'),
  'a line without end': (socket) => socket.write('x'.repeat(200 * KIB)),
  'a line that goes on and on': (socket) => {
    for (let part = 0; part < 200; part++) socket.write('"\\x41 '.repeat(1_000));
  },
  'a huge value, declared': (socket) => socket.write('*3\r\n$3\r\nSET\r\n$999999999999\r\n'),
  'a huge count, declared': (socket) => socket.write('*2147483648\r\n'),
  'many arguments, declared': (socket) => socket.write(`*1000000\r\n${'$1\r\nx\r\n'.repeat(20_000)}`),
  '100,000 nested arrays': (socket) => socket.write('*1\r\n'.repeat(100_000)),
  'negative lengths': (socket) => socket.write('*-5\r\n$-5\r\n'),
  'empty lines': (socket) => socket.write('\r\n'.repeat(50_000)),
  'an unbalanced quote': (socket) => socket.write('"unbalanced\r\n'),
  'a length of 100,000 digits': (socket) => socket.write(`*1\r\n$${'9'.repeat(100_000)}`),
  'a request of a browser': (socket) =>
    socket.write('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 14\r\n\r\nSET stolen 1\r\n'),
  'TLS where there is none': (socket, random) => {
    socket.write(Buffer.concat([Buffer.from('16030100ff010000fb0303', 'hex'), bytes(random, 300)]));
  },
  'commands in a senseless order': (socket, random) => socket.write(commands(random, 200)),
  'commands, byte by byte': (socket, random) => {
    socket.setNoDelay(true);
    for (const byte of Buffer.from(commands(random, 20))) socket.write(Buffer.from([byte]));
  },
  'a transaction that is never executed': (socket) => {
    socket.write(`MULTI\r\n${`SET k ${'x'.repeat(1_000)}\r\n`.repeat(500)}`);
  },
  'a reader that does not read': (socket) => {
    socket.pause();
    socket.write('GET large\r\n'.repeat(100));
  },
  'a subscriber to everything that does not read': (socket) => {
    socket.pause();
    socket.write(`PSUBSCRIBE ${Array.from({ length: 500 }, (_, n) => `c${n}*`).join(' ')}\r\n`);
  },
  silence: () => {},
};
