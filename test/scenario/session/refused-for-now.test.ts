import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

/** Each time the session asks, the topology answers A, and A refuses what is at the head. */
function refuseFor(stage: Stage, ms: number, refusal: string): void {
  const until = stage.now + ms;
  while (stage.now < until) {
    const connection = stage.connections.at(-1)!;
    if (!connection.closed && stage.session.state.at === 'joining') connection.accept();
    if (!connection.closed && connection.commands.length > 0)
      connection.answer(...connection.commands.map(() => refusal));
    if (stage.session.state.at === 'seeking') stage.primary('A', 1);
    stage.wait(1);
  }
}

const REFUSALS = [
  '-LOADING Valkey is loading the dataset in memory',
  '-NOREPLICAS Not enough good replicas to write.',
  '-TRYAGAIN Multiple keys request during rehashing of slot',
  '-CLUSTERDOWN The cluster is down',
  "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
];

describe.each(REFUSALS)('%s', (refusal) => {
  it('is waited out', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1', 'GET a');
    refuseFor(stage, 500, refusal);
    expect(stage.received()).toEqual([]);
    if (stage.session.state.at === 'seeking') stage.primary('A', 1);
    stage.wait(100);
    if (stage.session.state.at === 'joining') stage.at('A').accept();
    expect(stage.at('A').commands).toEqual(['SET a 1', 'GET a']);
    stage.at('A').answer('+OK', '$1\r\n1');
    expect(stage.received()).toEqual(['+OK', '$1\r\n1']);
  });

  it('ends, when it does not pass, with one error for each command inside the hold budget', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000, redirectsMax: 1_000_000 });
    stage.client('SET a 1', 'GET a');
    refuseFor(stage, 1_500, refusal);
    expect(stage.words()).toEqual(['-HOLDTIMEOUT', '-HOLDTIMEOUT']);
    expect(stage.session.unanswered).toBe(0);
  });
});

describe('a PUBLISH behind a refusal, answered by the node that is left', () => {
  // Refused since it was loading, the node may have been primary by then, and demoted only after that.
  it.each([
    ['-LOADING Valkey is loading the dataset in memory', [], ['+OK', '-UNCERTAIN']],
    ["-READONLY You can't write against a read only replica.", ['PUBLISH c m'], ['+OK', ':2']],
  ])('%s', (refusal, again, words) => {
    const stage = Stage.flowing();
    stage.client('SET a 1', 'PUBLISH c m');
    stage.at('A').answer(refusal, ':1');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1', ...again]);
    stage.at('B').answer('+OK', ...again.map(() => ':2'));
    expect(stage.words()).toEqual(words);
  });
});

describe('the hold budget', () => {
  it('is new for a command that the node had accepted in between', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    for (const node of ['B', 'C', 'D', 'E']) {
      if (node === 'B') stage.client('BLPOP q 0');
      stage.at(stage.connections.at(-1)!.node).answer('-REDIRECT h:2');
      stage.wait(600);
      stage.primary(node);
      stage.at(node).accept();
      expect(stage.at(node).commands).toEqual(['BLPOP q 0']);
      stage.wait(5_000);
    }
    expect(stage.received()).toEqual([]);
  });

  it('is the time on hold, not the time with a node that takes long to refuse', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('SET a 1');
    for (const node of ['B', 'C', 'D']) {
      stage.wait(900);
      stage.connections.at(-1)!.answer('-REDIRECT h:2');
      stage.wait(300);
      stage.primary(node);
      stage.at(node).accept();
    }
    expect(stage.received()).toEqual([]);
    stage.at('D').answer('-REDIRECT h:2');
    stage.wait(200);
    expect(stage.words()).toEqual(['-HOLDTIMEOUT']);
  });

  it('counts from when a command came, not from when the hold began', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('GET a');
    stage.at('A').answer('-REDIRECT h:2');
    stage.wait(900);
    stage.client('GET b');
    stage.wait(200);
    expect(stage.words()).toEqual(['-HOLDTIMEOUT']);
    stage.wait(700);
    expect(stage.received()).toEqual([]);
    stage.wait(200);
    expect(stage.words()).toEqual(['-HOLDTIMEOUT']);
  });

  it('counts for commands that came before the session was opened', () => {
    const stage = new Stage({ holdTimeoutMs: 1_000 });
    stage.client('GET a');
    stage.session.open();
    stage.wait(1_100);
    expect(stage.words()).toEqual(['-HOLDTIMEOUT']);
  });

  it('does not run while an open transaction waits for its client', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('MULTI', 'SET a 1');
    stage.at('A').answer('+OK', '+QUEUED');
    stage.at('A').lose();
    stage.wait(5_000);
    expect(stage.received()).toEqual(['+OK', '+QUEUED']);
    stage.client('EXEC');
    stage.wait(500);
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET a 1', 'EXEC']);
  });

  it('used up by what may have run already: that is told', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('INCR a', 'EVAL x 0', 'WATCH w', 'MULTI', 'PUBLISH c x', 'EXEC');
    stage.at('A').answer('-REDIRECT h:2', ':1', '+OK', '+OK', '+QUEUED', '*1\r\n:0');
    stage.wait(1_100);
    expect(stage.words()).toEqual(['-HOLDTIMEOUT', '-UNCERTAIN', '-HOLDTIMEOUT', '+OK', '+QUEUED', '-UNCERTAIN']);
  });
});
