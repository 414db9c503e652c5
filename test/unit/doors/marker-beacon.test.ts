import { expect, it } from 'vitest';
import { MarkerBeacon } from '../../../src/doors/marker-beacon.js';
import { TopologyError } from '../../../src/topology/index.js';

type Answer = Error | undefined;

function stage(...answers: Answer[]) {
  const beacon = new MarkerBeacon();
  const asked: (readonly [user: number, count: unknown])[] = [];
  const refused: string[] = [];
  const lights = answers.map((answer, user) =>
    beacon.on({
      ask: async (args) => {
        asked.push([user, args[2]]);
        if (answer !== undefined) throw answer;
        return 1;
      },
    }),
  );
  const light = (user: number) => lights[user]!.light((reason) => refused.push(`${user}: ${reason}`));
  const published = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return { light, asked, refused, published };
}

const released = new TopologyError('SEGUE_TOPOLOGY_RELEASED', 'released');

it('all that ask in one turn get one marker, published once', async () => {
  const { light, asked, refused, published } = stage(undefined, undefined);
  expect([light(0), light(1), light(0)]).toEqual(['1', '1', '1']);
  await published();
  expect(light(1)).toBe('2');
  await published();
  expect(asked).toEqual([
    [0, 1],
    [1, 2],
  ]);
  expect(refused).toEqual([]);
});

it('one whose door was closed since does not cost the others theirs', async () => {
  const { light, asked, refused, published } = stage(released, released, undefined);
  for (const user of [0, 0, 1, 2]) light(user);
  await published();
  expect(asked.map(([user]) => user)).toEqual([0, 1, 2]);
  expect(refused).toEqual([]);
});

it('a refusal is told to all, and nothing is published a second time', async () => {
  const { light, asked, refused, published } = stage(released, new Error('NOPERM'), undefined);
  for (const user of [0, 1, 2]) light(user);
  await published();
  expect(asked.map(([user]) => user)).toEqual([0, 1]);
  expect(refused).toEqual(['0: NOPERM', '1: NOPERM', '2: NOPERM']);
});
