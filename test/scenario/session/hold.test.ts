import { describe, expect, it } from 'vitest';
import type { SessionOptions } from '../../../src/session/index.js';
import { Stage } from './stage.js';

const BLPOP = 'BLPOP q 0';

function held(options: Partial<SessionOptions> = {}): Stage {
  const stage = Stage.flowing(options);
  stage.session.hold(1_000);
  return stage;
}

describe('a session on hold by notice', () => {
  it('sends nothing, keeps its connection, and goes on when it is released', () => {
    const stage = held();
    stage.client('SET a 1');
    expect(stage.at('A').commands).toEqual([]);
    expect(stage.session.state.at).toBe('holding');
    stage.wait(40);
    stage.session.release();
    expect(stage.at('A').commands).toEqual(['SET a 1']);
    stage.at('A').answer('+OK');
    expect(stage.received()).toEqual(['+OK']);
    expect(stage.events.slice(1)).toEqual([
      { type: 'hold', node: 'A', cause: 'notice', limitMs: 1_000 },
      { type: 'resume', node: 'A', why: 'released', heldMs: 40 },
    ]);
  });

  it('goes on by itself when the time is over', () => {
    const stage = held();
    stage.client('SET a 1');
    stage.wait(999);
    expect(stage.at('A').commands).toEqual([]);
    stage.wait(1);
    expect(stage.at('A').commands).toEqual(['SET a 1']);
    expect(stage.events.at(-1)).toEqual({ type: 'resume', node: 'A', why: 'ran-out', heldMs: 1_000 });
  });

  it('goes on when a command has waited for holdTimeoutMs: nothing is given up that a node would take', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 300 });
    stage.session.hold(1_000);
    stage.wait(100);
    stage.client('SET a 1');
    stage.wait(299);
    expect(stage.at('A').commands).toEqual([]);
    stage.wait(1);
    expect(stage.at('A').commands).toEqual(['SET a 1']);
    expect(stage.events.at(-1)).toMatchObject({ type: 'resume', why: 'held-too-long', heldMs: 400 });
  });

  it('passes on the answers that it is owed', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1', 'GET a');
    stage.session.hold(1_000);
    expect(stage.session.quiet).toBe(false);
    stage.at('A').answer('+OK');
    expect(stage.received()).toEqual(['+OK']);
    expect([stage.session.quiet, stage.standstills]).toEqual([false, 0]);
    stage.at('A').answer('$1\r\n1');
    expect(stage.received()).toEqual(['$1\r\n1']);
    expect([stage.session.quiet, stage.standstills]).toEqual([true, 1]);
  });

  it('leaves for another primary at once, replaying what waits', () => {
    const stage = held();
    stage.client('SET a 1');
    stage.wait(5);
    stage.primary('B');
    expect(stage.connections[0]!.closed).toBe(true);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1']);
    expect(stage.session.state.at).toBe('flowing');
    expect(stage.events.at(-1)).toMatchObject({ type: 'move', node: 'B', term: 2, replayed: 0, heldMs: 5 });
    stage.wait(2_000);
    expect(stage.events.at(-1)!.type).toBe('move');
  });

  it('a refusal is the cut', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1', 'GET a');
    stage.session.hold(1_000);
    stage.client('SET b 1');
    stage.at('A').answer('-REDIRECT h:2', '-REDIRECT h:2');
    expect(stage.session.state.at).toBe('seeking');
    expect([stage.session.quiet, stage.standstills]).toEqual([true, 1]);
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1', 'GET a', 'SET b 1']);
  });

  it('what was in flight and refused waits no longer than holdTimeoutMs from then on', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 300 });
    stage.client('SET a 1');
    stage.session.hold(1_000);
    stage.wait(400);
    stage.at('A').answer('-REDIRECT h:2');
    stage.wait(299);
    expect(stage.received()).toEqual([]);
    stage.wait(2);
    expect(stage.words()).toEqual(['-HOLDTIMEOUT']);
  });

  it('a lost connection is a lost connection, and the hold goes on at the same node', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1', 'GET a');
    stage.session.hold(1_000);
    stage.at('A').lose();
    stage.primary('A', 1);
    stage.at('A').accept();
    expect(stage.session.state.at).toBe('holding');
    expect(stage.at('A').commands).toEqual([]);
    expect(stage.words()).toEqual(['-UNCERTAIN']);
    stage.session.release();
    expect(stage.at('A').commands).toEqual(['GET a']);
  });

  it('HOLDLIMIT holds in it', () => {
    const stage = held({ replayCommandsMax: 1 });
    stage.client('SET a 1');
    stage.client('SET b 1');
    stage.session.release();
    stage.at('A').answer('+OK');
    expect(stage.words()).toEqual(['+OK', '-HOLDLIMIT']);
  });

  it.each([
    ['shorter', 500],
    ['longer', 1_500],
  ])('a second one that is %s: the later end counts', (_what, until) => {
    const stage = held();
    stage.session.hold(until);
    stage.client('SET a 1');
    stage.wait(Math.max(until, 1_000) - 1);
    expect(stage.at('A').commands).toEqual([]);
    stage.wait(1);
    expect(stage.at('A').commands).toEqual(['SET a 1']);
    expect(stage.events.filter(({ type }) => type === 'hold').length).toBe(1);
  });

  it('one whose time is over already is none', () => {
    const stage = Stage.flowing();
    stage.session.hold(0);
    expect(stage.session.state.at).toBe('flowing');
  });
});

