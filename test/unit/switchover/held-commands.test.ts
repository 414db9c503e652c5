import { describe, expect, it } from 'vitest';
import { HeldCommands, type Released } from '../../../src/switchover/held-commands.js';
import type { Waiting } from '../../../src/topology/index.js';

function released(process: string, heldMs: number, waiting: Waiting): Released {
  return { id: 'a', kind: 'released', process, sessions: 1, late: 0, held: 0, heldMs, waiting };
}

/** Whether `all` has resolved. */
async function isSettled(held: HeldCommands): Promise<boolean> {
  return Promise.race([held.all.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
}

describe('what processes say of a hold', () => {
  it('is summed, from count to count the later one, and nothing of those who have gone on', () => {
    const held = new HeldCommands();
    held.expect(2, 2);
    held.hear(released('one', 4, [[0, 1], [2, 5], [4, 9]])); // biome-ignore format: one line each
    held.hear(released('two', 3, [[0, 2], [3, 10]])); // biome-ignore format: one line each
    expect(held.report()).toEqual({
      expected: 2,
      answered: 2,
      heldMs: 4,
      commandsMax: 19,
      waiting: [[0, 3], [2, 15], [3, 19], [4, 9]], // biome-ignore format: as above
    });
  });

  it('is complete when all that held have said it, each once', async () => {
    const held = new HeldCommands();
    held.expect(2, 2);
    held.hear(released('one', 1, [[0, 1]]));
    held.hear(released('one', 9, [[0, 7]]));
    expect(await isSettled(held)).toBe(false);
    held.hear(released('two', 2, [[2, 1]]));
    expect(await isSettled(held)).toBe(true);
    expect(held.report()).toMatchObject({ heldMs: 2, commandsMax: 2 });
  });

  it('is heard of no more processes than were told, and of none before', () => {
    const held = new HeldCommands();
    held.hear(released('early', 1, [[0, 1]]));
    expect(held.report()).toBeUndefined();
    held.expect(1, 2);
    for (const name of ['one', 'two', 'three']) held.hear(released(name, 1, [[0, 1]]));
    expect(held.report()).toMatchObject({ expected: 2, answered: 2, commandsMax: 2 });
  });

  it('says who has not said it, and is nothing where nobody held', async () => {
    const held = new HeldCommands();
    held.expect(3, 4);
    expect(held.report()).toEqual({ expected: 3, answered: 0, heldMs: 0, commandsMax: 0, waiting: [] });
    const nobody = new HeldCommands();
    nobody.expect(0, 1);
    expect([nobody.report(), await isSettled(nobody)]).toEqual([undefined, true]);
  });

  it('stays small and keeps the most, however many there are', () => {
    const held = new HeldCommands();
    held.expect(200, 200);
    for (let process = 0; process < 200; process++) {
      const series = Array.from({ length: 16 }, (_, at) => [at + process / 1_000, at] as const);
      held.hear(released(`p${process}`, 16, series));
    }
    const { waiting, commandsMax } = held.report()!;
    expect(waiting.length).toBeLessThanOrEqual(256);
    expect(Math.max(...waiting.map(([, commands]) => commands))).toBe(commandsMax);
    expect(commandsMax).toBe(200 * 15);
  });
});
