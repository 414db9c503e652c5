import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/session/index.js';
import { Stage } from './stage.js';

const OK = '+OK';
const READONLY = "-READONLY You can't write against a read only replica.";
const SECRET = 'hunter2';

/** Those of one type, without it. */
function of(stage: Stage, type: SessionEvent['type']): Record<string, unknown>[] {
  return stage.events.filter((event) => event.type === type).map(({ type: _type, ...fields }) => fields);
}

/** Moves to B, which has nothing against anything. */
function moveToB(stage: Stage): void {
  stage.primary('B');
  stage.at('B').accept();
  // Scripts come in a second round.
  stage.at('B').restore();
}

describe('a move is told with', () => {
  it('what is sent again, what was thrown away, and what the client has already', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'INCR a');
    stage.at('A').answer(OK, READONLY);
    expect(stage.words()).toEqual(['+OK']);
    stage.client('INCR b', 'EXEC', 'GET a');
    moveToB(stage);
    expect(of(stage, 'move').at(-1)).toMatchObject({ node: 'B', replayed: 2, discarded: 1, swallowed: 1 });
  });

  it('reads behind the cut, which run again; a write that ran keeps its answer', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'GET a', 'INCR b');
    stage.at('A').answer('-LOADING', '$1\r\n1', ':1');
    stage.primary('A', 1);
    stage.wait(10);
    stage.at('A').accept();
    expect(stage.at('A').commands).toEqual(['INCR a', 'GET a']);
    expect(of(stage, 'move').at(-1)).toMatchObject({ node: 'A', replayed: 2, discarded: 2, swallowed: 0 });
  });
});

describe('a connection that ends is told with', () => {
  it('the reason, and how much was on the wire', () => {
    const stage = Stage.flowing();
    stage.client('GET a', 'GET b');
    stage.at('A').lose();
    expect(of(stage, 'lost')).toEqual([{ node: 'A', reason: 'connection lost', unanswered: 2 }]);
  });

  it('what the node said before', () => {
    const stage = Stage.flowing();
    stage.at('A').send('-ERR max number of clients reached');
    stage.at('A').lose();
    expect(of(stage, 'remark')).toEqual([{ node: 'A', text: '-ERR max number of clients reached' }]);
  });

  it('the patience, where a node that is being left does not answer', () => {
    const stage = Stage.flowing({ drainTimeoutMs: 100 });
    stage.client('GET a');
    stage.primary('B');
    stage.wait(99);
    expect(of(stage, 'lost')).toEqual([]);
    stage.wait(1);
    expect(of(stage, 'lost')).toEqual([{ node: 'A', reason: 'no answer within 100 ms', unanswered: 1 }]);
  });

  it('the patience, where a node that is being joined does not', () => {
    const stage = Stage.flowing({ joinTimeoutMs: 100 });
    stage.primary('B');
    stage.wait(100);
    expect(of(stage, 'join-failed')).toEqual([{ node: 'B', reason: 'not joined within 100 ms', ahead: false }]);
  });

  it('the end of the session, where half of a reply is with the client', () => {
    const stage = Stage.flowing({ replyBytesMax: 1024 });
    stage.client('GET a');
    stage.at('A').handlers.onData(Buffer.from(`$5000\r\n${'x'.repeat(3000)}`));
    stage.at('A').lose();
    expect(of(stage, 'ended')).toEqual([{ reason: 'the connection was lost in the middle of a reply' }]);
  });
});

