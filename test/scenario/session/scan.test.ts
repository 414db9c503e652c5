import { describe, expect, it } from 'vitest';
import { isStamped } from '../../../src/session/scan-cursors.js';
import { type Connection, Stage } from './stage.js';

function page(cursor: string, ...keys: string[]): string {
  return `*2\r\n$${cursor.length}\r\n${cursor}\r\n*${keys.length}${keys.map((key) => `\r\n$${key.length}\r\n${key}`).join('')}`;
}

/** The cursors in what the client received. */
function cursors(stage: Stage): string[] {
  return stage.received().flatMap((frame) => [...frame.matchAll(/\*2\r\n\$\d+\r\n(\d+)/g)].map((match) => match[1]!));
}

/** The client has a cursor that is 5 at node A. */
function scanning(): { stage: Stage; cursor: string } {
  const stage = Stage.flowing();
  stage.client('SCAN 0 COUNT 2');
  stage.at('A').answer(page('5', 'k', 'l'));
  const [cursor] = cursors(stage);
  return { stage, cursor: cursor! };
}

function moved(stage: Stage, node = 'B', term = 2): Connection {
  stage.primary(node, term);
  stage.at(node).accept();
  return stage.at(node);
}

function restarts(stage: Stage): unknown[] {
  return stage.events.filter((event) => event.type === 'scan-restart');
}

describe('an iteration', () => {
  it('goes on where it is while the node is the same', () => {
    const { stage, cursor } = scanning();
    expect(isStamped(Buffer.from(cursor))).toBe(true);
    stage.client(`SCAN ${cursor} COUNT 2`);
    expect(stage.at('A').commands).toEqual(['SCAN 5 COUNT 2']);
    stage.at('A').answer(page('0', 'm'));
    expect(stage.received()).toEqual([page('0', 'm')]);
    expect(restarts(stage)).toEqual([]);
  });

  it('starts again after a move, once', () => {
    const { stage, cursor } = scanning();
    const b = moved(stage);
    stage.client(`SCAN ${cursor} COUNT 2`);
    expect(b.commands).toEqual(['SCAN 0 COUNT 2']);
    expect(restarts(stage)).toEqual([{ type: 'scan-restart', node: 'B' }]);
    b.answer(page('9', 'x'));
    const [next] = cursors(stage);
    stage.client(`SCAN ${next} COUNT 2`);
    expect(b.commands).toEqual(['SCAN 9 COUNT 2']);
  });

  it('goes on where it was after a move there and back', () => {
    const { stage, cursor } = scanning();
    moved(stage);
    moved(stage, 'A', 3);
    stage.client(`SCAN ${cursor}`);
    expect(stage.at('A').commands).toEqual(['SCAN 5']);
  });

  it('starts again when it was refused by the old node, and is sent to the new one', () => {
    const { stage, cursor } = scanning();
    stage.client(`SCAN ${cursor}`, 'SET k v');
    expect(stage.at('A').commands).toEqual(['SCAN 5', 'SET k v']);
    stage.at('A').answer('-REDIRECT b:2', '-REDIRECT b:2');
    const b = moved(stage);
    expect(b.commands).toEqual(['SCAN 0', 'SET k v']);
    b.answer(page('9', 'x'), '+OK');
    expect(cursors(stage).map((next) => next !== cursor)).toEqual([true]);
  });

  it('starts again when the old node was lost with the answer', () => {
    const { stage, cursor } = scanning();
    stage.client(`SCAN ${cursor}`);
    stage.at('A').lose();
    expect(moved(stage).commands).toEqual(['SCAN 0']);
  });

  it('starts again when it comes while no node is there', () => {
    const { stage, cursor } = scanning();
    stage.at('A').lose();
    stage.client(`SCAN ${cursor}`, `HSCAN h ${cursor} COUNT 9`, `SSCAN s ${cursor}`, `ZSCAN z ${cursor}`);
    expect(moved(stage).commands).toEqual(['SCAN 0', 'HSCAN h 0 COUNT 9', 'SSCAN s 0', 'ZSCAN z 0']);
  });

  it('starts again when the same node has another process', () => {
    const stage = new Stage();
    stage.session.open({ node: 'A', term: 1, process: 'p' });
    stage.at('A').accept();
    stage.client('SSCAN s 0');
    stage.at('A').answer(page('5', 'k'));
    const [cursor] = cursors(stage);
    stage.at('A').lose();
    stage.session.primaryIs({ node: 'A', term: 2, process: 'q' });
    stage.at('A').accept();
    stage.client(`SSCAN s ${cursor}`);
    expect(stage.at('A').commands).toEqual(['SSCAN s 0']);
  });

  it('is not believed to be of the new process when the old connection does not know yet that it is lost', () => {
    const stage = new Stage();
    stage.session.open({ node: 'A', term: 1, process: 'p' });
    stage.at('A').accept();
    stage.client('SCAN 0');
    stage.session.primaryIs({ node: 'A', term: 2, process: 'q' });
    stage.at('A').answer(page('5', 'k'));
    const [cursor] = cursors(stage);
    stage.at('A').lose();
    stage.session.primaryIs({ node: 'A', term: 2, process: 'q' });
    stage.at('A').accept();
    stage.client(`SCAN ${cursor}`);
    expect(stage.at('A').commands).toEqual(['SCAN 0']);
  });
});

