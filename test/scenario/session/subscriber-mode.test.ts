import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

const SUBSCRIBED = '*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1';
const UNSUBSCRIBED = '*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0';
const MESSAGE = '*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm';
const PONG = '*2\r\n$4\r\npong\r\n$0\r\n';
const NOT_NOW = "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed";

/** A RESP2 subscriber of `c` that was moved to B. */
function movedSubscriber(): Stage {
  const stage = Stage.flowing();
  stage.client('SUBSCRIBE c');
  stage.at('A').answer(SUBSCRIBED);
  stage.primary('B');
  stage.at('B').accept();
  stage.at('B').answer(SUBSCRIBED);
  expect(stage.received()).toEqual([SUBSCRIBED]);
  return stage;
}

describe('a RESP2 subscriber', () => {
  it('is in subscriber mode on the next node, too: PING has that form, other commands are refused', () => {
    const stage = movedSubscriber();
    stage.client('PING', 'GET a');
    stage.at('B').send(MESSAGE);
    stage.at('B').answer(PONG, NOT_NOW);
    expect(stage.received()).toEqual([MESSAGE, PONG, NOT_NOW]);
  });

  it('leaves the mode with its last subscription, on whichever node it made it', () => {
    const stage = movedSubscriber();
    stage.client('UNSUBSCRIBE c', 'GET a', 'PING');
    stage.at('B').answer(UNSUBSCRIBED, '$1\r\n1', '+PONG');
    expect(stage.received()).toEqual([UNSUBSCRIBED, '$1\r\n1', '+PONG']);
    stage.primary('C', 3);
    stage.at('C').accept();
    expect(stage.at('C').commands).toEqual([]);
  });

  it('leaves it with RESET', () => {
    const stage = movedSubscriber();
    stage.client('RESET', 'GET a');
    stage.at('B').answer('+RESET', '$1\r\n1');
    stage.primary('C', 3);
    stage.at('C').accept();
    expect(stage.at('C').commands).toEqual([]);
    expect(stage.received()).toEqual(['+RESET', '$1\r\n1']);
  });

  it('that subscribed in RESP3 gets messages as arrays once it speaks RESP2, on the next node, too', () => {
    const stage = Stage.flowing();
    stage.client('HELLO 3', 'SUBSCRIBE c', 'HELLO 2');
    const pushed = SUBSCRIBED.replace('*', '>');
    stage.at('A').answer('%1\r\n+proto\r\n:3', pushed, '*2\r\n+proto\r\n:2');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SUBSCRIBE c']);
    stage.at('B').answer(SUBSCRIBED);
    stage.at('B').send(MESSAGE);
    expect(stage.received().at(-1)).toBe(MESSAGE);
  });

  it('whose node dies is subscribed again', () => {
    const stage = Stage.flowing();
    stage.client('SUBSCRIBE c', 'PING');
    stage.at('A').answer(SUBSCRIBED);
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').accept();
    stage.at('B').answer(SUBSCRIBED);
    stage.at('B').answer(PONG);
    expect(stage.received()).toEqual([SUBSCRIBED, PONG]);
  });
});

describe('subscribing within a transaction', () => {
  it.each(['SUBSCRIBE c', 'PSUBSCRIBE c*', 'SSUBSCRIBE c', 'UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE'])(
    'is refused, and EXEC does not commit: %s',
    (command) => {
      const stage = Stage.flowing();
      stage.client('MULTI', 'SET a 1', command, 'EXEC', 'GET a');
      expect(stage.at('A').commands).toEqual(['MULTI', 'SET a 1', 'DISCARD', 'GET a']);
      stage.at('A').answer('+OK', '+QUEUED', '+OK', '$-1');
      expect(stage.words()).toEqual(['+OK', '+QUEUED', '-ERR', '-EXECABORT', '$-1']);
    },
  );
});
