import type { LabServer } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { splitInline } from '../../../src/resp/inline-command.js';
import type { Rig } from './rig.js';
import { Talker } from './talker.js';

export type Attitude = 'plain' | 'capa' | 'capa+RO';

/** What a case does beside talking: a change of roles, a setting, a look from the side. */
export type Act = (scene: Scene) => Promise<void>;

/**
 * `COMMAND args -> reply` sends and expects; without an arrow it only sends, `<- reply` only expects. `b| …` means the
 * connection of that name (`c` when none is named). Replies are as `render` shows them; `*` at the end stands for any rest,
 * `<primary>` for the address that the node names as its primary.
 */
export type Step = string | Act;

export interface Case {
  /** The row of the facts that it proves. */
  readonly fact: string;
  readonly name: string;
  /** Where its connections begin; default the replica. `primary` is for cases in which the roles change. */
  readonly at?: 'primary' | 'replica';
  /** What connection `c` has said before; default capa. */
  readonly as?: Attitude;
  readonly talk: readonly Step[];
  /** Where a version says something else; a version that has not got what it is about says `[]`. */
  readonly differs?: Readonly<Record<string, readonly Step[]>>;
}

/** The connections of one case in progress, all to the same node. */
export class Scene {
  readonly #talkers = new Map<string, Talker>();
  /** What REDIRECT names; a case that gives its replica another primary sets it. */
  named: string;

  constructor(
    readonly rig: Rig,
    at: 'primary' | 'replica',
  ) {
    this.named = rig.primary.address;
    this.node = at === 'primary' ? rig.primary : rig.replica;
  }

  /** The node that the case talks to, whatever its role is by now. */
  readonly node: LabServer;

  talker(name = 'c'): Talker {
    let talker = this.#talkers.get(name);
    if (talker === undefined) {
      talker = new Talker(this.rig.doorOf(this.node));
      this.#talkers.set(name, talker);
    }
    return talker;
  }

  /** Makes the case's node a replica (it must have been the primary), or the primary again. */
  async swap(): Promise<void> {
    await this.rig.swap();
    this.named = this.rig.primary.address;
  }

  async demote(): Promise<void> {
    await this.rig.demote();
    this.named = this.rig.primary.address;
  }

  async unfreeze(): Promise<void> {
    await this.rig.unfreeze();
    this.named = this.rig.primary.address;
  }

  /** Nothing has come on these connections, although the node has answered others meanwhile. */
  async silent(...names: readonly string[]): Promise<void> {
    for (let i = 0; i < 5; i++) await this.talker('ping').ask('PING');
    for (const name of names) {
      const { waiting } = this.talker(name);
      if (waiting.length > 0) throw new Error(`${name} has an answer: ${waiting.join(', ')}`);
    }
  }

  close(): void {
    for (const talker of this.#talkers.values()) talker.close();
  }
}

/** Goes on when the command of some client has reached the node and waits there. */
export const blocked: Act = async (scene) => {
  const waits = (line: string) => / flags=\w*b/.test(line) && !line.includes('name=segue-node-watch');
  await waitFor(
    async () =>
      String(await scene.node.cli('CLIENT', 'LIST'))
        .split('\n')
        .some(waits),
    {
      deadlineMs: 10_000,
      what: 'a client that waits',
    },
  );
};

/** Plays a case; returns what was expected and what came, line by line, so that a difference shows in its context. */
export async function play(
  rig: Rig,
  one: Case,
  talk: readonly Step[],
): Promise<{ expected: string[]; seen: string[] }> {
  await rig.reset();
  const scene = new Scene(rig, one.at ?? 'replica');
  const expected: string[] = [];
  const seen: string[] = [];
  const steps = [...attitudeSteps(one.as ?? 'capa'), ...talk];
  try {
    for (const step of steps) {
      if (typeof step === 'string') await line(scene, step, expected, seen);
      else await step(scene);
    }
    return { expected, seen };
  } catch (error) {
    seen.push(`(${(error as Error).message})`);
    return { expected, seen };
  } finally {
    scene.close();
  }
}

function attitudeSteps(attitude: Attitude): Step[] {
  const capa = 'CLIENT CAPA redirect -> +OK';
  if (attitude === 'plain') return [];
  return attitude === 'capa' ? [capa] : [capa, 'READONLY -> +OK'];
}

async function line(scene: Scene, text: string, expected: string[], seen: string[]): Promise<void> {
  const [, who, rest] = /^(?:(\w)\| ?)?([\s\S]*)$/.exec(text)!;
  const talker = scene.talker(who);
  const arrow = /(?: -> |^<- )([\s\S]*)$/.exec(rest!);
  const command = arrow === null ? rest! : rest!.slice(0, arrow.index);
  if (command !== '') talker.send(splitInline(Buffer.from(command), 0, Buffer.byteLength(command)));
  if (arrow === null) return;
  const wanted = arrow[1]!.replaceAll('<primary>', scene.named);
  const came = normalised(await talker.next());
  const prefix = `${who === undefined ? '' : `${who}| `}${command} -> `;
  expected.push(prefix + wanted);
  seen.push(prefix + (matches(came, wanted) ? wanted : came));
}

function matches(came: string, wanted: string): boolean {
  return wanted.endsWith('*') ? came.startsWith(wanted.slice(0, -1)) : came === wanted;
}

/** What legitimately differs: the product's name, the words of NOPERM, and digests of scripts (9.1 no longer names them). */
function normalised(reply: string): string {
  return reply
    .replace(/\bRedis is\b/, 'Valkey is')
    .replace(/^-NOPERM User \w+ has/, '-NOPERM this user has')
    .replace(
      'this user has no permissions to access one of the keys used as arguments',
      'No permissions to access a key',
    )
    .replace(/script: [0-9a-f]{40}, on/, 'script: on');
}
