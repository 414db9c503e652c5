import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

function reconnect(stage: Stage, node = 'B'): void {
  stage.primary(node);
  stage.at(node).accept();
}

describe("onUncertain 'retry'", () => {
  it('a write on the wire runs again', () => {
    const stage = Stage.flowing({ onUncertain: 'retry' });
    stage.client('INCR a', 'MULTI', 'INCR b', 'EXEC');
    stage.at('A').lose();
    reconnect(stage);
    expect(stage.at('B').commands).toEqual(['INCR a', 'MULTI', 'INCR b', 'EXEC']);
    stage.at('B').answer(':1', '+OK', '+QUEUED', '*1\r\n:1');
    expect(stage.received()).toEqual([':1', '+OK', '+QUEUED', '*1\r\n:1']);
  });

  it('a transaction that may have run and lost its WATCH is uncertain: nil would say that it did not', () => {
    const stage = Stage.flowing({ onUncertain: 'retry' });
    stage.client('WATCH w');
    stage.at('A').answer('+OK');
    stage.client('MULTI', 'INCR b', 'EXEC');
    stage.at('A').lose();
    reconnect(stage);
    expect(stage.at('B').commands).toEqual([]);
    expect(stage.words()).toEqual(['+OK', '+OK', '+QUEUED', '-UNCERTAIN']);
  });

  it('a write that cannot be run again in time is uncertain: it may have run the first time', () => {
    const stage = Stage.flowing({ onUncertain: 'retry', holdTimeoutMs: 1_000 });
    stage.client('GET a', 'INCR a', 'MULTI', 'INCR b', 'EXEC');
    stage.at('A').lose();
    stage.client('INCR c');
    stage.wait(1_100);
    expect(stage.words()).toEqual(['-HOLDTIMEOUT', '-UNCERTAIN', '+OK', '+QUEUED', '-UNCERTAIN', '-HOLDTIMEOUT']);
  });
});

