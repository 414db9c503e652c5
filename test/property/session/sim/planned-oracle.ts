import { framesOf, isMessage } from './frames.js';
import { Naive } from './naive.js';
import type { Lineage } from './node.js';
import type { Line } from './programs.js';
import { matches } from './reply.js';
import type { Setting } from './world.js';

/** What has happened, as far as it can be seen. A `World`, for one. */
export interface Played {
  readonly setting: Setting;
  readonly lineage: Lineage;
  readonly sessions: readonly {
    readonly received: string;
    readonly faults: readonly string[];
    readonly wire: { readonly client: { readonly state: string } } | undefined;
  }[];
}

/** Everything in which the world differs from one eternal server. */
export function checkPlanned(world: Played, lines: readonly Line[][]): string[] {
  const wrong: string[] = [];
  const expected = new Map<string, number>();
  const popped: string[] = [];
  lines.forEach((program, index) => {
    const naive = new Naive(world.setting);
    wrong.push(...checkAnswers(world, index, program, naive));
    for (const [token, times] of writes(naive.lineage)) expected.set(token, (expected.get(token) ?? 0) + times);
    wrong.push(
      ...differences(`data of s${index}`, naive.lineage.data.dump(isOwn(index)), world.lineage.data.dump(isOwn(index))),
    );
    for (const frame of framesOf(world.sessions[index]!.received)) popped.push(...poppedBy(frame));
  });
  wrong.push(...differences('executions', counted([...expected]), counted(writes(world.lineage))));
  wrong.push(...checkShared(world, lines, popped));
  for (const [index, session] of world.sessions.entries()) {
    wrong.push(...session.faults.map((fault) => `s${index} ${fault}`));
  }
  return wrong;
}

function checkAnswers(world: Played, index: number, program: readonly Line[], naive: Naive): string[] {
  const frames = framesOf(world.sessions[index]!.received).filter((frame) => !isMessage(frame));
  const wrong: string[] = [];
  let at = 0;
  for (const line of program) {
    const wanted = naive.run(line, /^(_|\*-1)/.test(frames[at] ?? ''));
    // BLPOP is never more than one frame, and its pattern is none.
    const count = wanted === '' ? 0 : wanted.startsWith('<') ? 1 : framesOf(wanted.replaceAll('<any>', '0')).length;
    const observed = frames.slice(at, at + count).join('');
    at += count;
    if (naive.guarded !== undefined && world.lineage.blind(naive.guarded)) {
      wrong.push(`s${index} was executed blindly: ${naive.guarded}`);
    }
    if (wanted !== '' && !matches(wanted, observed)) {
      wrong.push(
        `s${index} ${line.args.join(' ').slice(0, 60)}: ${JSON.stringify(observed.slice(0, 200))} instead of ${JSON.stringify(wanted.slice(0, 200))}`,
      );
      return wrong;
    }
  }
  if (at < frames.length)
    wrong.push(`s${index} received ${frames.length - at} frames too many: ${JSON.stringify(frames.slice(at))}`);
  const { wire } = world.sessions[index]!;
  if (wire?.client.state !== naive.client.state)
    wrong.push(`s${index} is ${wire?.client.state} instead of ${naive.client.state}`);
  return wrong;
}

const isOwn = (index: number) => (key: string) => key.startsWith(`s${index}:`);

/** Who pops what depends on all sessions together. */
function writes({ executed }: Lineage): [string, number][] {
  return [...executed].filter(([token]) => !token.startsWith('pop '));
}

function counted(executed: readonly [string, number][]): string[] {
  return executed.map(([token, times]) => `${token} ×${times}`).sort();
}

function differences(what: string, expected: readonly string[], found: readonly string[]): string[] {
  const missing = expected.filter((line) => !found.includes(line));
  const surplus = found.filter((line) => !expected.includes(line));
  if (missing.length + surplus.length === 0) return [];
  return [`${what}: missing ${shown(missing)}, surplus ${shown(surplus)}`];
}

const shown = (lines: readonly string[]) => JSON.stringify(lines.map((line) => line.slice(0, 80)));

function poppedBy(frame: string): string[] {
  const match = /^\*2\r\n\$8\r\nshared:q\r\n\$\d+\r\n(t\d+)\r\n$/.exec(frame);
  return match === null ? [] : [match[1]!];
}

/** What all sessions wrote together: nothing lost, nothing twice, each session's own in its order. */
function checkShared(world: Played, lines: readonly Line[][], popped: readonly string[]): string[] {
  const wrong: string[] = [];
  const taken = [...world.lineage.executed].filter(([token]) => token.startsWith('pop '));
  const takenTokens = taken.map(([token]) => token.slice(4));
  for (const [token, times] of taken) if (times > 1) wrong.push(`${token} ${times} times`);
  const muted = lines.some((program) => program.some(({ args }) => args[1] === 'REPLY'));
  if (!muted) wrong.push(...differences('popped', [...takenTokens].sort(), [...popped].sort()));
  for (const database of [0, 1, 2]) {
    for (const key of ['shared:l', 'shared:q']) {
      const list = world.lineage.data.database(database).get(key) ?? [];
      if (new Set(list).size !== list.length) wrong.push(`${key} has an element twice: ${list}`);
      for (const program of lines) wrong.push(...checkOrder(program, list as string[]));
    }
  }
  return wrong;
}

function checkOrder(program: readonly Line[], list: readonly string[]): string[] {
  const order = program.flatMap(({ args }) => (args[0] === 'RPUSH' ? [args[2]!] : []));
  const places = list.map((token) => order.indexOf(token)).filter((place) => place >= 0);
  const overtaken = places.some((place, at) => at > 0 && place < places[at - 1]!);
  return overtaken ? [`overtaken: ${list}`] : [];
}
