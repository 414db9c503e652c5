import { describe, expect, it } from 'vitest';
import { SwitchLog } from '../../../../src/gateway/admin/switch-log.js';

function stage() {
  const time = { ms: 1_000 };
  const log = new SwitchLog(
    () => time.ms,
    () => time.ms + 1_000_000,
  );
  log.pair({ type: 'primary', node: 'a:1', term: 1, cause: 'found', previous: undefined });
  const held = (term: number, heldMs: number, replayed = 0) =>
    log.session({ type: 'move', node: 'b:1', term, heldMs, replayed, discarded: 0, swallowed: 0 });
  return { log, time, held };
}

const notice = { type: 'notice', kind: 'hold', id: 'x', from: 'a:1', to: 'b:1', refused: undefined } as const;
const promoted = { type: 'primary', node: 'b:1', term: 2, cause: 'promoted', previous: 'a:1' } as const;
const lost = { type: 'primary-lost', node: 'a:1', term: 1, reason: 'gone' } as const;

describe('the log of switches', () => {
  it('begins empty: the first primary is no switch, nor are sessions that come', () => {
    const { log, held } = stage();
    held(1, 3);
    expect(log.switches).toEqual([]);
  });

  it('tells a planned switch with what its sessions felt, wherever they were told of it first', () => {
    const { log, time, held } = stage();
    log.pair(notice);
    time.ms += 10;
    log.pair(lost);
    held(2, 4, 7);
    time.ms += 5;
    log.pair(promoted);
    held(2, 10);
    held(1, 999);
    const told = { kind: 'planned', at: 1_001_010, from: 'a:1', to: 'b:1', term: 2, withoutMs: 5 };
    expect(log.switches).toMatchObject([{ ...told, sessions: 2, heldMaxMs: 10, replayed: 7, uncertain: 0 }]);
    expect(log.switches[0]!.heldMedianMs).toBeCloseTo(4, 0);
  });

  it.each([
    ['promoted', 'unannounced'],
    ['restarted', 'restart'],
    ['back', 'interruption'],
  ] as const)('a primary that was %s: %s', (cause, kind) => {
    const { log } = stage();
    log.pair(lost);
    expect(log.switches).toMatchObject([{ kind: 'lost', from: 'a:1', to: null, withoutMs: null, reason: 'gone' }]);
    log.pair({ ...promoted, cause });
    expect(log.switches).toMatchObject([{ kind, withoutMs: 0 }]);
  });

  it('counts what was of unknown outcome where it belongs: at the loss that follows, not at the switch before', () => {
    const { log, time } = stage();
    log.pair(promoted);
    time.ms += 100;
    log.session({ type: 'uncertain', node: 'b:1', commands: 3, fate: 'answered' });
    time.ms += 100;
    log.pair({ ...lost, node: 'b:1', term: 2 });
    log.session({ type: 'uncertain', node: 'b:1', commands: 2, fate: 'answered' });
    log.session({ type: 'given-up', code: 'HOLDTIMEOUT', commands: 4 });
    expect(log.switches.map(({ uncertain, givenUp }) => [uncertain, givenUp])).toEqual([
      [5, 4],
      [0, 0],
    ]);
  });

  it('does not count what comes long after, and keeps no more than fifty', () => {
    const { log, time, held } = stage();
    for (let term = 2; term < 90; term++) log.pair({ ...promoted, term });
    time.ms += 20_000;
    held(89, 5);
    expect(log.switches).toHaveLength(50);
    expect(log.switches[0]).toMatchObject({ term: 89, sessions: 0, heldMaxMs: null });
  });
});
