import { describe, expect, it } from 'vitest';
import type { SessionOptions } from '../../../src/session/index.js';
import { array, Broadcast, message, pmessage, push } from './broadcast.js';

const MARK = 'segue:mark:test';

/** A RESP2 client that listens to `c` and `p*` at A; B has been prepared if `ahead`. */
function listening(ahead: boolean, options: Partial<SessionOptions> = {}): Broadcast {
  const stage = Broadcast.listening(options);
  if (ahead) stage.prepare();
  return stage;
}

/** In a hold, with the marker asked for. */
function pairing(options: Partial<SessionOptions> = {}): Broadcast {
  const stage = listening(true, options);
  stage.session.hold(1_000);
  stage.confirmAhead();
  stage.confirmMarkAtA();
  expect(stage.lit).toEqual(['1']);
  return stage;
}

const paired = (options: Partial<SessionOptions> = {}): Broadcast => {
  const stage = pairing(options);
  stage.a.send(message(MARK, '1'));
  stage.b.send(message(MARK, '1'));
  expect(stage.a.commands.splice(0)).toEqual([`UNSUBSCRIBE ${MARK}`]);
  expect(stage.b.commands.splice(0)).toEqual([`UNSUBSCRIBE ${MARK}`]);
  stage.a.send(array('unsubscribe', MARK, 2));
  stage.b.send(array('unsubscribe', MARK, 2));
  expect(stage.received()).toEqual([]);
  return stage;
};

