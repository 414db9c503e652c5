import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { publish, type SegueDiagnostics } from '../../../src/doors/diagnostics.js';
import { EVENT_TYPES } from '../../../src/doors/segue-event.js';

const heard: [name: string, message: SegueDiagnostics][] = [];
const listener = (message: unknown, name: string | symbol) => {
  heard.push([String(name), message as SegueDiagnostics]);
};
const names: string[] = [];

function listen(...types: string[]): void {
  for (const type of types) {
    names.push(`segue:${type}`);
    subscribe(`segue:${type}`, listener);
  }
}

afterEach(() => {
  for (const name of names.splice(0)) unsubscribe(name, listener);
  heard.length = 0;
});

const RESTART = { type: 'scan-restart', node: 'b:1' } as const;

describe('channels', () => {
  it('one for each type of event; the message has the event itself, and whom it concerns', () => {
    listen('scan-restart');
    publish(RESTART, () => ({ pair: 'a:1,b:1', session: 7 }));
    publish({ type: 'node-down', node: 'a:1', reason: 'gone' }, () => ({ pair: 'a:1,b:1' }));
    expect(heard).toEqual([['segue:scan-restart', { event: RESTART, pair: 'a:1,b:1', session: 7 }]]);
    expect(heard[0]![1].event).toBe(RESTART);
  });

  it('nobody listens: nobody is asked whom it concerns', () => {
    listen('hold');
    const source = () => {
      throw new Error('asked');
    };
    publish(RESTART, source);
    listen('scan-restart');
    expect(() => publish(RESTART, source)).toThrow('asked');
  });

  it('who subscribed before Segue was loaded hears, too: they are found by name', () => {
    listen(...EVENT_TYPES);
    for (const type of EVENT_TYPES) expect(channel(`segue:${type}`).hasSubscribers).toBe(true);
  });
});