describe('what a client has set is told where it', () => {
  it('tracks: it is made to forget', () => {
    const stage = Stage.flowing();
    stage.client('HELLO 3', 'CLIENT TRACKING ON');
    stage.at('A').answer('%1\r\n+proto\r\n:3', OK);
    moveToB(stage);
    expect(of(stage, 'tracking-reset')).toEqual([{ node: 'B' }]);
  });

  it('monitors: lines are missed', () => {
    const stage = Stage.flowing();
    stage.client('MONITOR');
    stage.at('A').answer(OK);
    expect(of(stage, 'monitor-restart')).toEqual([]);
    moveToB(stage);
    expect(of(stage, 'monitor-restart')).toEqual([{ node: 'B' }]);
  });

  it('watches: its EXEC will answer nil', () => {
    const stage = Stage.flowing();
    stage.client('WATCH a', 'UNWATCH', 'WATCH b');
    stage.at('A').answer(OK, OK, OK);
    moveToB(stage);
    expect(of(stage, 'watch-lost')).toEqual([{ node: 'A' }]);
    stage.primary('A', 3);
    stage.at('A').accept();
    expect(of(stage, 'watch-lost')).toHaveLength(1);
  });

  it('has sent scripts: they are loaded', () => {
    const stage = Stage.flowing();
    stage.client('EVAL one 0', 'EVAL two 0');
    stage.at('A').answer(':1', ':2');
    moveToB(stage);
    expect(of(stage, 'scripts-loaded')).toEqual([{ node: 'B', scripts: 2 }]);
  });

  it('cannot have it on another node', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT SETNAME app', 'CLIENT NO-TOUCH ON');
    stage.at('A').answer(OK, OK);
    stage.primary('B');
    const connection = stage.at('B');
    connection.handlers.onOpen();
    const refused = `-ERR unknown subcommand, with args beginning with: '${SECRET}'`;
    const answers: Record<string, string> = { 'CLIENT NO-TOUCH ON': refused, ROLE: '*1\r\n$6\r\nmaster' };
    connection.answer(...connection.commands.map((command) => answers[command] ?? OK));
    expect(of(stage, 'restore-refused')).toEqual([
      { node: 'B', command: 'CLIENT NO-TOUCH', reason: 'ERR unknown subcommand' },
    ]);
    expect(stage.session.state.at).toBe('flowing');
  });
});

describe('commands that were not served are told of', () => {
  it('run again at the risk of twice, if the user says so', () => {
    const stage = Stage.flowing({ onUncertain: 'retry' });
    stage.client('INCR a', 'GET a', 'INCR b');
    stage.at('A').lose();
    expect(of(stage, 'uncertain')).toEqual([{ node: 'A', commands: 2, fate: 'run-again' }]);
  });

  it('refused, since no more can be kept', () => {
    const stage = Stage.flowing({ replayCommandsMax: 2 });
    stage.client('GET a', 'GET b');
    stage.client('GET c', 'GET d', 'GET e');
    expect(of(stage, 'given-up')).toEqual([{ code: 'HOLDLIMIT', commands: 3 }]);
  });
});

it('no event has a secret, a key or a value in it', () => {
  const stage = Stage.flowing({ onUncertain: 'error', drainTimeoutMs: 50 });
  stage.client(`AUTH app ${SECRET}`, `SET ${SECRET} ${SECRET}`, `EVAL ${SECRET} 0`, `SUBSCRIBE ${SECRET}`);
  stage.at('A').answer(OK, OK);
  stage.at('A').send(`-NOPERM No permissions`);
  stage.client(`INCR ${SECRET}`, `EVAL ${SECRET} 1 ${SECRET}`);
  stage.at('A').lose();
  stage.primary('B');
  const connection = stage.at('B');
  connection.handlers.onOpen();
  expect(connection.commands[0]).toBe(`AUTH app ${SECRET}`);
  connection.answer(
    `-ERR unknown command 'AUTH', with args beginning with: 'app' '${SECRET}'`,
    ...connection.commands.slice(1).map(() => OK),
  );
  expect(of(stage, 'join-failed').at(-1)?.reason).toBe("AUTH: ERR unknown command 'AUTH'");
  stage.wait(20_000);
  expect(stage.events.length).toBeGreaterThan(5);
  expect(JSON.stringify(stage.events)).not.toContain(SECRET);
});
