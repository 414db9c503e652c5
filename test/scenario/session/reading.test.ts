import { describe, expect, it } from 'vitest';
import type { Primary, ReadPlaces } from '../../../src/session/index.js';
import { Stage } from './stage.js';

const CLUSTER_DISABLED = '-ERR This instance has cluster support disabled';

/** A pair as its topology knows it: A is the primary at first, R and S are replicas. */
class Pair implements ReadPlaces<Primary> {
  readonly mute = new Set<string>();
  /** What the replicas have: all of before this time. */
  freshMs = 0;

  constructor(
    public primary: Primary | undefined,
    public fit: string[],
  ) {}

  choose({ current, avoid, freshMs = Number.NEGATIVE_INFINITY }: Parameters<ReadPlaces<Primary>['choose']>[0]) {
    const names = this.freshMs > freshMs ? this.fit.filter((name) => name !== avoid) : [];
    const node = names.find((name) => name === current) ?? names[0];
    return node === undefined ? undefined : { node, term: this.primary?.term ?? 1, replica: true as const };
  }

  answers(node: string): boolean {
    return !this.mute.has(node);
  }
}

function staged(fit: string[] = ['R', 'S']): { stage: Stage; pair: Pair } {
  const pair = new Pair({ node: 'A', term: 1 }, fit);
  const stage = new Stage({}, undefined, { places: pair });
  stage.session.open({ node: 'A', term: 1 });
  stage.at('A').accept();
  return { stage, pair };
}

/** A client that ran READONLY, with R. */
function reading(fit?: string[]): { stage: Stage; pair: Pair } {
  const { stage, pair } = staged(fit);
  stage.client('READONLY');
  stage.at('A').answer('+OK');
  stage.at('R').accept('slave');
  expect(stage.received()).toEqual(['+OK']);
  return { stage, pair };
}

describe('READONLY', () => {
  it('what comes after it goes to a replica', () => {
    const { stage } = reading();
    stage.client('GET a', 'GET b');
    expect(stage.at('R').commands).toEqual(['GET a', 'GET b']);
    stage.at('R').answer('$1\r\n1', '$1\r\n2');
    expect(stage.received()).toEqual(['$1\r\n1', '$1\r\n2']);
    expect(stage.events.at(-1)).toMatchObject({ type: 'move', node: 'R', replica: true });
  });

  it('the replica is not told of redirects, which it would send for reads', () => {
    const { stage } = staged();
    stage.client('READONLY');
    stage.at('A').answer('+OK');
    stage.at('R').handlers.onOpen();
    expect(stage.at('R').commands).toEqual(['READONLY']);
  });

  it('what was in its pipeline is answered first, in order', () => {
    const { stage } = staged();
    stage.client('READONLY', 'GET a');
    stage.at('A').answer('+OK');
    stage.client('GET b');
    expect(stage.at('A').commands).toEqual(['GET a']);
    stage.at('A').answer('$1\r\n1');
    stage.at('R').accept('slave');
    stage.at('R').answer('$1\r\n2');
    expect(stage.received()).toEqual(['+OK', '$1\r\n1', '$1\r\n2']);
  });

  it('is answered as by the newest server, whatever the server says', () => {
    const { stage } = staged();
    stage.client('READONLY');
    stage.at('A').answer(CLUSTER_DISABLED);
    expect(stage.received()).toEqual(['+OK']);
    stage.at('R').accept('slave');
    stage.client('MULTI', 'GET a', 'READONLY', 'EXEC');
    stage.at('R').answer('+OK', '+QUEUED', '+QUEUED', `*2\r\n$1\r\n1\r\n${CLUSTER_DISABLED}`);
    expect(stage.received()).toEqual(['+OK', '+QUEUED', '+QUEUED', '*2\r\n$1\r\n1\r\n+OK']);
  });

  it('where the user may not run it, its error is the answer, and nothing changes', () => {
    const { stage } = staged();
    stage.client('READONLY');
    stage.at('A').answer("-NOPERM User u has no permissions to run the 'readonly' command");
    stage.client('GET a');
    expect(stage.at('A').commands).toEqual(['GET a']);
  });

  it('without replicas the session stays, and goes as soon as one is fit', () => {
    const { stage, pair } = staged([]);
    stage.client('READONLY', 'GET a');
    stage.at('A').answer('+OK', '$1\r\n1');
    stage.wait(5_000);
    expect(stage.session.state).toMatchObject({ at: 'flowing', view: { node: 'A' } });
    pair.fit = ['S'];
    stage.wait(1_000);
    stage.at('S').accept('slave');
    expect(stage.session.state).toMatchObject({ at: 'flowing', view: { node: 'S' } });
  });

  it('after a write of its own it waits until a replica has that', () => {
    const { stage, pair } = staged();
    stage.wait(10);
    stage.client('SET a 1', 'READONLY');
    stage.at('A').answer('+OK', '+OK');
    stage.wait(2_000);
    stage.client('GET a');
    stage.at('A').answer('$1\r\n1');
    pair.freshMs = stage.now;
    stage.wait(1_000);
    stage.at('R').accept('slave');
    expect(stage.session.state).toMatchObject({ view: { node: 'R' } });
  });
});