describe('ahead of a switch', () => {
  it('a session that stands still subscribes on both nodes, and is not quiet before the marker was on both', () => {
    const stage = listening(true);
    stage.session.hold(1_000);
    expect(stage.a.commands).toEqual([`SUBSCRIBE ${MARK}`]);
    expect(stage.b.commands).toEqual(['SUBSCRIBE c', 'PSUBSCRIBE p*', `SUBSCRIBE ${MARK}`]);
    expect([stage.session.quiet, stage.lit]).toEqual([false, []]);
    stage.confirmAhead();
    stage.confirmMarkAtA();
    expect([stage.session.quiet, stage.lit]).toEqual([false, ['1']]);
    const before = stage.standstills;
    stage.a.send(message(MARK, '1'));
    expect(stage.session.quiet).toBe(false);
    stage.b.send(message(MARK, '1'));
    expect([stage.session.quiet, stage.standstills]).toEqual([true, before + 1]);
    expect(stage.received()).toEqual([]);
  });

  it('the client gets the old stream up to the marker and no message of the new one before it', () => {
    const stage = pairing();
    stage.b.send(message('c', '1'), message('c', '2'));
    stage.a.send(message('c', '1'));
    stage.a.send(message('c', '2'), message(MARK, '1'), message('c', '3'));
    stage.b.send(message(MARK, '1'), message('c', '3'), message('c', '4'));
    expect(stage.texts()).toEqual(['1', '2', '3']);
    stage.moveToB();
    expect(stage.texts()).toEqual(['4']);
    stage.b.send(message('c', '5'));
    expect(stage.texts()).toEqual(['5']);
    expect(stage.types()).toEqual(['move', 'hold', 'handed-over', 'move']);
    expect(stage.a.closed).toBe(true);
  });

  it('the old stream is kept until it is clear that the node that was met is the next', () => {
    const stage = paired();
    const { b } = stage;
    stage.a.send(message('c', '1'));
    stage.primary('C', 2);
    const c = stage.at('C');
    expect([stage.a.closed, b.closed]).toEqual([false, true]);
    expect(stage.a.commands.splice(0)).toEqual([`SUBSCRIBE ${MARK}`]);
    c.accept();
    stage.a.send(array('subscribe', MARK, 3), message('c', '2'));
    stage.confirm(c);
    c.send(message('c', '2'), message(MARK, '2'), message('c', '3'));
    stage.a.send(message(MARK, '2'));
    expect(stage.texts()).toEqual(['1', '2', '3']);
    expect([stage.a.closed, stage.types().at(-1)]).toEqual([true, 'move']);
    expect(stage.types()).not.toContain('resubscribed');
  });

  it('what the old stream has brought and the new one not yet comes once', () => {
    const stage = paired();
    stage.a.send(message('c', '1'), message('c', '2'));
    stage.moveToB();
    stage.b.send(message('c', '1'), message('c', '2'), message('c', '3'));
    expect(stage.texts()).toEqual(['1', '2', '3']);
  });

  it('equal messages are not taken for one', () => {
    const stage = paired();
    stage.a.send(message('c', 'x'), message('c', 'x'));
    stage.b.send(message('c', 'x'));
    stage.moveToB();
    stage.b.send(message('c', 'x'), message('c', 'x'));
    expect(stage.texts()).toEqual(['x', 'x', 'x']);
  });

  it('one message by several patterns comes once by each, in whatever order a node goes through them', () => {
    const stage = paired();
    stage.a.send(message('p', '1'), pmessage('p*', 'p', '1'));
    stage.moveToB();
    stage.b.send(message('p', '1'), pmessage('*', 'p', '1'), pmessage('p*', 'p', '1'), message('p', '2'));
    expect(stage.received()).toEqual([
      message('p', '1'),
      pmessage('p*', 'p', '1'),
      pmessage('*', 'p', '1'),
      message('p', '2'),
    ]);
  });

  it('the old node dies behind the marker: nothing is missed', () => {
    const stage = paired();
    stage.a.send(message('c', '1'));
    stage.b.send(message('c', '1'), message('c', '2'));
    stage.a.lose();
    stage.b.send(message('c', '3'));
    expect(stage.texts()).toEqual(['1', '2', '3']);
    stage.primary('B');
    expect(stage.session.state.at).toBe('flowing');
    expect(stage.types()).toContain('handed-over');
  });

  it('it moves before the marker has come: another one is asked for, since that may have been too late', () => {
    const stage = pairing();
    stage.a.send(message(MARK, '1'), message('c', '1'));
    stage.primary('B');
    expect(stage.a.commands).toEqual([`UNSUBSCRIBE ${MARK}`, `SUBSCRIBE ${MARK}`]);
    stage.a.answer(array('unsubscribe', MARK, 2), array('subscribe', MARK, 3));
    expect(stage.lit).toEqual(['1', '2']);
    stage.a.send(message('c', '2'), message(MARK, '2'));
    stage.b.send(message('c', '2'), message(MARK, '2'), message('c', '3'));
    expect(stage.texts()).toEqual(['1', '2', '3']);
    expect([stage.session.state.at, stage.a.closed]).toEqual(['flowing', true]);
  });

  it('the switch is given up: the old stream goes on, and the client may use the connection', () => {
    const stage = pairing();
    stage.session.release();
    expect(stage.a.commands).toEqual([`UNSUBSCRIBE ${MARK}`]);
    expect(stage.b.closed).toBe(true);
    stage.client('UNSUBSCRIBE c', 'PUNSUBSCRIBE p*', 'GET k');
    expect(stage.a.commands.splice(0).slice(1)).toEqual(['UNSUBSCRIBE c', 'PUNSUBSCRIBE p*', 'GET k']);
    stage.a.send(message(MARK, '1'), array('unsubscribe', MARK, 2), message('c', '1'));
    stage.a.send(array('unsubscribe', 'c', 1), array('punsubscribe', 'p*', 0), '$1\r\nv');
    expect(stage.received()).toEqual([
      message('c', '1'),
      array('unsubscribe', 'c', 1),
      array('punsubscribe', 'p*', 0),
      '$1\r\nv',
    ]);
  });

  it('the hold runs out before the marker: the session goes on where it is', () => {
    const stage = pairing({ handoverTimeoutMs: 5_000 });
    stage.client('SUBSCRIBE d');
    stage.wait(1_000);
    expect(stage.a.commands).toEqual([`UNSUBSCRIBE ${MARK}`, 'SUBSCRIBE d']);
    stage.a.answer(array('unsubscribe', MARK, 2), array('subscribe', 'd', 3));
    expect(stage.received()).toEqual([array('subscribe', 'd', 3)]);
  });

  it('the hold runs out behind it: both streams are compared until the client subscribes to something else', () => {
    const stage = paired();
    stage.wait(1_000);
    stage.a.send(message('c', '1'));
    stage.client('SUBSCRIBE d');
    stage.a.answer(array('subscribe', 'd', 3));
    expect(stage.b.closed).toBe(true);
    stage.a.send(message('d', '2'));
    expect(stage.received()).toEqual([message('c', '1'), array('subscribe', 'd', 3), message('d', '2')]);
  });

  it.each([
    ['may not use the channel', (stage: Broadcast) => stage.a.answer('-NOPERM no permission'), /^NOPERM/],
    ['may not use it at the new node', (stage: Broadcast) => stage.refuseAhead('-NOPERM no'), /^NOPERM/],
    ['no marker comes', (stage: Broadcast) => stage.wait(1_000), /no marker came within 1000 ms/],
  ])('where it %s, subscriptions are made anew', (_what, trouble, reason) => {
    const stage = listening(true);
    stage.session.hold(5_000);
    trouble(stage);
    expect(stage.session.quiet).toBe(true);
    stage.primary('B');
    stage.b.accept('master');
    stage.confirm(stage.b);
    expect(stage.session.state.at).toBe('flowing');
    expect(stage.events).toContainEqual(
      expect.objectContaining({
        type: 'resubscribed',
        node: 'B',
        subscriptions: 2,
        reason: expect.stringMatching(reason),
      }),
    );
    stage.b.send(message('c', '1'));
    expect(stage.texts()).toEqual(['1']);
  });

  it('what the new node says behind its refusal is not given to the client, who gets it from the old one', () => {
    const stage = listening(true);
    stage.session.hold(5_000);
    stage.b.answer(array('subscribe', 'c', 1), array('psubscribe', 'p*', 2));
    stage.b.send('-NOPERM no', message('c', '1'));
    stage.a.send(message('c', '1'));
    expect(stage.texts()).toEqual(['1']);
  });

  it('where the marker cannot be published, too', () => {
    const stage = pairing();
    stage.refuseMarker('NOPERM no publish');
    expect(stage.session.quiet).toBe(true);
    stage.primary('B');
    stage.b.accept('master');
    stage.confirm(stage.b);
    expect(stage.events).toContainEqual(expect.objectContaining({ type: 'resubscribed', reason: 'NOPERM no publish' }));
  });

  it('messages that only one node brings are bounded', () => {
    const stage = pairing({ handoverBytesMax: 100 });
    stage.b.send(message(MARK, '1'), message('c', 'x'.repeat(100)));
    expect(stage.session.quiet).toBe(true);
    stage.a.send(message('c', 'x'));
    expect(stage.texts()).toEqual(['x']);
  });

  it('a client in a transaction is left alone', () => {
    const stage = Broadcast.listening({}, 3);
    stage.client('MULTI');
    stage.a.answer('+OK');
    stage.prepare();
    stage.session.hold(1_000);
    expect(stage.a.commands).toEqual([]);
    expect(stage.session.quiet).toBe(true);
  });

  it('in RESP3, commands that were held follow at the new node', () => {
    const stage = Broadcast.listening({}, 3);
    stage.prepare();
    stage.session.hold(1_000);
    stage.client('GET a');
    stage.confirmAhead();
    stage.a.answer(push('subscribe', MARK, 3));
    stage.a.send(push('message', MARK, '1'));
    stage.b.send(push('message', MARK, '1'), push('message', 'c', '1'));
    stage.primary('B');
    expect(stage.b.commands).toEqual([`UNSUBSCRIBE ${MARK}`, 'GET a']);
    stage.b.answer(push('unsubscribe', MARK, 2), '$1\r\nv');
    expect(stage.received()).toEqual([push('message', 'c', '1'), '$1\r\nv']);
  });
});

