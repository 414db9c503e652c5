import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

const UNBLOCKED = '-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)';

function moveToB(stage: Stage): string[] {
  stage.primary('B');
  stage.at('B').accept();
  return stage.at('B').commands;
}

describe('the time that is left', () => {
  it.each([
    ['BLPOP q r 5', 'BLPOP q r 3.5'],
    ['BLMPOP 5 1 q LEFT', 'BLMPOP 3.5 1 q LEFT'],
    ['XREAD COUNT 1 BLOCK 5000 STREAMS s $', 'XREAD COUNT 1 BLOCK 3500 STREAMS s $'],
    ['WAIT 1 5000', 'WAIT 1 3500'],
    ['BLPOP q 0', 'BLPOP q 0'],
    ['BLPOP q 1', 'BLPOP q 0.001'],
    ['XREAD STREAMS s 0', 'XREAD STREAMS s 0'],
    ['BLPOP q nonsense', 'BLPOP q nonsense'],
  ])('%s after 1.5 s is %s', (command, later) => {
    const stage = Stage.flowing();
    stage.client(command);
    stage.wait(1_500);
    stage.at('A').answer('-REDIRECT h:2');
    expect(moveToB(stage)).toEqual([later]);
  });

  it('counts from when the command came, also when it came during a hold', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1');
    stage.at('A').answer('-REDIRECT h:2');
    stage.wait(500);
    stage.client('BLPOP q 5');
    stage.wait(2_000);
    expect(moveToB(stage)).toEqual(['SET a 1', 'BLPOP q 3']);
  });

  it('a second move leaves still less', () => {
    const stage = Stage.flowing();
    stage.client('BLPOP q 5');
    stage.wait(1_000);
    stage.at('A').answer('-REDIRECT h:2');
    moveToB(stage);
    stage.wait(1_000);
    stage.at('B').answer('-REDIRECT h:3');
    stage.primary('C', 3);
    stage.at('C').accept();
    expect(stage.at('C').commands).toEqual(['BLPOP q 3']);
  });
});

describe('UNBLOCKED', () => {
  it('then the connection closes: the command runs again, and nothing is uncertain', () => {
    const stage = Stage.flowing();
    stage.client('BLPOP q 0', 'INCR a');
    stage.at('A').answer(UNBLOCKED);
    stage.at('A').lose();
    expect(moveToB(stage)).toEqual(['BLPOP q 0', 'INCR a']);
    expect(stage.received()).toEqual([]);
  });

  it('without commands behind it the session does not wait for the close', () => {
    const stage = Stage.flowing();
    stage.client('BLPOP q 0');
    stage.at('A').answer(UNBLOCKED);
    expect(moveToB(stage)).toEqual(['BLPOP q 0']);
  });

  it('by CLIENT UNBLOCK … ERROR is the application’s own answer', () => {
    const stage = Stage.flowing();
    stage.client('BLPOP q 0');
    stage.at('A').answer('-UNBLOCKED client unblocked via CLIENT UNBLOCK');
    expect(stage.words()).toEqual(['-UNBLOCKED']);
    expect(stage.session.state.at).toBe('flowing');
  });
});

describe('blocking commands elsewhere', () => {
  it('in MULTI they do not block, and keep their timeout', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'BLPOP q 5', 'EXEC');
    stage.wait(1_000);
    stage.at('A').answer('+OK', '-REDIRECT h:2', '-EXECABORT Transaction discarded because of previous errors.');
    expect(moveToB(stage)).toEqual(['MULTI', 'BLPOP q 5', 'EXEC']);
    stage.at('B').answer('+OK', '+QUEUED', '*1\r\n*-1');
    expect(stage.received()).toEqual(['+OK', '+QUEUED', '*1\r\n*-1']);
  });

  it.each([
    '-ERR WAIT cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.',
    '-ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.',
  ])('%s: it waits at the new primary', (refusal) => {
    const stage = Stage.flowing();
    stage.client('WAIT 1 0');
    stage.at('A').answer(refusal);
    expect(moveToB(stage)).toEqual(['WAIT 1 0']);
    stage.at('B').answer(':1');
    expect(stage.received()).toEqual([':1']);
  });

  it('WAIT answered behind the cut by a node that was demoted waits again', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1', 'WAIT 1 0');
    stage.at('A').answer('-REDIRECT h:2', ':1');
    expect(moveToB(stage)).toEqual(['SET a 1', 'WAIT 1 0']);
  });

  it('lost with its connection, BLPOP may have taken an element: that is told; XREAD waits again', () => {
    const stage = Stage.flowing();
    stage.client('XREAD BLOCK 0 STREAMS s $', 'BLPOP q 0');
    stage.at('A').lose();
    expect(moveToB(stage)).toEqual(['XREAD BLOCK 0 STREAMS s $']);
    stage.at('B').answer('*-1');
    expect(stage.words()).toEqual(['*-1', '-UNCERTAIN']);
  });

  it.each(['WAIT 1 0', 'WAITAOF 1 1 0'])(
    '%s lost with its connection is UNCERTAIN: no other node can speak for those writes',
    (command) => {
      const stage = Stage.flowing();
      stage.client(command);
      stage.at('A').lose();
      expect(moveToB(stage)).toEqual([]);
      expect(stage.words()).toEqual(['-UNCERTAIN']);
    },
  );
});