describe('a write of a session that reads', () => {
  it('goes to the primary, with all that is behind it; reads before it are answered first', () => {
    const { stage } = reading();
    stage.client('GET a', 'SET a 2', 'GET a');
    expect(stage.at('R').commands).toEqual(['GET a']);
    stage.at('R').answer('$1\r\n1');
    stage.at('A').accept();
    expect(stage.at('A').commands).toEqual(['SET a 2', 'GET a']);
    stage.at('A').answer('+OK', '$1\r\n2');
    expect(stage.received()).toEqual(['$1\r\n1', '+OK', '$1\r\n2']);
  });

  it('the session returns when the replica has it, to the same one', () => {
    const { stage, pair } = reading(['R', 'S']);
    stage.wait(10);
    stage.client('SET a 2');
    stage.at('A').accept();
    stage.at('A').answer('+OK');
    stage.wait(1_000);
    stage.client('GET a');
    expect(stage.at('A').commands).toEqual(['GET a']);
    stage.at('A').answer('$1\r\n2');
    pair.fit = ['S', 'R'];
    pair.freshMs = stage.now;
    stage.wait(500);
    stage.at('R').accept('slave');
    stage.client('GET a');
    expect(stage.at('R').commands).toEqual(['GET a']);
  });

  it.each([
    ['PUBLISH c m'],
    ['EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0'],
    ['FCALL f 0'],
    ['WATCH a'],
    ['READWRITE'],
    ['RESET'],
    ['WAIT 1 0'],
    ['BLPOP q 0'],
    ['NOSUCH x'],
  ])('so does what may be one, or asks for the primary: %s', (command) => {
    const { stage } = reading();
    stage.client(command);
    expect(stage.connections[1]!.commands).toEqual([]);
    stage.at('A').accept();
    expect(stage.at('A').commands).toEqual([command]);
  });

  it.each([
    ['EVAL_RO return(1) 0'],
    ['XREAD BLOCK 0 STREAMS s $'],
    ['SUBSCRIBE c'],
    ['SELECT 1'],
    ['PING'],
    ['CLIENT ID'],
    ['SCAN 0'],
    ['CLIENT TRACKING ON'],
  ])('%s does not', (command) => {
    const { stage } = reading();
    stage.client(command);
    expect(stage.at('R').commands).toEqual([command]);
  });

  it('a transaction runs whole: at the replica if it reads, at the primary as soon as it writes', () => {
    const { stage } = reading();
    stage.client('MULTI', 'GET a', 'EXEC');
    stage.at('R').answer('+OK', '+QUEUED', '*1\r\n$1\r\n1');
    stage.client('MULTI', 'GET a', 'SET a 2', 'EXEC');
    stage.at('R').answer('+OK', '+QUEUED');
    stage.at('A').accept();
    expect(stage.at('A').commands).toEqual(['MULTI', 'GET a', 'SET a 2', 'EXEC']);
    stage.at('A').answer('+OK', '+QUEUED', '+QUEUED', '*2\r\n$1\r\n1\r\n+OK');
    expect(stage.received()).toEqual([
      ...['+OK', '+QUEUED', '*1\r\n$1\r\n1'],
      ...['+OK', '+QUEUED', '+QUEUED', '*2\r\n$1\r\n1\r\n+OK'],
    ]);
  });

  it('WATCH keeps the session at the primary until EXEC', () => {
    const { stage, pair } = reading();
    stage.client('WATCH a');
    stage.at('A').accept();
    stage.at('A').answer('+OK');
    pair.freshMs = 1e9;
    stage.wait(5_000);
    stage.client('MULTI', 'SET a 2', 'EXEC');
    stage.at('A').answer('+OK', '+QUEUED', '*1\r\n+OK');
    stage.wait(1_000);
    stage.at('R').accept('slave');
  });

  it('a replica that refuses one nevertheless: the primary gets it', () => {
    const { stage } = reading();
    stage.client('GET a', 'GET b');
    stage.at('R').answer("-READONLY You can't write against a read only replica.", '$1\r\n2');
    expect(stage.seeks[0]).toMatchObject({ refusedBy: 'R' });
    stage.primary('A', 1);
    stage.at('A').accept();
    expect(stage.at('A').commands).toEqual(['GET a', 'GET b']);
  });

  it('READWRITE ends it: the session stays with the primary', () => {
    const { stage, pair } = reading();
    stage.client('READWRITE');
    stage.at('A').accept();
    stage.at('A').answer(CLUSTER_DISABLED);
    expect(stage.received()).toEqual(['+OK']);
    pair.freshMs = 1e9;
    stage.wait(60_000);
    stage.client('GET a');
    expect(stage.at('A').commands).toEqual(['GET a']);
  });
});

