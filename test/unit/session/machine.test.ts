import { describe, expect, it } from 'vitest';
import { type Event, type MachineLimits, type Step, step } from '../../../src/session/machine.js';
import { initial, type Primary, type State } from '../../../src/session/state.js';

const limits: MachineLimits = { drainTimeoutMs: 5_000, joinTimeoutMs: 2_000, redirectsMax: 3 };
const A = { node: 'A', term: 1 };
const B = { node: 'B', term: 2 };

const primary = (view: Primary): Event => ({ type: 'primary', view });
const hold = (untilMs: number): Event => ({ type: 'hold', untilMs });
const release: Event = { type: 'release', impatient: false };
const refused: Event = { type: 'refused', bounce: true };

/** Walks through events, each at its time, and tells what was to be done on the way: `event → state: effects`. */
function walk(...events: (Event | number)[]): string[] {
  let state: State = initial;
  let now = 0;
  const lines: string[] = [];
  for (const event of events) {
    if (typeof event === 'number') {
      now = event;
      continue;
    }
    const next: Step = step(state, event, { now, limits });
    state = next.state;
    lines.push(`${event.type} → ${state.at}: ${next.effects.map((effect) => effect.do).join(' ')}`.trimEnd());
  }
  return lines;
}

/** The last lines, of a session that flows at A before. */
function flowing(...events: (Event | number)[]): string[] {
  return walk(primary(A), { type: 'joined' }, ...events).slice(2);
}

describe('a process that stands still', () => {
  const due: Event = { type: 'due' };

  it('does not take its own delay for that of the node that it is joining, four times', () => {
    const late = [2_500, due, 5_000, due, 7_500, due, 10_000, due, 12_500, due];
    expect(walk(primary(A), ...late)).toEqual([
      'primary → joining: dial',
      'due → joining:',
      'due → joining:',
      'due → joining:',
      'due → joining:',
      'due → seeking: hang-up seek',
    ]);
  });

  it('in time, a node that is silent is given up at once', () => {
    expect(walk(primary(A), 2_000, due)).toEqual(['primary → joining: dial', 'due → seeking: hang-up seek']);
  });
});

it('a dial that had to wait for its turn has all its time from then on', () => {
  const events: (Event | number)[] = [1_900, { type: 'delayed' }, 3_899, { type: 'due' }, 3_900, { type: 'due' }];
  expect(walk(primary(A), ...events).slice(1)).toEqual([
    'delayed → joining:',
    'due → joining:',
    'due → seeking: hang-up seek',
  ]);
});

describe('the machine of a session', () => {
  it.each<[string, string[], string[]]>([
    [
      'begins',
      walk({ type: 'open' }, primary(A), { type: 'joined' }),
      ['open → seeking: seek', 'primary → joining: dial', 'joined → flowing: arrive flow'],
    ],
    [
      'is redirected',
      flowing(refused, { type: 'drained' }, primary(B), { type: 'joined' }),
      [
        'refused → leaving: seek',
        'drained → seeking: retire rewind seek',
        'primary → joining: dial',
        'joined → flowing: resolve arrive flow',
      ],
    ],
    ['holds and is released', flowing(hold(100), release), ['hold → holding: stand', 'release → flowing: resume']],
    [
      'holds until the time is over',
      flowing(hold(100), 99, { type: 'due' }, 100, { type: 'due' }),
      ['hold → holding: stand', 'due → holding:', 'due → flowing: resume'],
    ],
    [
      'holds and moves',
      flowing(hold(100), primary(B), { type: 'drained' }, { type: 'joined' }),
      [
        'hold → holding: stand',
        'primary → leaving:',
        'drained → joining: retire rewind dial',
        'joined → flowing: resolve arrive flow',
      ],
    ],
    ['holds and is refused', flowing(hold(100), refused), ['hold → holding: stand', 'refused → leaving: seek']],
    [
      'holds, loses its connection, and holds on',
      flowing(hold(100), { type: 'lost' }, primary(A), { type: 'joined' }, release),
      [
        'hold → holding: stand',
        'lost → seeking: settle-lost rewind seek',
        'primary → joining: dial',
        'joined → holding: resolve arrive stand',
        'release → flowing: resume',
      ],
    ],
    [
      'is told to hold before it has begun',
      walk(hold(100), { type: 'open' }, primary(A), { type: 'joined' }, primary(B)),
      [
        'hold → seeking:',
        'open → seeking: seek',
        'primary → joining: dial',
        'joined → holding: arrive stand',
        'primary → leaving:',
      ],
    ],
    [
      'is told to hold, and released, while it joins',
      walk(primary(A), hold(100), release, { type: 'joined' }),
      ['primary → joining: dial', 'hold → joining:', 'release → joining:', 'joined → flowing: arrive flow'],
    ],
    [
      'is told to hold while it leaves: the node that it goes to is not meant unless it is known already',
      flowing(refused, hold(100), { type: 'drained' }, primary(B), { type: 'joined' }).slice(-1),
      ['joined → flowing: resolve arrive flow'],
    ],
    [
      'is told to hold for a switch that comes next',
      flowing(primary(B), hold(100), { type: 'drained' }, { type: 'joined' }).slice(-1),
      ['joined → holding: resolve arrive stand'],
    ],
    [
      'was told to hold too long ago',
      walk(primary(A), hold(100), 100, { type: 'joined' }).slice(-1),
      ['joined → flowing: arrive flow'],
    ],
    [
      'is closed in a hold',
      flowing(hold(100), { type: 'close' }),
      ['hold → holding: stand', 'close → closed: hang-up'],
    ],
  ])('%s', (_what, lines, wanted) => {
    expect(lines).toEqual(wanted);
  });

  it('a hold that has been answered counts refusals anew, as a flow does', () => {
    let { state } = step<Primary>(
      { at: 'flowing', course: { ...initial.course, moves: 2, bounces: 2 }, view: A },
      hold(9),
      {
        now: 0,
        limits,
      },
    );
    ({ state } = step(state, { type: 'progress' }, { now: 0, limits }));
    expect(state).toMatchObject({ at: 'holding', course: { moves: 0, bounces: 0, hold: { untilMs: 9, term: 1 } } });
  });

  it('the drain begins anew when the client reads again', () => {
    const leaving = step<Primary>({ at: 'flowing', course: initial.course, view: A }, primary(B), { now: 0, limits });
    expect(leaving.state).toMatchObject({ at: 'leaving', dueAt: 5_000 });
    const { state } = step(leaving.state, { type: 'reading' }, { now: 7_000, limits });
    expect(state).toMatchObject({ at: 'leaving', next: B, dueAt: 12_000 });
  });
});
