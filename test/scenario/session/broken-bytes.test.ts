import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

describe('bytes of the client that are no RESP', () => {
  it('are answered in their turn, and end the session', () => {
    const stage = Stage.flowing();
    stage.client('GET a');
    stage.raw('*1\r\n!bad\r\n');
    expect(stage.received()).toEqual([]);
    stage.client('GET b');
    expect(stage.at('A').commands).toEqual(['GET a']);
    stage.at('A').answer('$1\r\n1');
    expect(stage.words()).toEqual(['$1', '-ERR']);
    expect(stage.ended).toBe('in order');
    expect(stage.events).toContainEqual({ type: 'unreadable', code: 'SEGUE_RESP_BAD_TYPE' });
    expect(stage.at('A').closed).toBe(true);
  });

  it('on hold, they wait for their turn as well', () => {
    const stage = Stage.flowing();
    stage.client('GET a');
    stage.at('A').lose();
    stage.raw('*x\r\n');
    expect(stage.ended).toBeUndefined();
    stage.primary('B');
    stage.at('B').accept();
    stage.at('B').answer('$1\r\n1');
    expect(stage.words()).toEqual(['$1', '-ERR']);
    expect(stage.ended).toBe('in order');
  });
});

describe('bytes of the node that are no RESP', () => {
  it('are as good as a lost connection', () => {
    const stage = Stage.flowing();
    stage.client('GET a', 'SET a 1');
    stage.at('A').handlers.onData(Buffer.from('what?\r\n'));
    expect(stage.connections[0]!.closed).toBe(true);
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['GET a']);
    stage.at('B').answer('$1\r\n1');
    expect(stage.words()).toEqual(['$1', '-UNCERTAIN']);
  });

  it('while joining: another attempt', () => {
    const stage = Stage.flowing();
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').handlers.onOpen();
    stage.at('B').handlers.onData(Buffer.from('HTTP/1.1 400 Bad Request\r\n'));
    expect(stage.connections[1]!.closed).toBe(true);
    expect(stage.session.state.at).toBe('seeking');
  });

  it('behind the last answer of a node that is left: the next connection does not suffer', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1');
    stage.primary('B');
    stage.at('A').handlers.onData(Buffer.from('-REDIRECT h:2\r\nwhat?\r\n'));
    expect(stage.at('B').closed).toBe(false);
    stage.at('B').accept();
    stage.at('B').answer('+OK');
    expect(stage.received()).toEqual(['+OK']);
  });

  it('an answer that nobody asked for is not given to anybody', () => {
    const stage = Stage.flowing();
    stage.at('A').send('-ERR max number of clients reached');
    stage.client('GET a');
    stage.at('A').answer('$1\r\n1');
    expect(stage.received()).toEqual(['$1\r\n1']);
  });
});

describe('empty lines', () => {
  it('are nobody’s commands, and are not kept', () => {
    const stage = Stage.flowing();
    for (let i = 0; i < 100; i++) stage.raw('\r\n*0\r\n*-1\r\n  \r\n');
    expect(stage.session.retained).toEqual({ bytes: 0, commands: 0, notes: 0 });
    stage.raw('\r\nGET a\r\n');
    stage.at('A').answer('$1\r\n1');
    stage.raw('\r\n');
    expect(stage.received()).toEqual(['$1\r\n1']);
    expect(stage.session.retained).toEqual({ bytes: 0, commands: 0, notes: 0 });
  });

  it('before a blocking command do not stand in the way of its remaining time', () => {
    const stage = Stage.flowing();
    stage.raw('\r\n*0\r\n*3\r\n$5\r\nBLPOP\r\n$1\r\nq\r\n$1\r\n5\r\n\r\n');
    stage.wait(1_000);
    stage.at('A').answer('-REDIRECT h:2');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['BLPOP q 4']);
  });

  it('behind a command of an open transaction are harmless when it is replayed', () => {
    const stage = Stage.flowing();
    stage.raw('MULTI\r\n\r\nSET a 1\r\n\r\n');
    stage.at('A').answer('+OK', '+QUEUED');
    stage.raw('\r\nEXEC\r\n');
    stage.at('A').answer('-REDIRECT h:2');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands.filter((command) => command !== '')).toEqual(['MULTI', 'SET a 1', 'EXEC']);
  });
});
