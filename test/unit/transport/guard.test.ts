import { describe, expect, it } from 'vitest';
import { guarded, guardLink, type LinkHandlers } from '../../../src/transport/index.js';

const calls = {
  onTurn: [],
  onOpen: [],
  onData: [Buffer.from('x')],
  onWritable: [],
  onClose: [undefined],
} satisfies { [Name in keyof Required<LinkHandlers>]: Parameters<Required<LinkHandlers>[Name]> };
const names = Object.keys(calls) as (keyof typeof calls)[];

/** Calls one of them as a link does. */
function call(handlers: LinkHandlers, name: keyof typeof calls): void {
  (handlers[name] as (...args: unknown[]) => void)(...calls[name]);
}

describe('handlers that are guarded', () => {
  it.each(names)('hear %s, with what comes with it', (name) => {
    const heard: unknown[] = [];
    const handlers = { [name]: (...args: unknown[]) => heard.push(...args, name) } as unknown as LinkHandlers;
    const faults: unknown[] = [];
    call(guardLink(handlers, { faulted: (error) => faults.push(error) }), name);
    expect([heard, faults]).toEqual([[...calls[name], name], []]);
  });

  it.each(names)('what %s throws is told, and goes no further', (name) => {
    const error = new Error('broken');
    const fail = (): never => {
      throw error;
    };
    const handlers = Object.fromEntries(names.map((each) => [each, fail])) as unknown as LinkHandlers;
    const faults: unknown[] = [];
    call(guardLink(handlers, { faulted: (fault) => faults.push(fault) }), name);
    expect(faults).toEqual([error]);
  });

  it('a handler without an ear for turns misses none', () => {
    const faults: unknown[] = [];
    call(guardLink({} as LinkHandlers, { faulted: (fault) => faults.push(fault) }), 'onTurn');
    expect(faults).toEqual([]);
  });

  it('a function is guarded alike', () => {
    const faults: string[] = [];
    const owner = { faulted: (fault: unknown) => faults.push((fault as Error).message) };
    guarded(() => {
      throw new Error('late');
    }, owner)();
    expect(faults).toEqual(['late']);
  });
});