describe('a hold does not wait for', () => {
  it('a command that blocks, nor for those behind it', () => {
    const stage = Stage.flowing();
    stage.client(BLPOP, 'SET a 1');
    stage.session.hold(1_000);
    expect([stage.session.quiet, stage.standstills]).toEqual([true, 0]);
    stage.at('A').answer('*2\r\n$1\r\nq\r\n$1\r\ne');
    expect(stage.session.quiet).toBe(false);
    stage.at('A').answer('+OK');
    expect([stage.session.quiet, stage.standstills]).toEqual([true, 1]);
  });

  it('but for what stands before it', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1', BLPOP);
    stage.session.hold(1_000);
    expect(stage.session.quiet).toBe(false);
    stage.at('A').answer('+OK');
    expect([stage.session.quiet, stage.standstills]).toEqual([true, 1]);
  });

  it.each(['XREAD BLOCK 0 STREAMS s $', 'WAIT 1 0'])('%s', (command) => {
    const stage = Stage.flowing();
    stage.client(command);
    stage.session.hold(1_000);
    expect(stage.session.quiet).toBe(true);
  });

  it('XREAD that does not block is waited for', () => {
    const stage = Stage.flowing();
    stage.client('XREAD STREAMS s 0');
    stage.session.hold(1_000);
    expect(stage.session.quiet).toBe(false);
  });

  it('the blocked command moves when the node lets go of it', () => {
    const stage = Stage.flowing();
    stage.client(BLPOP, 'SET a 1');
    stage.session.hold(1_000);
    stage.primary('B');
    expect(stage.session.state.at).toBe('leaving');
    stage.at('A').answer('-UNBLOCKED force unblock from blocking operation, instance state changed');
    stage.at('A').lose();
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual([BLPOP, 'SET a 1']);
  });

  it('one that comes in a hold is sent with the time that is left', () => {
    const stage = held();
    stage.client('BLPOP q 2');
    stage.wait(500);
    stage.session.release();
    expect(stage.at('A').commands).toEqual(['BLPOP q 1.5']);
  });
});

