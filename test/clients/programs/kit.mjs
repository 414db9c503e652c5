// What the programs in JavaScript have in common. What they print and what they are given: README.md beside this file.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';

const [role, host, port, prefix, paceMs, protocol, stopFile] = process.argv.slice(2);

export const given = { role, host, port: Number(port), prefix, protocol: Number(protocol) };
export const batch = Array.from({ length: 16 }, (_, at) => at);
export const script = "return redis.call('RPUSH', KEYS[1], ARGV[1])";
export const key = (name) => `${prefix}:${name}`;
export const entry = (number) => `${prefix}:${role}#${number}`;

export function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** `library`: what the users of the package call it. */
export function ready(library, packageFile) {
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8'));
  say({ ready: `${library} ${version}, Node ${process.versions.node}` });
}

/** Of a package that the checkout has. */
export const packageFileOf = (name) => createRequire(import.meta.url).resolve(`${name}/package.json`);

export async function isOver() {
  await setTimeout(Number(paceMs));
  return existsSync(stopFile);
}

export const textOf = (error) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** Steps of one command each: `step` gets the number and gives what to report beside it, or null for EXEC's nil. */
export async function numbered(step) {
  for (let number = 0; !(await isOver()); number++) {
    try {
      const more = await step(number);
      say(more === null ? { again: number } : { ack: number, ...more });
    } catch (error) {
      say({ fail: number, error: textOf(error) });
    }
  }
}

/** `send` gives the promises of RPUSH for the numbers, all sent together. */
export async function pipelined(send) {
  for (let first = 0; !(await isOver()); first += batch.length) {
    const numbers = batch.map((at) => first + at);
    const answers = await Promise.allSettled(send(numbers));
    answers.forEach(({ status, value, reason }, at) => {
      say(status === 'fulfilled' ? { ack: numbers[at], reply: value } : { fail: numbers[at], error: textOf(reason) });
    });
  }
}

/** `pop` waits for the next item. */
export async function consume(pop) {
  for (;;) {
    try {
      const item = await pop();
      if (item === 'end') return;
      say({ got: item });
    } catch (error) {
      say({ error: textOf(error) });
    }
  }
}

/** Resolves at the last message. `listen` is given what to call with each text. */
export async function hear(listen) {
  await new Promise((resolve, reject) => {
    listen((text) => (text === 'end' ? resolve() : say({ heard: text }))).catch(reject);
  });
}

/** `roles`: by name. The process ends with its role. */
export async function run(roles) {
  await roles[role]();
  say({ done: true });
  process.exit(0);
}
