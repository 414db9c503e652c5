import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

describe('the topology names another primary', () => {
  it('nothing in flight: the session moves at once', () => {
    const stage = Stage.flowing();
    stage.primary('B');
    expect(stage.connections[0]!.closed).toBe(true);
    stage.client('SET a 1');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1']);
    expect(stage.events.map((event) => event.type)).toEqual(['move', 'hold', 'move']);
  });

  it('while nobody waits, it moves when there is time, and before it sends anything more', () => {
    const stage = Stage.flowing();
    stage.session.primaryIsByNow({ node: 'B', term: 2 });
    expect(stage.session.state.at).toBe('flowing');
    stage.client('PUBLISH c 1');
    expect([stage.connections[0]!.commands, stage.connections[0]!.closed]).toEqual([[], true]);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['PUBLISH c 1']);
    stage.session.catchUp();
    expect(stage.connections.length).toBe(2);
  });

  it('such news do not outdo newer ones', () => {
    const stage = Stage.flowing();
    stage.session.primaryIsByNow({ node: 'B', term: 2 });
    stage.primary('C', 3);
    stage.at('C').accept();
    stage.client('PUBLISH c 1');
    expect(stage.at('C').commands).toEqual(['PUBLISH c 1']);
  });

  it('answers in flight are awaited, what the client sends meanwhile waits for the next node', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'GET a');
    stage.primary('B');
    stage.client('INCR b');
    expect(stage.at('A').commands).toEqual(['INCR a', 'GET a']);
    stage.at('A').answer(':1');
    expect(stage.received()).toEqual([':1']);
    expect(stage.connections.length).toBe(1);
    stage.at('A').answer('$1\r\n1');
    expect(stage.connections[0]!.closed).toBe(true);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['INCR b']);
    stage.at('B').answer(':1');
    expect(stage.received()).toEqual(['$1\r\n1', ':1']);
  });

  it('a refusal in flight is the cut', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'INCR b', 'GET b');
    stage.primary('B');
    stage.at('A').answer(':1', '-REDIRECT h:2', '$-1');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['INCR b', 'GET b']);
    stage.at('B').answer(':1', '$1\r\n1');
    expect(stage.received()).toEqual([':1', ':1', '$1\r\n1']);
  });

  it('half a command was sent: the other half is not', () => {
    const stage = Stage.flowing();
    const command = `*3\r\n$3\r\nSET\r\n$1\r\na\r\n$300000\r\n${'x'.repeat(300_000)}\r\n`;
    const a = stage.at('A');
    a.write = () => {
      a.writable = false;
    };
    stage.raw(Buffer.from(command));
    stage.primary('B');
    expect(a.closed).toBe(true);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual([`SET a ${'x'.repeat(300_000)}`]);
  });

  it('an open transaction moves with its answers', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'INCR a');
    stage.at('A').answer('+OK', '+QUEUED');
    stage.primary('B');
    stage.client('INCR b', 'EXEC');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['MULTI', 'INCR a', 'INCR b', 'EXEC']);
    stage.at('B').answer('+OK', '+QUEUED', '+QUEUED', '*2\r\n:1\r\n:1');
    expect(stage.received()).toEqual(['+OK', '+QUEUED', '+QUEUED', '*2\r\n:1\r\n:1']);
  });

  it('the same node in a new term: the session stays', () => {
    const stage = Stage.flowing();
    stage.client('GET a');
    stage.primary('A', 3);
    expect(stage.at('A').closed).toBe(false);
    stage.at('A').answer('$1\r\n1');
    expect(stage.received()).toEqual(['$1\r\n1']);
  });

  it('a third node while the second is being joined: the second is left', () => {
    const stage = Stage.flowing();
    stage.primary('B');
    stage.primary('C', 3);
    expect(stage.connections.map(({ node, closed }) => `${node} ${closed}`)).toEqual(['A true', 'B true', 'C false']);
    stage.at('C').accept();
    expect(stage.session.state.at).toBe('flowing');
  });

  it('news of an older term is no news', () => {
    const stage = Stage.flowing();
    stage.primary('B', 2);
    stage.at('B').accept();
    stage.primary('A', 1);
    expect(stage.at('B').closed).toBe(false);
    expect(stage.connections.length).toBe(2);
  });

  it('messages of the old node are given while it is being left', () => {
    const stage = Stage.flowing();
    stage.client('SUBSCRIBE x');
    stage.at('A').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1');
    stage.client('PING');
    stage.received();
    stage.primary('B');
    stage.at('A').send('*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$1\r\nm');
    stage.at('A').answer('*2\r\n$4\r\npong\r\n$0\r\n');
    expect(stage.received().length).toBe(2);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SUBSCRIBE x']);
    stage.at('B').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1');
    expect(stage.received()).toEqual([]);
    stage.at('B').send('*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$1\r\nm');
    expect(stage.received().length).toBe(1);
  });
});

describe('a connection that takes no more bytes', () => {
  it('gets the rest when it does', () => {
    const stage = Stage.flowing();
    const a = stage.at('A');
    a.writable = false;
    stage.client('SET a 1', 'SET b 1');
    expect(a.commands).toEqual([]);
    a.writable = true;
    a.handlers.onWritable();
    expect(a.commands).toEqual(['SET a 1', 'SET b 1']);
  });

  it('is left without having been given what it did not take', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1');
    stage.at('A').writable = false;
    stage.client('SET b 1');
    stage.primary('B');
    stage.at('A').answer('+OK');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET b 1']);
  });
});