describe('a hold that comes when the session is with no node', () => {
  it('is kept in mind while it joins', () => {
    const stage = new Stage();
    stage.session.open({ node: 'A', term: 1 });
    stage.session.hold(1_000);
    stage.client('SET a 1');
    stage.at('A').accept();
    expect(stage.session.state.at).toBe('holding');
    expect(stage.at('A').commands).toEqual([]);
    expect(stage.events.map(({ type }) => type)).toEqual(['move', 'hold']);
    stage.wait(1_000);
    expect(stage.at('A').commands).toEqual(['SET a 1']);
  });

  it('before it has begun', () => {
    const stage = new Stage();
    stage.session.hold(1_000);
    stage.wait(10);
    expect(stage.seeks).toEqual([]);
    stage.session.open({ node: 'A', term: 1 });
    stage.at('A').accept();
    expect(stage.session.state.at).toBe('holding');
    stage.primary('B', 2);
    stage.at('B').accept();
    expect(stage.session.state.at).toBe('flowing');
  });

  it('does not keep it from the next primary', () => {
    const stage = Stage.flowing();
    stage.at('A').lose();
    stage.session.hold(1_000);
    stage.client('SET a 1');
    stage.primary('B', 2);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1']);
  });

  it('released before it has joined: it flows', () => {
    const stage = Stage.flowing();
    stage.at('A').lose();
    stage.session.hold(1_000);
    stage.session.release();
    stage.primary('A', 1);
    stage.at('A').accept();
    expect(stage.session.state.at).toBe('flowing');
  });

  it('over before it has joined: it flows', () => {
    const stage = Stage.flowing();
    stage.at('A').lose();
    stage.session.hold(50);
    stage.wait(60);
    stage.primary('A', 1);
    stage.at('A').accept();
    expect(stage.session.state.at).toBe('flowing');
  });

  it('released while it drains: it goes where it was going', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1');
    stage.primary('B', 2);
    stage.session.hold(1_000);
    stage.session.release();
    stage.at('A').answer('+OK');
    stage.at('B').accept();
    expect(stage.session.state.at).toBe('flowing');
  });
});

