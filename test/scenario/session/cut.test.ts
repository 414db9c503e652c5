import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

const READONLY = "-READONLY You can't write against a read only replica.";
const NOREPLICAS = '-NOREPLICAS Not enough good replicas to write.';
const EXECABORT = '-EXECABORT Transaction discarded because of previous errors.';

/** The session leaves A and is with `node`, which has its scripts already. */
function moveTo(stage: Stage, node: string, term = 2): void {
  stage.primary(node, term);
  const connection = stage.at(node);
  connection.handlers.onOpen();
  while (connection.commands.some((command) => /^(CLIENT CAPA|SCRIPT LOAD)/.test(command))) connection.restore();
}

describe('behind the cut', () => {
  it('SUBSCRIBE (RESP2): its confirmations on the old node are not given, those of the new one are', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'SUBSCRIBE x y');
    stage.at('A').answer('-REDIRECT h:2');
    stage.at('A').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1');
    stage.at('A').send('*3\r\n$9\r\nsubscribe\r\n$1\r\ny\r\n:2');
    expect(stage.received()).toEqual([]);
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['INCR a', 'SUBSCRIBE x y']);
    stage.at('B').answer(':1');
    stage.at('B').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1');
    stage.at('B').send('*3\r\n$9\r\nsubscribe\r\n$1\r\ny\r\n:2');
    expect(stage.received().length).toBe(3);
    expect(stage.session.unanswered).toBe(0);
  });

  it('SUBSCRIBE (RESP3): the same, and the command behind it keeps its place', () => {
    const stage = Stage.flowing();
    stage.client('HELLO 3');
    stage.at('A').answer('%1\r\n+proto\r\n:3');
    stage.received();
    stage.client('INCR a', 'SUBSCRIBE x y', 'INCR b');
    stage.at('A').answer('-REDIRECT h:2');
    stage.at('A').answer('>3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1');
    stage.at('A').send('>3\r\n$9\r\nsubscribe\r\n$1\r\ny\r\n:2');
    expect(stage.received()).toEqual([]);
    stage.at('A').answer('-REDIRECT h:2');
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['INCR a', 'SUBSCRIBE x y', 'INCR b']);
  });

  it('a script that succeeds on a node that only lacked replicas has run: it does not run again elsewhere', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'EVAL x 0');
    stage.at('A').answer(NOREPLICAS, ':7');
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['INCR a']);
    stage.at('B').answer(':1');
    expect(stage.received()).toEqual([':1', ':7']);
  });

  it('a transaction of reads runs again', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'MULTI', 'GET a', 'EXEC');
    stage.at('A').answer(READONLY, '+OK', '+QUEUED', '*1\r\n$1\r\n0');
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['INCR a', 'MULTI', 'GET a', 'EXEC']);
    stage.at('B').answer(':1', '+OK', '+QUEUED', '*1\r\n$1\r\n1');
    expect(stage.received()).toEqual([':1', '+OK', '+QUEUED', '*1\r\n$1\r\n1']);
  });

  it('a transaction that committed (the node was writable again) keeps its answers', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'MULTI', 'INCR b', 'EXEC', 'INCR c');
    stage.at('A').answer(NOREPLICAS, '+OK', '+QUEUED', '*1\r\n:1', ':1');
    moveTo(stage, 'A', 1);
    expect(stage.at('A').commands).toEqual(['INCR a']);
    stage.at('A').answer(':1');
    expect(stage.received()).toEqual([':1', '+OK', '+QUEUED', '*1\r\n:1', ':1']);
  });

  it('a transaction that committed and changed the database: the next connection is told too', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'MULTI', 'SELECT 3', 'INCR b', 'EXEC');
    stage.at('A').answer(NOREPLICAS, '+OK', '+QUEUED', '+QUEUED', '*2\r\n+OK\r\n:1');
    moveTo(stage, 'A', 1);
    stage.client('INCR c');
    stage.at('A').answer(':1');
    expect(stage.at('A').commands).toEqual(['SELECT 3', 'INCR c']);
  });

  it('WATCH, MULTI, EXEC answered nil behind the cut run again as a whole', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'WATCH w', 'MULTI', 'SET w 1', 'EXEC');
    stage.at('A').answer(READONLY, '+OK', '+OK', '+QUEUED', '*-1');
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['INCR a', 'WATCH w', 'MULTI', 'SET w 1', 'EXEC']);
  });

  it('EXEC of a transaction that committed ends the WATCH before it on the next connection, too', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'WATCH w', 'MULTI', 'SET w 1', 'EXEC');
    stage.at('A').answer(NOREPLICAS, '+OK', '+OK', '+QUEUED', '*1\r\n+OK');
    moveTo(stage, 'A', 1);
    expect(stage.at('A').commands).toEqual(['INCR a']);
    stage.at('A').answer(':1');
    expect(stage.received()).toEqual([':1', '+OK', '+OK', '+QUEUED', '*1\r\n+OK']);
  });

  it('CLIENT TRACKING runs again: what it changed is gone with the connection', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'CLIENT TRACKING ON');
    stage.at('A').answer(NOREPLICAS, '+OK');
    moveTo(stage, 'A', 1);
    expect(stage.at('A').commands).toEqual(['INCR a', 'CLIENT TRACKING ON']);
  });

  it('a lost connection settles what is behind a refused transaction, not the transaction itself', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'SET a 1', 'EXEC', 'INCR b');
    stage.at('A').answer('+OK', '-REDIRECT h:2');
    stage.at('A').lose();
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET a 1', 'EXEC']);
    stage.at('B').answer('+OK', '+QUEUED', '*1\r\n+OK');
    expect(stage.words()).toEqual(['+OK', '+QUEUED', '*1', '-UNCERTAIN']);
  });

  it('an aborted transaction runs again', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'MULTI', 'INCR b', 'EXEC');
    stage.at('A').answer(READONLY, '+OK', READONLY, EXECABORT);
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['INCR a', 'MULTI', 'INCR b', 'EXEC']);
  });

  it('QUIT runs again, and is answered when its turn comes', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'QUIT');
    stage.at('A').answer('-REDIRECT h:2', '+OK');
    stage.at('A').lose();
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['INCR a', 'QUIT']);
    stage.at('B').answer(':1', '+OK');
    expect(stage.received()).toEqual([':1', '+OK']);
    expect(stage.ended).toBe('in order');
  });

  it('a WATCH that ended with another transaction is not kept with the one that committed', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'WATCH w', 'MULTI', 'GET a', 'EXEC', 'MULTI', 'INCR b', 'EXEC');
    stage.at('A').answer(NOREPLICAS, '+OK', '+OK', '+QUEUED', '*1\r\n$1\r\n0', '+OK', '+QUEUED', '*1\r\n:1');
    moveTo(stage, 'A', 1);
    expect(stage.at('A').commands).toEqual(['INCR a', 'WATCH w', 'MULTI', 'GET a', 'EXEC']);
  });

  it('UNBLOCKED behind the cut: what is behind that was not executed either', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'BLPOP q 0', 'INCR b');
    stage
      .at('A')
      .answer(
        '-LOADING Valkey is loading the dataset in memory',
        '-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
      );
    stage.at('A').lose();
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['INCR a', 'BLPOP q 0', 'INCR b']);
  });

  it('UNBLOCKED with commands behind it: the node executed none of them, all run again', () => {
    const stage = Stage.flowing();
    stage.client('BLPOP q 0', 'INCR a', 'GET a');
    stage
      .at('A')
      .answer('-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)');
    stage.at('A').lose();
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['BLPOP q 0', 'INCR a', 'GET a']);
    expect(stage.received()).toEqual([]);
  });

  it.each([
    ['A', 1, 'has been the primary all the time: they stand', ['INCR a'], ['+QUEUED', '*1', ':0']],
    [
      'B',
      2,
      'was not: they run again',
      ['INCR a', 'MULTI', 'PUBLISH c m', 'EXEC', 'EVAL x 0'],
      ['+QUEUED', '*1', ':0'],
    ],
    ['A', 3, 'may have been in between: nobody knows', ['INCR a'], ['+QUEUED', '-UNCERTAIN', '-UNCERTAIN']],
    ['B', 4, 'may have been in between: nobody knows', ['INCR a'], ['+QUEUED', '-UNCERTAIN', '-UNCERTAIN']],
  ])(
    'answers of scripts and PUBLISH, then %s is the primary of term %i: the node %s',
    (node, term, _, again, answers) => {
      const stage = Stage.flowing();
      stage.client('INCR a', 'MULTI', 'PUBLISH c m', 'EXEC', 'EVAL x 0');
      stage.at('A').answer('-REDIRECT h:2', '+OK', '+QUEUED', '*1\r\n:0', ':0');
      moveTo(stage, node, term);
      expect(stage.at(node).commands).toEqual(again);
      stage.at(node).answer(...[':1', '+OK', '+QUEUED', '*1\r\n:0', ':0'].slice(0, again.length));
      expect(stage.words()).toEqual([':1', '+OK', ...answers]);
      expect(stage.session.retained).toEqual({ bytes: 0, commands: 0, notes: 0 });
    },
  );

  it('what the topology said last does not count if the node itself disagrees', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'EVAL x 0');
    stage.at('A').answer('-REDIRECT h:2', ':0');
    stage.primary('A', 1);
    stage.at('A').accept('slave');
    moveTo(stage, 'B');
    expect(stage.at('B').commands).toEqual(['INCR a', 'EVAL x 0']);
  });
});