describe('without a notice', () => {
  /** A is left for B, where the session has subscribed and the marker is asked for. */
  function left(): Broadcast {
    const stage = listening(false);
    stage.primary('B');
    expect(stage.a.closed).toBe(false);
    expect(stage.a.commands).toEqual([`SUBSCRIBE ${MARK}`]);
    stage.a.answer(array('subscribe', MARK, 3));
    stage.b.accept('master');
    stage.confirm(stage.b);
    expect([stage.session.state.at, stage.lit]).toEqual(['joining', ['1']]);
    return stage;
  }

  it('the old connection brings its messages until the marker', () => {
    const stage = left();
    stage.b.send(message('c', '1'), message(MARK, '1'), message('c', '2'));
    stage.a.send(message('c', '0'), message('c', '1'));
    expect(stage.texts()).toEqual(['0', '1']);
    stage.a.send(message(MARK, '1'), message('c', '2'));
    expect(stage.texts()).toEqual(['2']);
    expect([stage.session.state.at, stage.a.closed]).toEqual(['flowing', true]);
    stage.b.send(array('unsubscribe', MARK, 2), message('c', '3'));
    expect(stage.texts()).toEqual(['3']);
    expect(stage.types()).toEqual(['move', 'hold', 'handed-over', 'move']);
  });

  it('while no primary is known, too', () => {
    const stage = Broadcast.listening({}, 3);
    stage.client('INCR a');
    stage.a.answer('-REDIRECT h:2');
    stage.a.send(push('message', 'c', '1'));
    expect(stage.received()).toEqual([push('message', 'c', '1')]);
    expect(stage.session.state.at).toBe('seeking');
  });

  it('what comes in the same chunk behind the cut is not lost', () => {
    const stage = Broadcast.listening({}, 3);
    stage.client('INCR a');
    stage.a.commands.length = 0;
    stage.a.send('-REDIRECT h:2', push('message', 'c', '1'), push('message', 'c', '2'));
    expect(stage.received()).toEqual([push('message', 'c', '1'), push('message', 'c', '2')]);
  });

  it('the old node dies before the marker: subscriptions are made anew, and it is told', () => {
    const stage = left();
    stage.b.send(message(MARK, '1'), message('c', '2'));
    stage.a.lose();
    expect(stage.session.state.at).toBe('flowing');
    expect(stage.texts()).toEqual(['2']);
    expect(stage.events).toContainEqual(
      expect.objectContaining({ type: 'resubscribed', reason: 'the connection to the old node was lost' }),
    );
  });

  it('the old node is gone at once: the same', () => {
    const stage = listening(false);
    stage.a.lose();
    stage.primary('B');
    stage.b.accept('master');
    stage.confirm(stage.b);
    expect(stage.events).toContainEqual(expect.objectContaining({ type: 'resubscribed', subscriptions: 2 }));
  });

  it('no marker comes: the session goes on all the same', () => {
    const stage = left();
    stage.wait(1_000);
    expect([stage.session.state.at, stage.a.closed]).toEqual(['flowing', true]);
    expect(stage.types()).toContain('resubscribed');
  });

  it('a process that stands still meanwhile has heard nothing, and goes on waiting for the marker', () => {
    const stage = left();
    stage.now += 1_500;
    stage.wait(0);
    stage.a.send(message(MARK, '1'));
    stage.b.send(message(MARK, '1'), message('c', '1'));
    expect(stage.texts()).toEqual(['1']);
    expect(stage.types()).toContain('handed-over');
  });

  it('another switch comes before the marker: it is looked for at the next node', () => {
    const stage = left();
    stage.a.send(message(MARK, '1'));
    stage.primary('C', 3);
    expect(stage.a.commands).toEqual([`UNSUBSCRIBE ${MARK}`, `SUBSCRIBE ${MARK}`]);
    stage.a.answer(array('unsubscribe', MARK, 2), array('subscribe', MARK, 3));
    stage.at('C').accept('master');
    stage.confirm(stage.at('C'));
    expect(stage.lit).toEqual(['1', '2']);
    stage.a.send(message('c', '1'), message(MARK, '2'));
    stage.at('C').send(message('c', '1'), message(MARK, '2'), message('c', '2'));
    expect(stage.texts()).toEqual(['1', '2']);
  });

  it('another switch comes before B has answered: the old connection is still listened to', () => {
    const stage = listening(false);
    stage.primary('B');
    stage.a.answer(array('subscribe', MARK, 3));
    stage.primary('C', 3);
    stage.at('C').accept('master');
    stage.confirm(stage.at('C'));
    stage.a.send(message('c', '1'), message(MARK, '1'));
    stage.at('C').send(message('c', '1'), message(MARK, '1'), message('c', '2'));
    expect(stage.texts()).toEqual(['1', '2']);
    expect(stage.types()).toContain('handed-over');
  });

  it('the client goes: both connections are closed', () => {
    const stage = left();
    stage.session.close();
    expect(stage.connections.map(({ closed }) => closed)).toEqual([true, true]);
  });

  it('an open transaction is discarded there first, or the subscription would be queued', () => {
    const stage = Broadcast.listening({}, 3);
    stage.client('MULTI');
    stage.a.answer('+OK');
    stage.primary('B');
    expect(stage.a.commands).toEqual(['DISCARD', `SUBSCRIBE ${MARK}`]);
  });
});

it('a marker reaches no client, whatever pattern it matches', () => {
  const stage = listening(false);
  stage.a.send(pmessage('*', 'segue:mark:other', '7'), pmessage('*', 'segue:marks', '8'));
  expect(stage.received()).toEqual([pmessage('*', 'segue:marks', '8')]);
});