describe('held in the middle of', () => {
  it('a transaction: it is replayed whole elsewhere', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'SET a 1');
    stage.session.hold(1_000);
    stage.at('A').answer('+OK', '+QUEUED');
    stage.client('EXEC');
    expect(stage.at('A').commands).toEqual([]);
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET a 1', 'EXEC']);
    stage.at('B').answer('+OK', '+QUEUED', '*1\r\n+OK');
    expect(stage.received()).toEqual(['+OK', '+QUEUED', '*1\r\n+OK']);
  });

  it('a transaction: it goes on where it is when released', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'SET a 1');
    stage.at('A').answer('+OK', '+QUEUED');
    stage.session.hold(1_000);
    stage.client('EXEC');
    stage.session.release();
    expect(stage.at('A').commands).toEqual(['EXEC']);
  });

  it('a command whose bytes are half written: the other half follows on release', () => {
    const stage = Stage.flowing();
    const value = 'x'.repeat(600_000);
    const a = stage.at('A');
    const write = a.write.bind(a);
    a.write = (chunk) => {
      write(chunk);
      a.writable = false;
    };
    stage.client(`SET a ${value}`, 'GET a');
    expect(stage.session.retained.commands).toBe(2);
    stage.session.hold(1_000);
    expect(stage.session.quiet).toBe(true);
    a.write = write;
    a.writable = true;
    a.handlers.onWritable();
    expect(a.commands).toEqual([]);
    stage.session.release();
    expect(a.commands).toEqual([`SET a ${value}`, 'GET a']);
  });

  it('a command whose bytes are half written: it is sent whole elsewhere', () => {
    const stage = Stage.flowing();
    const value = 'x'.repeat(600_000);
    const a = stage.at('A');
    a.write = () => {
      a.writable = false;
    };
    stage.client(`SET a ${value}`, 'GET a');
    stage.session.hold(1_000);
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual([`SET a ${value}`, 'GET a']);
  });

  it('a client that says QUIT: it is answered when the hold is over', () => {
    const stage = held();
    stage.client('SET a 1', 'QUIT');
    stage.primary('B');
    stage.at('B').accept();
    stage.at('B').answer('+OK', '+OK');
    expect(stage.received()).toEqual(['+OK', '+OK']);
    expect(stage.ended).toBe('in order');
  });

  it('SUBSCRIBE: messages come, and the subscription moves', () => {
    const stage = Stage.flowing();
    stage.client('SUBSCRIBE c', 'SUBSCRIBE d');
    stage.at('A').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1');
    stage.session.hold(1_000);
    expect(stage.session.quiet).toBe(false);
    stage.at('A').send('*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm');
    expect(stage.standstills).toBe(0);
    stage.at('A').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nd\r\n:2');
    expect(stage.standstills).toBe(1);
    expect(stage.received().length).toBe(3);
    stage.client('PING');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SUBSCRIBE c d']);
    stage.at('B').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nd\r\n:2');
    expect(stage.at('B').commands).toEqual(['PING']);
  });

  it('CLIENT REPLY OFF: the node owes what the client will not see', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT REPLY OFF', 'SET a 1');
    stage.session.hold(1_000);
    expect(stage.session.quiet).toBe(false);
    stage.at('A').answer('+OK');
    expect([stage.session.quiet, stage.standstills]).toEqual([true, 1]);
    stage.client('SET b 1', 'CLIENT REPLY ON');
    expect(stage.received()).toEqual([]);
    stage.session.release();
    stage.at('A').answer('+OK');
    expect(stage.received()).toEqual(['+OK']);
  });

  it('a pipeline of which the end is refused and a script ran: the new primary is asked whether it is', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1', 'EVAL x 0');
    stage.session.hold(1_000);
    stage.session.prepare({ node: 'B', term: 1 });
    stage.at('B').accept('slave');
    stage.at('B').restore();
    stage.connections[0]!.answer('-REDIRECT h:2', '+perhaps');
    expect(stage.session.quiet).toBe(true);
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['ROLE']);
    stage.at('B').restore();
    expect(stage.at('B').commands).toEqual(['SET a 1', 'EVAL x 0']);
  });
});

describe('a client that does not read', () => {
  it('is not quiet until it has taken its answers', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1');
    stage.session.pause();
    stage.session.hold(1_000);
    expect(stage.at('A').paused).toBe(true);
    expect(stage.session.quiet).toBe(false);
    stage.session.resume();
    stage.at('A').answer('+OK');
    expect([stage.session.quiet, stage.standstills]).toEqual([true, 1]);
  });

  it('loses no answer that has come already, however long it takes', () => {
    const stage = Stage.flowing({ drainTimeoutMs: 1_000 });
    stage.client('SET a 1');
    stage.session.pause();
    stage.primary('B');
    stage.wait(60_000);
    expect(stage.at('A').closed).toBe(false);
    stage.session.resume();
    expect(stage.at('A').paused).toBe(false);
    stage.at('A').answer('+OK');
    expect(stage.received()).toEqual(['+OK']);
    expect(stage.connections.length).toBe(2);
  });

  it('has all of drainTimeoutMs from then on', () => {
    const stage = Stage.flowing({ drainTimeoutMs: 1_000 });
    stage.client('SET a 1');
    stage.session.pause();
    stage.primary('B');
    stage.wait(60_000);
    stage.session.resume();
    stage.wait(999);
    expect(stage.received()).toEqual([]);
    stage.wait(1);
    expect(stage.words()).toEqual(['-UNCERTAIN']);
  });

  it('is restored elsewhere all the same, and reads nothing there', () => {
    const stage = Stage.flowing();
    stage.session.pause();
    stage.primary('B');
    expect(stage.at('B').paused).toBe(false);
    stage.at('B').accept();
    expect(stage.session.state.at).toBe('flowing');
    expect(stage.at('B').paused).toBe(true);
    stage.session.resume();
    expect(stage.at('B').paused).toBe(false);
  });
});
