import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

/** Says it at A and moves to B; returns what B is told, and what the client got. */
function moved(command: string, answer = '+OK'): { told: string[]; received: string[] } {
  const stage = Stage.flowing();
  stage.client(command);
  stage.at('A').answer(answer);
  stage.primary('B');
  stage.at('B').handlers.onOpen();
  const told = [...stage.at('B').commands];
  stage.at('B').restore();
  return { told, received: stage.received() };
}

const NOTHING_SET = ['CLIENT CAPA redirect', 'ROLE'];

describe('what concerns one connection, or one node, is answered by it and not carried', () => {
  it.each([
    ['CLIENT IMPORT-SOURCE ON', '+OK'],
    ['SCRIPT DEBUG YES', '+OK'],
    ['CLIENT PAUSE 100 WRITE', '+OK'],
    ['CLIENT UNPAUSE', '+OK'],
    ['ASKING', '-ERR This instance has cluster support disabled'],
    ['REPLCONF listening-port 1', '+OK'],
    ['CLIENT CAPA other', '+OK'],
  ])('is not said to the next node: %s', (command, answer) => {
    expect(moved(command, answer)).toEqual({ told: NOTHING_SET, received: [answer] });
  });

  it('READWRITE takes READONLY back; READONLY goes along', () => {
    const stage = Stage.flowing();
    stage.client('READONLY', 'READWRITE');
    stage.at('A').answer('+OK', '+OK');
    stage.primary('B');
    stage.at('B').handlers.onOpen();
    expect(stage.at('B').commands).toEqual(NOTHING_SET);
    expect(moved('READONLY').told).toEqual(['CLIENT CAPA redirect', 'READONLY', 'ROLE']);
  });

  it.each(['PSYNC ? -1', 'SYNC'])(
    '%s: what follows is no RESP; the connection is given up, the session goes on',
    (command) => {
      const stage = Stage.flowing();
      stage.client(command);
      stage.at('A').handlers.onData(Buffer.from('+FULLRESYNC 0 0\r\n$5\r\nREDISxx'));
      expect(stage.connections[0]!.closed).toBe(true);
      stage.primary('A');
      stage.at('A').accept();
      stage.client('GET a');
      stage.at('A').answer('$-1');
      expect(stage.received()).toEqual(['+FULLRESYNC 0 0', '$-1']);
    },
  );
});

describe('a transaction whose EXEC is UNCERTAIN', () => {
  it('changes nothing of the connection: who set something in it sets it again', () => {
    const stage = Stage.flowing();
    stage.client('SELECT 1');
    stage.at('A').answer('+OK');
    stage.client('MULTI', 'SELECT 2', 'SET a 1', 'EXEC');
    stage.at('A').answer('+OK', '+QUEUED', '+QUEUED');
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').handlers.onOpen();
    expect(stage.at('B').commands).toContain('SELECT 1');
    stage.at('B').restore();
    expect(stage.words()).toEqual(['+OK', '+OK', '+QUEUED', '+QUEUED', '-UNCERTAIN']);
    stage.client('GET a');
    expect(stage.at('B').commands).toEqual(['GET a']);
  });

  it('SELECT alone in it: EXEC runs again, and is not uncertain', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'SELECT 2', 'EXEC');
    stage.at('A').lose();
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['MULTI', 'SELECT 2', 'EXEC']);
  });
});

describe('a crash in the middle of changes', () => {
  it.each([
    ['HELLO 3', '%1\r\n+proto\r\n:3'],
    ['AUTH user secret', '+OK'],
    ['SELECT 3', '+OK'],
    ['CLIENT SETNAME n', '+OK'],
    ['CLIENT SETINFO LIB-NAME l', '+OK'],
    ['CLIENT NO-EVICT ON', '+OK'],
    ['CLIENT NO-TOUCH ON', '+OK'],
    ['CLIENT TRACKING ON', '+OK'],
    ['READONLY', '+OK'],
    ['RESET', '+RESET'],
    ['WATCH k', '+OK'],
    ['UNWATCH', '+OK'],
    ['MONITOR', '+OK'],
    ['SCRIPT LOAD x', '+sha'],
  ])('%s on the wire is never uncertain: it is said again to the next node', (command, answer) => {
    const stage = Stage.flowing();
    stage.client(command);
    stage.at('A').lose();
    stage.primary('B');
    const b = stage.at('B');
    b.handlers.onOpen();
    b.restore();
    // A script that was seen is loaded beforehand, too.
    if (b.commands.length > 0 && stage.session.state.at !== 'flowing') b.restore();
    expect(b.commands).toEqual([command]);
    b.answer(answer);
    expect(stage.received()).toEqual([answer]);
  });
});
