import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

describe('CLIENT REPLY', () => {
  it('is kept from the node, which must go on answering, so that a refusal is seen', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT REPLY OFF', 'SET a 1', 'SET b 1');
    expect(stage.at('A').commands).toEqual(['SET a 1', 'SET b 1']);
    stage.at('A').answer('+OK', '-REDIRECT h:2');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET b 1']);
    stage.at('B').answer('+OK');
    stage.client('CLIENT REPLY ON', 'GET a');
    stage.at('B').answer('$1\r\n1');
    expect(stage.received()).toEqual(['+OK', '$1\r\n1']);
  });

  it('SKIP: neither it nor the next command is answered', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT REPLY SKIP', 'SET a 1', 'GET a');
    stage.at('A').answer('+OK', '$1\r\n1');
    expect(stage.received()).toEqual(['$1\r\n1']);
  });

  it('SKIP twice: the second is the next command of the first, and skips one itself', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT REPLY SKIP', 'CLIENT REPLY SKIP', 'SET a 1', 'GET a');
    stage.at('A').answer('+OK', '$1\r\n1');
    expect(stage.received()).toEqual(['$1\r\n1']);
  });

  it('SKIP while OFF leaves it OFF', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT REPLY OFF', 'CLIENT REPLY SKIP', 'SET a 1', 'GET a');
    stage.at('A').answer('+OK', '$1\r\n1');
    expect(stage.received()).toEqual([]);
  });

  it('ON is answered in its turn', () => {
    const stage = Stage.flowing();
    stage.client('GET a', 'CLIENT REPLY ON', 'GET b');
    expect(stage.received()).toEqual([]);
    stage.at('A').answer('$1\r\na');
    expect(stage.received()).toEqual(['$1\r\na', '+OK']);
    stage.at('A').answer('$1\r\nb');
    expect(stage.received()).toEqual(['$1\r\nb']);
  });

  it('RESET switches answers on, its own included', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT REPLY OFF', 'SET a 1', 'RESET', 'GET a');
    stage.at('A').answer('+OK', '+RESET', '$1\r\n1');
    expect(stage.received()).toEqual(['+RESET', '$1\r\n1']);
  });

  it('in a transaction it is refused, and EXEC does not commit', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'SET a 1', 'CLIENT REPLY OFF', 'EXEC', 'GET a');
    expect(stage.at('A').commands).toEqual(['MULTI', 'SET a 1', 'DISCARD', 'GET a']);
    stage.at('A').answer('+OK', '+QUEUED', '+OK', '$-1');
    expect(stage.words()).toEqual(['+OK', '+QUEUED', '-ERR', '-EXECABORT', '$-1']);
  });

  it('an unknown mode is for the node to refuse', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT REPLY MAYBE');
    stage.at('A').answer('-ERR syntax error');
    expect(stage.received()).toEqual(['-ERR syntax error']);
  });

  it('what was lost on a broken connection is not told to a client that wants no answers', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT REPLY OFF', 'SET a 1');
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').accept();
    stage.client('CLIENT REPLY ON');
    expect(stage.received()).toEqual(['+OK']);
  });
});
