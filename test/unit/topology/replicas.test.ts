import { beforeEach, describe, expect, test } from 'vitest';
import { replicasFor } from '../../../src/topology/replicas.js';
import { WatchSim, World } from './world.js';

let world: World;
let sim: WatchSim;

/** A is primary, B and C follow it; B is at first what all look at. */
beforeEach(() => {
  world = new World();
  for (const name of ['A', 'B', 'C']) world.add(name);
  write(100);
  world.follow('B', 'A');
  world.follow('C', 'A');
  sim = new WatchSim(world, ['a:1']).start();
  sim.advance(2_000);
});

function write(bytes: number, ...followers: string[]): void {
  for (const name of ['A', ...followers]) world.at(name).offset += bytes;
}

const readable = (lagMaxMs = 3_000, freshMs?: number) =>
  replicasFor(sim.state, { lagMaxMs, freshMs }, sim.nowMs)
    .map(({ node }) => node[0]!.toUpperCase())
    .sort()
    .join('');

describe('who may be read from', () => {
  test('replicas in step, with the term of their primary and their own process', () => {
    expect(readable()).toBe('BC');
    expect(replicasFor(sim.state, { lagMaxMs: 3_000 }, sim.nowMs)[0]).toMatchObject({
      term: 1,
      replica: true,
      process: expect.stringMatching(/^p/),
    });
  });

  test('nobody before a primary was known', () => {
    world.at('A').state = 'down';
    sim = new WatchSim(world, ['b:1']).start();
    sim.advance(1_000);
    expect(readable()).toBe('');
  });

  test.each<[string, () => void]>([
    ['down', () => Object.assign(world.at('B'), { state: 'down' })],
    ['silent', () => Object.assign(world.at('B'), { state: 'frozen' })],
    ['loading', () => Object.assign(world.at('B'), { loading: true })],
    ['of another history', () => Object.assign(world.at('B'), { replid: 'other' })],
    ['primary now', () => world.promote('B')],
  ])('not one that is %s', (_, happen) => {
    happen();
    sim.advance(2_000);
    expect(readable()).toBe('C');
  });

  test('one that falls behind, only as long as its lag allows; again when it has caught up', () => {
    for (let second = 0; second < 5; second++) {
      write(50, 'C');
      sim.advance(1_000);
    }
    expect([readable(3_000), readable(10_000)]).toEqual(['C', 'BC']);
    world.at('B').offset = world.at('A').offset;
    sim.advance(2_000);
    expect(readable(3_000)).toBe('BC');
  });

  test('lag is counted from what was written, not from silence: with nothing written nobody lags', () => {
    sim.advance(600_000);
    expect(readable(3_000)).toBe('BC');
  });

  test('what was written at a moment is there once a later offset has been reached', () => {
    const wroteMs = sim.nowMs;
    write(10, 'B');
    expect(readable(3_000, wroteMs)).toBe('');
    sim.advance(2_000);
    expect(readable(3_000, wroteMs)).toBe('B');
  });

  test('through a switch: those who follow the next primary, and the old one as soon as it does', () => {
    world.promote('B');
    world.follow('A', 'B', true);
    sim.advance(500);
    expect(readable()).toContain('C');
    world.follow('C', 'B', true);
    sim.advance(2_000);
    expect([sim.primary, readable()]).toEqual(['B', 'AC']);
  });

  test('without a primary they are read from for as long as they might lag', () => {
    world.at('A').state = 'down';
    sim.noticeDeaths();
    sim.advance(2_000);
    expect([sim.primary, readable(10_000)]).toEqual([undefined, 'BC']);
    sim.advance(10_000);
    expect(readable(10_000)).toBe('');
  });

  test('where INFO is denied, offsets tell all the same', () => {
    for (const node of world.nodes.values()) node.roleOnly = true;
    sim = new WatchSim(world, ['a:1', 'b:1', 'c:1']).start();
    sim.advance(3_000);
    expect(readable()).toBe('BC');
  });
});
