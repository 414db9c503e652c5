import fc from 'fast-check';
import { expect } from 'vitest';
import { message, pmessage } from '../../scenario/session/broadcast.js';
import { property } from '../resp/seeded.js';
import { Airwaves } from './sim/airwaves.js';

/** What happens, in any order: whatever cannot happen at the moment does not. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ is: fc.constant('publish' as const), publisher: fc.nat(2) }) },
  { weight: 6, arbitrary: fc.record({ is: fc.constant('replicate' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ is: fc.constant('bring' as const), node: fc.nat(2), count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 10, arbitrary: fc.record({ is: fc.constant('answer' as const), node: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('prepare' as const) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('hold' as const) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('release' as const) }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('light' as const) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('switch' as const) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('tell' as const) }) },
);

property(
  'messages come exactly once, in order per publisher and subscription, across any switches',
  fc.array(step, { minLength: 60, maxLength: 400, size: 'max' }),
  (steps) => {
    const air = new Airwaves();
    for (const one of steps) air.take(one);
    air.settle();
    const heard = air.heard();
    const channel = air.published.map(({ channel: name, text }) => message(name, text));
    const pattern = air.published.map(({ channel: name, text }) => pmessage('p*', name, text));
    expect(heard.filter((frame) => frame.includes('\r\nmessage\r\n'))).toEqual(channel);
    expect(heard.filter((frame) => frame.includes('\r\npmessage\r\n'))).toEqual(pattern);
    expect(air.resubscribed).toBe(0);
  },
  300,
);