describe('a cursor from elsewhere, or what is none,', () => {
  const left = [
    'SCAN 5',
    'HSCAN h 17',
    'SSCAN s 00',
    'ZSCAN z 18446744073709551615',
    'SCAN abc',
    'SCAN',
    'CLUSTERSCAN 5',
  ];
  it.each(left)('goes to the next node as it is: %s', (command) => {
    const stage = Stage.flowing();
    const b = moved(stage);
    stage.client(command);
    expect(b.commands).toEqual([command]);
    b.answer('-ERR invalid cursor');
    expect(stage.received()).toEqual(['-ERR invalid cursor']);
    expect(restarts(stage)).toEqual([]);
  });
});

describe('cursors in other forms', () => {
  it('within a transaction, before and after a move', () => {
    const stage = Stage.flowing();
    const transaction = (cursor: string) => ['MULTI', 'SET k v', `SCAN ${cursor}`, `HSCAN h ${cursor}`, 'EXEC'];
    const queued = ['+OK', '+QUEUED', '+QUEUED', '+QUEUED'];
    stage.client(...transaction('0'));
    stage.at('A').answer(...queued, `*3\r\n+OK\r\n${page('5', 'k')}\r\n${page('0')}`);
    const [first, last] = cursors(stage);
    expect([isStamped(Buffer.from(first!)), last]).toEqual([true, '0']);
    stage.client(...transaction(first!));
    expect(stage.at('A').commands).toEqual(transaction('5'));
    stage.at('A').answer('+OK', '-REDIRECT b:2', '+QUEUED', '+QUEUED', '-EXECABORT x');
    const b = moved(stage);
    expect(b.commands).toEqual(transaction('0'));
    b.answer(...queued, `*3\r\n+OK\r\n${page('6', 'k')}\r\n${page('7', 'f')}`);
    const [second, third] = cursors(stage);
    stage.client(`SCAN ${second}`, `HSCAN h ${third}`, `SCAN ${first}`);
    expect(b.commands).toEqual(['SCAN 6', 'HSCAN h 7', 'SCAN 0']);
  });

  it('of a transaction that was executed behind the cut', () => {
    const stage = Stage.flowing();
    stage.client('SET a b', 'MULTI', 'SCAN 0', 'SET k v', 'EXEC');
    stage.at('A').answer('-NOREPLICAS no', '+OK', '+QUEUED', '+QUEUED', `*2\r\n${page('5', 'k')}\r\n+OK`);
    const b = moved(stage);
    b.answer('+OK');
    const [cursor] = cursors(stage);
    stage.client(`SCAN ${cursor}`);
    expect(b.commands).toEqual(['SCAN 0']);
  });

  it('in an answer that comes byte by byte, between others', () => {
    const stage = Stage.flowing();
    stage.client('GET a', 'SCAN 0', 'GET b');
    const bytes = Buffer.from(`$1\r\n1\r\n${page('5', 'k')}\r\n$1\r\n2\r\n`);
    for (const byte of bytes) stage.at('A').handlers.onData(Buffer.of(byte));
    const [a, scan, b] = stage.received();
    expect([a, b]).toEqual(['$1\r\n1', '$1\r\n2']);
    expect(isStamped(Buffer.from(scan!.split('\r\n')[2]!))).toBe(true);
  });

  it('in inline commands', () => {
    const { stage, cursor } = scanning();
    stage.raw(`\r\nscan ${cursor}  count 3\r\n`);
    expect(stage.at('A').commands).toEqual(['scan 5 count 3']);
  });

  it('where no answer is wanted', () => {
    const { stage, cursor } = scanning();
    stage.client('CLIENT REPLY SKIP', `SCAN ${cursor}`, 'PING');
    stage.at('A').lose();
    const b = moved(stage);
    expect(b.commands).toEqual(['SCAN 0', 'PING']);
    b.answer(page('9', 'x'), '+PONG');
    expect(stage.received()).toEqual(['+PONG']);
  });

  it('in a pipeline with other commands, which go out around them in order', () => {
    const { stage, cursor } = scanning();
    stage.client('SET a 1', `SCAN ${cursor}`, 'SET b 2', `SCAN ${cursor}`, 'SET c 3');
    expect(stage.at('A').commands).toEqual(['SET a 1', 'SCAN 5', 'SET b 2', 'SCAN 5', 'SET c 3']);
  });

  it('used by another session', () => {
    const { stage, cursor } = scanning();
    const other = Stage.flowing();
    other.client(`SCAN ${cursor}`);
    expect(other.at('A').commands).toEqual(['SCAN 5']);
    const third = new Stage();
    third.session.open({ node: 'B', term: 2 });
    third.at('B').accept();
    third.client(`SCAN ${cursor}`);
    expect(third.at('B').commands).toEqual(['SCAN 0']);
    expect(stage.at('A').commands).toEqual([]);
  });
});
