import { expect, test } from 'vitest';
import { ReplicaPlaces } from '../../../src/doors/replica-places.js';
import type { PrimaryView } from '../../../src/topology/index.js';

const view = (node: string): PrimaryView => ({
  node,
  address: { kind: 'tcp', host: node, port: 1 },
  term: 1,
  since: 0,
  replica: true,
});

function scene(...fit: string[]) {
  const listeners = new Set<() => void>();
  const topology = {
    fit,
    primary: undefined,
    replicas: () => topology.fit.map(view),
    answers: () => true,
    onChange: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const idle: (() => void)[] = [];
  const places = new ReplicaPlaces(1_000, { add: (work) => idle.push(work) });
  const reader = (unanswered = 0) => {
    const told = { count: 0 };
    const one = { unanswered, placesChanged: () => told.count++ };
    const own = places.of({ session: one }, topology);
    const choose = (current?: string, avoid?: string) => own.choose({ current, avoid, freshMs: undefined })?.node;
    return { choose, told, leave: () => places.leave(one) };
  };
  const change = () => {
    for (const listener of [...listeners]) listener();
  };
  return { topology, idle, reader, change, listeners };
}

test('as many readers for each, and who is with a fit one stays', () => {
  const { reader } = scene('R', 'S');
  const chosen = Array.from({ length: 6 }, () => reader().choose());
  expect(chosen.filter((node) => node === 'R')).toHaveLength(3);
  const more = reader();
  expect(more.choose('S')).toBe('S');
  expect(reader().choose()).toBe('R');
});

test('one that is avoided is not chosen, though it be the only one', () => {
  const { reader } = scene('R');
  expect(reader().choose('R', 'R')).toBeUndefined();
});

test('readers hear of it when others are fit, those who wait for something first', () => {
  const { topology, idle, reader, change } = scene('R');
  const [waiting, busy] = [reader(), reader(1)];
  waiting.choose();
  busy.choose();
  change();
  expect([waiting.told.count, busy.told.count]).toEqual([0, 0]);
  topology.fit = [];
  change();
  expect([waiting.told.count, busy.told.count, idle.length]).toEqual([0, 1, 1]);
});

test('nobody listens for those who have left, and others go on listening', () => {
  const { topology, reader, change, listeners } = scene('R');
  const [one, other] = [reader(1), reader(1)];
  one.choose();
  other.choose();
  one.leave();
  topology.fit = [];
  change();
  expect([one.told.count, other.told.count, listeners.size]).toEqual([0, 1, 1]);
  other.leave();
  expect(listeners.size).toBe(0);
});