describe('when its replica', () => {
  it('becomes primary, a session that reads moves to another one', () => {
    const { stage, pair } = reading();
    pair.primary = { node: 'R', term: 2 };
    pair.fit = ['S'];
    stage.client('GET a');
    stage.primary('R', 2);
    stage.at('R').answer('$1\r\n1');
    stage.at('S').accept('slave');
    stage.client('GET b');
    expect(stage.at('S').commands).toEqual(['GET b']);
  });

  it('becomes primary and there is no other, it stays, and is told of redirects from then on', () => {
    const { stage, pair } = reading(['R']);
    pair.primary = { node: 'R', term: 2 };
    pair.fit = [];
    stage.primary('R', 2);
    stage.client('SET a 1');
    expect(stage.connections).toHaveLength(2);
    expect(stage.at('R').commands).toEqual(['CLIENT CAPA redirect', 'SET a 1']);
  });

  it('dies, what it owed is read from another one, and nothing is uncertain', () => {
    const { stage, pair } = reading();
    stage.client('GET a', 'GET b');
    stage.at('R').answer('$1\r\n1');
    pair.fit = ['S'];
    stage.at('R').lose();
    stage.at('S').accept('slave');
    stage.at('S').answer('$1\r\n2');
    expect(stage.received()).toEqual(['$1\r\n1', '$1\r\n2']);
    expect(stage.events.filter(({ type }) => type === 'uncertain')).toEqual([]);
  });

  it('falls silent, it does not wait for what that owes', () => {
    const { stage, pair } = reading();
    stage.client('GET a');
    pair.mute.add('R');
    pair.fit = [];
    stage.session.placesChanged();
    stage.at('A').accept();
    expect(stage.at('A').commands).toEqual(['GET a']);
    expect(stage.events).toContainEqual({ type: 'no-replica', node: 'R' });
  });

  it('falls behind, it is read to the end, and the primary from then on', () => {
    const { stage, pair } = reading();
    stage.client('GET a');
    pair.fit = [];
    stage.session.placesChanged();
    stage.client('GET b');
    stage.at('R').answer('$1\r\n1');
    stage.at('A').accept();
    expect(stage.at('A').commands).toEqual(['GET b']);
  });

  it('falls silent, XREAD waits on elsewhere with the time that is left', () => {
    const { stage, pair } = reading();
    stage.client('XREAD BLOCK 5000 STREAMS s $');
    stage.wait(2_000);
    pair.mute.add('R');
    pair.fit = ['S'];
    stage.session.placesChanged();
    stage.at('S').accept('slave');
    expect(stage.at('S').commands).toEqual(['XREAD BLOCK 3000 STREAMS s $']);
  });

  it('cannot be joined, it is left alone for a while, for longer each time', () => {
    const { stage } = staged(['R']);
    stage.client('READONLY');
    stage.at('A').answer('+OK');
    const tries: number[] = [];
    for (let round = 0; round < 4; round++) {
      stage.at('R').lose();
      stage.primary('A', 1);
      stage.at('A').accept();
      const since = stage.now;
      while (stage.connections.at(-1)!.node !== 'R') stage.wait(50);
      tries.push(Math.round((stage.now - since) / 1_000));
    }
    expect(tries).toEqual([1, 2, 4, 8]);
  });

  it('says that it is out of touch, the next one is asked', () => {
    const { stage } = reading();
    stage.client('GET a');
    stage.at('R').answer("-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
    stage.at('S').accept('slave');
    expect(stage.at('S').commands).toEqual(['GET a']);
  });

  it('is gone and there is no primary, commands wait', () => {
    const { stage, pair } = reading();
    pair.fit = [];
    pair.primary = undefined;
    stage.session.placesChanged();
    stage.client('GET a');
    expect(stage.session.state.at).toBe('seeking');
    pair.fit = ['S'];
    stage.session.placesChanged();
    stage.at('S').accept('slave');
    expect(stage.at('S').commands).toEqual(['GET a']);
  });
});

describe('a switch with notice', () => {
  it('does not concern who reads from a replica', () => {
    const { stage } = reading();
    stage.session.prepare({ node: 'S', term: 1 });
    expect(stage.session.prepared).toEqual({ node: 'S', term: 1 });
    stage.session.hold(stage.now + 1_000);
    expect(stage.session.quiet).toBe(true);
    stage.client('GET a');
    expect(stage.at('R').commands).toEqual(['GET a']);
  });

  it('holds its write, when that has come to the old primary', () => {
    const { stage, pair } = reading();
    stage.session.hold(stage.now + 1_000);
    stage.client('SET a 1');
    stage.at('A').accept();
    expect(stage.session.state.at).toBe('holding');
    pair.primary = { node: 'S', term: 2 };
    stage.primary('S', 2);
    stage.at('S').accept();
    expect(stage.at('S').commands).toEqual(['SET a 1']);
  });
});

describe('a client that may only read', () => {
  const REFUSED = Buffer.from('-NOWRITES not here\r\n');

  function reader(fit = ['R']): { stage: Stage; pair: Pair } {
    const pair = new Pair({ node: 'A', term: 1 }, fit);
    const stage = new Stage({}, undefined, { places: pair, writesRefused: REFUSED });
    stage.session.open({ node: 'A', term: 1 });
    return { stage, pair };
  }

  it('begins with a replica', () => {
    const { stage } = reader();
    stage.client('GET a');
    stage.at('R').accept('slave');
    expect(stage.at('R').commands).toEqual(['GET a']);
  });

  it('is told so when it writes, in order, and its transaction does not execute', () => {
    const { stage } = reader();
    stage.at('R').accept('slave');
    stage.client('GET a', 'SET a 1', 'PUBLISH c m', 'EVAL return(1) 0', 'READWRITE', 'GET b');
    expect(stage.at('R').commands).toEqual(['GET a', 'GET b']);
    stage.at('R').answer('$1\r\n1', '$1\r\n2');
    expect(stage.words()).toEqual(['$1', '-NOWRITES', '-NOWRITES', '-NOWRITES', '-NOWRITES', '$1']);
    stage.client('MULTI', 'SET a 1', 'EXEC');
    stage.at('R').answer('+OK', '+OK');
    expect(stage.words()).toEqual(['+OK', '-NOWRITES', '-EXECABORT']);
  });

  it('is told so at the primary, too, where it reads for want of a replica', () => {
    const { stage } = reader([]);
    stage.at('A').accept();
    stage.client('SET a 1', 'NOSUCH x', 'GET a');
    expect(stage.at('A').commands).toEqual(['GET a']);
    stage.at('A').answer('$-1');
    expect(stage.words()).toEqual(['-NOWRITES', '-NOWRITES', '$-1']);
  });

  it('stays one after RESET', () => {
    const { stage } = reader();
    stage.at('R').accept('slave');
    stage.client('RESET', 'GET a');
    expect(stage.at('R').commands).toEqual(['RESET', 'GET a']);
    stage.at('R').answer('+RESET', '$1\r\n1');
    stage.wait(5_000);
    expect(stage.session.state).toMatchObject({ at: 'flowing', view: { node: 'R' } });
  });

  it('a write that nobody knows is one when the replica says so', () => {
    const { stage } = reader();
    stage.at('R').accept('slave');
    stage.client('NOSUCH x', 'GET a');
    stage.at('R').answer("-READONLY You can't write against a read only replica.", '$1\r\n1');
    expect(stage.words()).toEqual(['-READONLY', '$1']);
  });
});
