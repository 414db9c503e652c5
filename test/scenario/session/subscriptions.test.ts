import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

const array = (...parts: (string | number)[]) => frame('*', parts);
const push = (...parts: (string | number)[]) => frame('>', parts);

function frame(type: string, parts: readonly (string | number)[]): string {
  const elements = parts.map((part) => (typeof part === 'number' ? `:${part}` : `$${part.length}\r\n${part}`));
  return [`${type}${parts.length}`, ...elements].join('\r\n');
}

function inResp3(): Stage {
  const stage = Stage.flowing();
  stage.client('HELLO 3');
  stage.at('A').answer('%1\r\n+proto\r\n:3');
  stage.received();
  return stage;
}

describe('subscriptions', () => {
  it('of all families are made again, one command each', () => {
    const stage = inResp3();
    stage.client('SUBSCRIBE a b', 'PSUBSCRIBE p*', 'SSUBSCRIBE s', 'UNSUBSCRIBE a');
    stage.at('A').answer(push('subscribe', 'a', 1));
    stage.at('A').send(push('subscribe', 'b', 2));
    stage.at('A').answer(push('psubscribe', 'p*', 3), push('ssubscribe', 's', 1), push('unsubscribe', 'a', 2));
    expect(stage.received().length).toBe(5);
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SUBSCRIBE b', 'PSUBSCRIBE p*', 'SSUBSCRIBE s']);
    stage.at('B').answer(push('subscribe', 'b', 1), push('psubscribe', 'p*', 2));
    stage.at('B').send(push('message', 'b', 'early'));
    expect(stage.received()).toEqual([push('message', 'b', 'early')]);
    stage.at('B').answer(push('ssubscribe', 's', 1));
    expect(stage.session.state.at).toBe('flowing');
    expect(stage.received()).toEqual([]);
  });

  it('an error for SUBSCRIBE is its whole answer', () => {
    const stage = Stage.flowing();
    stage.client('SUBSCRIBE a b', 'GET a');
    stage.at('A').answer('-NOPERM no channel', '$-1');
    expect(stage.words()).toEqual(['-NOPERM', '$-1']);
    expect(stage.session.unanswered).toBe(0);
  });

  it('UNSUBSCRIBE of nothing is answered once', () => {
    const stage = Stage.flowing();
    stage.client('UNSUBSCRIBE', 'GET a');
    stage.at('A').answer('*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0', '$-1');
    expect(stage.received().length).toBe(2);
    expect(stage.session.unanswered).toBe(0);
  });

  it('messages between the answers of a pipeline are passed on where they came (RESP3)', () => {
    const stage = inResp3();
    stage.client('SUBSCRIBE c');
    stage.at('A').answer(push('subscribe', 'c', 1));
    stage.client('GET a', 'GET b');
    stage.at('A').answer('$1\r\na');
    stage.at('A').send(push('message', 'c', 'm'));
    stage.at('A').answer('$1\r\nb');
    expect(stage.received()).toEqual([push('subscribe', 'c', 1), '$1\r\na', push('message', 'c', 'm'), '$1\r\nb']);
  });

  it('messages behind the cut are passed on', () => {
    const stage = inResp3();
    stage.client('SUBSCRIBE c');
    stage.at('A').answer(push('subscribe', 'c', 1));
    stage.received();
    stage.client('INCR a', 'INCR b');
    stage.at('A').answer('-REDIRECT h:2');
    stage.at('A').send(push('message', 'c', 'm'));
    expect(stage.received()).toEqual([push('message', 'c', 'm')]);
    stage.at('A').answer('-REDIRECT h:2');
    stage.primary('B');
    stage.at('B').accept();
    stage.at('B').answer(push('subscribe', 'c', 1));
    expect(stage.at('B').commands).toEqual(['INCR a', 'INCR b']);
  });

  it('messages for a subscription behind the cut are not passed on: the client does not know of it yet', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'SUBSCRIBE c', 'PING');
    stage.at('A').answer('-REDIRECT h:2', array('subscribe', 'c', 1));
    stage.at('A').send(array('message', 'c', 'm'));
    expect(stage.received()).toEqual([]);
    stage.at('A').answer(array('pong', ''));
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['INCR a', 'SUBSCRIBE c', 'PING']);
  });

  it('RESET behind the cut ends those before it: UNSUBSCRIBE has one answer', () => {
    const stage = Stage.flowing();
    stage.client('INCR a', 'SUBSCRIBE c', 'RESET', 'UNSUBSCRIBE', 'INCR b');
    stage.at('A').answer('-REDIRECT h:2', array('subscribe', 'c', 1), '+RESET');
    stage.at('A').answer('*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0', '-REDIRECT h:2');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['INCR a', 'SUBSCRIBE c', 'RESET', 'UNSUBSCRIBE', 'INCR b']);
  });

  it('an array that only looks like a message is an answer in RESP3', () => {
    const stage = inResp3();
    stage.client('SUBSCRIBE c', 'EVAL x 0', 'LRANGE l 0 -1');
    stage.at('A').answer(push('subscribe', 'c', 1), array('message', 'c', 'm'), array('message', 'c', 'm'));
    expect(stage.received().length).toBe(3);
    expect(stage.session.unanswered).toBe(0);
  });

  it('an array that only looks like a message is an answer in RESP2 without subscriptions', () => {
    const stage = Stage.flowing();
    stage.client('EVAL x 0');
    stage.at('A').answer(array('subscribe', 'c', 1));
    expect(stage.received().length).toBe(1);
    expect(stage.session.unanswered).toBe(0);
  });
});
