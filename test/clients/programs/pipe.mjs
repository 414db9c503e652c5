// `redis-cli --pipe` or `valkey-cli --pipe` (what SEGUE_PIPE_COMMAND says): a mass insertion that goes on until it is stopped.
// It answers for everything at its end only, so that until then nothing but what was sent is known.

import { spawn } from 'node:child_process';
import { entry, given, isOver, key, say } from './kit.mjs';

const [program, ...before] = JSON.parse(process.env.SEGUE_PIPE_COMMAND);
const { host, port } = given;
const part = 100;

const child = spawn(program, [...before, '-h', host, '-p', String(port), '--pipe'], { stdio: 'pipe' });
let text = '';
for (const stream of [child.stdout, child.stderr]) {
  stream.setEncoding('utf8').on('data', (more) => {
    text += more;
  });
}
child.stdin.on('error', () => {}); // it ended early, and its text says why
const ended = new Promise((resolve) => {
  child.on('close', resolve);
});

function frames(first) {
  return Array.from({ length: part }, (_, at) => {
    const words = ['RPUSH', key('pipe'), entry(first + at)];
    return `*3\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
  }).join('');
}

say({ ready: process.env.SEGUE_PIPE_NAME });
let sent = 0;
while (!(await isOver()) && child.exitCode === null) {
  const goOn = child.stdin.write(frames(sent));
  sent += part;
  say({ sent });
  if (!goOn) await Promise.race([new Promise((resolve) => child.stdin.once('drain', resolve)), ended]);
}
child.stdin.end();
await ended;
const [, errors, replies] = /errors: (\d+), replies: (\d+)/.exec(text) ?? [];
if (errors === '0' && Number(replies) === sent) for (let number = 0; number < sent; number++) say({ ack: number });
else say({ fail: 0, error: `of ${sent} commands: ${text.trim().slice(-500)}` });
say({ done: true });
