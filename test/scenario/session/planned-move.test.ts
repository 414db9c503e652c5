import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

describe('a switch seen through the replies', () => {
  it.each([
    ['-REDIRECT 127.0.0.1:2', 'REDIRECT'],
    ['-MOVED -1 127.0.0.1:2', 'MOVED -1'],
    ["-READONLY You can't write against a read only replica.", 'READONLY'],
  ])('%s: the refused command runs on the new primary', (refusal) => {
    const stage = Stage.flowing();
    stage.client('SET a 1');
    stage.at('A').answer(refusal);
    expect(stage.received()).toEqual([]);
    expect(stage.seeks.at(-1)?.refusedBy).toBe('A');
    stage.primary('B');
    expect(stage.connections[0]!.closed).toBe(true);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1']);
    stage.at('B').answer('+OK');
    expect(stage.received()).toEqual(['+OK']);
  });

  it('a half-executed pipeline is cut exactly where it was refused', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'INCR b', 'INCR c', 'GET a');
    stage.at('A').answer(':1', '-REDIRECT h:2');
    stage.client('INCR d');
    stage.at('A').answer('-REDIRECT h:2', '$1\r\n9');
    expect(stage.received()).toEqual([':1']);
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['INCR b', 'INCR c', 'GET a', 'INCR d']);
    stage.at('B').answer(':2', ':3', '$1\r\n1', ':4');
    expect(stage.received()).toEqual([':2', ':3', '$1\r\n1', ':4']);
  });

  it('a write that succeeds behind the cut has run: its answer is kept for its turn', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'INCR b', 'INCR c');
    stage.at('A').answer('-NOREPLICAS Not enough good replicas to write.', ':5', ':6');
    expect(stage.received()).toEqual([]);
    stage.primary('A');
    stage.at('A').accept();
    expect(stage.at('A').commands).toEqual(['INCR a']);
    stage.at('A').answer(':1');
    expect(stage.received()).toEqual([':1', ':5', ':6']);
  });

  it('a transaction is replayed whole and the answers that the client has are swallowed', () => {
    const stage = Stage.flowing();
    stage.client('MULTI');
    stage.client('SET a 1');
    stage.at('A').answer('+OK', '+QUEUED');
    expect(stage.received()).toEqual(['+OK', '+QUEUED']);
    stage.client('EXEC');
    stage.at('A').answer('-REDIRECT h:2');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET a 1', 'EXEC']);
    stage.at('B').answer('+OK', '+QUEUED', '*1\r\n+OK');
    expect(stage.received()).toEqual(['*1\r\n+OK']);
    stage.client('GET a');
    stage.at('B').answer('$1\r\n1');
    expect(stage.received()).toEqual(['$1\r\n1']);
  });

  it('WATCH does not survive: EXEC answers nil and commits nothing', () => {
    const stage = Stage.flowing();
    stage.client('WATCH w');
    stage.at('A').answer('+OK');
    stage.client('MULTI', 'SET w 1', 'EXEC');
    stage.at('A').answer('+OK', '-REDIRECT h:2', '-EXECABORT Transaction discarded because of previous errors.');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET w 1', 'DISCARD']);
    stage.at('B').answer('+OK', '+QUEUED', '+OK');
    expect(stage.received()).toEqual(['+OK', '+OK', '+QUEUED', '*-1']);
  });

  it('WATCH before a move and everything else after it: EXEC answers nil, the next transaction commits', () => {
    const stage = Stage.flowing();
    stage.client('WATCH w');
    stage.at('A').answer('+OK');
    stage.primary('B');
    stage.at('B').accept();
    stage.client('MULTI', 'SET w 1', 'EXEC', 'MULTI', 'SET w 2', 'EXEC');
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET w 1', 'DISCARD', 'MULTI', 'SET w 2', 'EXEC']);
    stage.at('B').answer('+OK', '+QUEUED', '+OK', '+OK', '+QUEUED', '*1\r\n+OK');
    expect(stage.received()).toEqual(['+OK', '+OK', '+QUEUED', '*-1', '+OK', '+QUEUED', '*1\r\n+OK']);
  });

  it('a blocking command goes on with the time that is left', () => {
    const stage = Stage.flowing();
    stage.client('BLPOP q 5');
    stage.wait(2_000);
    stage
      .at('A')
      .answer('-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)');
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['BLPOP q 3']);
    stage.at('B').answer('*-1');
    expect(stage.received()).toEqual(['*-1']);
  });

  it('a script refused within EXEC: the transaction runs again as a whole', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'EVAL x 0', 'EXEC');
    stage
      .at('A')
      .answer(
        '+OK',
        '+QUEUED',
        "*1\r\n-READONLY You can't write against a read only replica. script: x, on @user_script:1.",
      );
    expect(stage.received()).toEqual(['+OK', '+QUEUED']);
    stage.primary('B');
    const b = stage.at('B');
    b.handlers.onOpen();
    expect(b.commands.some((command) => command.startsWith('SCRIPT EXISTS'))).toBe(true);
    b.restore();
    expect(b.commands).toEqual(['SCRIPT LOAD x']);
    b.restore();
    expect(b.commands).toEqual(['MULTI', 'EVAL x 0', 'EXEC']);
    b.answer('+OK', '+QUEUED', '*1\r\n:1');
    expect(stage.received()).toEqual(['*1\r\n:1']);
  });

  it('a script answered behind the cut by a node that was demoted runs again', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'EVAL x 0');
    stage.at('A').answer('-REDIRECT h:2', ':0');
    stage.primary('B');
    stage.at('B').handlers.onOpen();
    stage.at('B').restore();
    stage.at('B').restore();
    expect(stage.at('B').commands).toEqual(['INCR a', 'EVAL x 0']);
  });
});

describe('a lost connection', () => {
  it('a write on the wire is uncertain, once; a read runs again; the session lives on', () => {
    const stage = Stage.flowing();
    stage.client('GET a', 'SET a 1', 'GET a');
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['GET a', 'GET a']);
    stage.at('B').answer('$1\r\n0', '$1\r\n1');
    const [first, second, third] = stage.received();
    expect([first, third]).toEqual(['$1\r\n0', '$1\r\n1']);
    expect(second).toMatch(/^-UNCERTAIN /);
    stage.client('SET a 2');
    stage.at('B').answer('+OK');
    expect(stage.received()).toEqual(['+OK']);
  });

  it('what was never written is not uncertain', () => {
    const stage = Stage.flowing();
    stage.at('A').writable = false;
    stage.client('SET a 1');
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1']);
  });

  it('EXEC on the wire is uncertain once, its transaction is not run again', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'SET a 1', 'EXEC', 'GET a');
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['GET a']);
    expect(stage.received().map((frame) => frame.split(' ')[0])).toEqual(['+OK', '+QUEUED', '-UNCERTAIN']);
    stage.at('B').answer('$1\r\n1');
    expect(stage.received()).toEqual(['$1\r\n1']);
  });
});

describe('time', () => {
  it('a command that waits too long is told so, and the session stays usable', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('SET a 1');
    stage.at('A').answer('-REDIRECT h:2');
    stage.wait(600);
    stage.client('SET b 1');
    stage.wait(500);
    expect(stage.received().map((frame) => frame.split(' ')[0])).toEqual(['-HOLDTIMEOUT']);
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET b 1']);
  });
});