describe('a lost connection', () => {
  it('half an answer was received: the client gets the whole of the next, not the half', () => {
    const stage = Stage.flowing();
    stage.client('GET a');
    stage.at('A').handlers.onData(Buffer.from('$10\r\nhello'));
    stage.at('A').lose();
    reconnect(stage);
    stage.at('B').answer('$2\r\nhi');
    expect(stage.received()).toEqual(['$2\r\nhi']);
  });

  it('what of a command was sent without its end did not run', () => {
    const stage = Stage.flowing();
    const bytes = Buffer.from(`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$400000\r\n${'x'.repeat(400_000)}\r\n`);
    const a = stage.at('A');
    const write = a.write.bind(a);
    a.write = (chunk) => {
      write(chunk);
      a.writable = false;
    };
    stage.raw(bytes);
    a.lose();
    reconnect(stage);
    expect(stage.at('B').commands).toEqual([`SET a ${'x'.repeat(400_000)}`]);
  });

  it('MULTI without EXEC on the wire: the transaction goes on elsewhere', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'INCR a');
    stage.at('A').lose();
    reconnect(stage);
    expect(stage.at('B').commands).toEqual(['MULTI', 'INCR a']);
    stage.client('EXEC');
    stage.at('B').answer('+OK', '+QUEUED', '*1\r\n:1');
    expect(stage.received()).toEqual(['+OK', '+QUEUED', '*1\r\n:1']);
  });

  it('EXEC that is UNCERTAIN ends the WATCH before it, also on the next connection', () => {
    const stage = Stage.flowing();
    stage.client('GET a', 'WATCH w', 'MULTI', 'SET w 1', 'EXEC', 'MULTI', 'GET w', 'EXEC');
    stage.at('A').lose();
    reconnect(stage);
    expect(stage.at('B').commands).toEqual(['GET a', 'MULTI', 'GET w', 'EXEC']);
  });

  it('EXEC of reads alone runs again', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'GET a', 'EXEC');
    stage.at('A').lose();
    reconnect(stage);
    expect(stage.at('B').commands).toEqual(['MULTI', 'GET a', 'EXEC']);
  });

  it('EXEC after a WATCH that was lost: nil, not UNCERTAIN, since it was not sent', () => {
    const stage = Stage.flowing();
    stage.client('WATCH w', 'MULTI', 'SET w 1');
    stage.at('A').answer('+OK', '+OK', '+QUEUED');
    stage.received();
    stage.at('A').lose();
    stage.client('EXEC');
    reconnect(stage);
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET w 1', 'DISCARD']);
    stage.at('B').answer('+OK', '+QUEUED', '+OK');
    expect(stage.received()).toEqual(['*-1']);
  });

  it('an EXEC without MULTI does not end a WATCH', () => {
    const stage = Stage.flowing();
    stage.client('WATCH w', 'EXEC');
    stage.at('A').answer('+OK', '-ERR EXEC without MULTI');
    stage.at('A').lose();
    reconnect(stage);
    stage.client('MULTI', 'SET w 1', 'EXEC');
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET w 1', 'DISCARD']);
  });

  it('QUIT on the wire is answered: the client has what it wanted', () => {
    const stage = Stage.flowing();
    stage.client('QUIT');
    stage.at('A').lose();
    expect(stage.received()).toEqual(['+OK']);
    expect(stage.ended).toBe('in order');
  });

  it('tells how many commands became uncertain', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'MULTI', 'INCR b', 'INCR c', 'EXEC', 'GET a', 'PUBLISH c x');
    stage.at('A').lose();
    expect(stage.events.filter((event) => event.type === 'uncertain')).toEqual([
      { type: 'uncertain', node: 'A', commands: 3, fate: 'answered' },
    ]);
  });

  it('an idle session is back with a node before its next command', () => {
    const stage = Stage.flowing();
    stage.at('A').lose();
    reconnect(stage, 'A');
    expect(stage.session.state.at).toBe('flowing');
  });

  it('SUBSCRIBE confirmed in part: what is missing follows, and each name is confirmed once', () => {
    const stage = Stage.flowing();
    stage.client('SUBSCRIBE x y');
    stage.at('A').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1');
    expect(stage.received().length).toBe(1);
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SUBSCRIBE x']);
    stage.at('B').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1');
    expect(stage.at('B').commands).toEqual(['SUBSCRIBE x y']);
    stage.at('B').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1');
    stage.at('B').send('*3\r\n$9\r\nsubscribe\r\n$1\r\ny\r\n:2');
    expect(stage.received()).toEqual(['*3\r\n$9\r\nsubscribe\r\n$1\r\ny\r\n:2']);
    expect(stage.session.unanswered).toBe(0);
  });

  it('UNSUBSCRIBE of all confirmed in part: the rest is confirmed, and nothing is subscribed again', () => {
    const stage = Stage.flowing();
    stage.client('SUBSCRIBE x y z');
    stage.at('A').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1');
    stage.at('A').send('*3\r\n$9\r\nsubscribe\r\n$1\r\ny\r\n:2', '*3\r\n$9\r\nsubscribe\r\n$1\r\nz\r\n:3');
    stage.client('UNSUBSCRIBE');
    stage.at('A').answer('*3\r\n$11\r\nunsubscribe\r\n$1\r\nx\r\n:2');
    stage.received();
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SUBSCRIBE y z']);
    stage.at('B').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\ny\r\n:1');
    stage.at('B').send('*3\r\n$9\r\nsubscribe\r\n$1\r\nz\r\n:2');
    expect(stage.at('B').commands).toEqual(['UNSUBSCRIBE']);
    stage.at('B').answer('*3\r\n$11\r\nunsubscribe\r\n$1\r\ny\r\n:1');
    stage.at('B').send('*3\r\n$11\r\nunsubscribe\r\n$1\r\nz\r\n:0');
    expect(stage.received().length).toBe(2);
    expect(stage.session.unanswered).toBe(0);
  });

  it.each(['PUBLISH c m', 'SPUBLISH c m'])('%s on the wire is UNCERTAIN: it may have been heard', (command) => {
    const stage = Stage.flowing();
    stage.client(command);
    stage.at('A').lose();
    expect(stage.words()).toEqual(['-UNCERTAIN']);
  });
});
