import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

describe('HOLDLIMIT', () => {
  it('commands past replayCommandsMax are refused in their turn, the others run', () => {
    const stage = Stage.flowing({ replayCommandsMax: 2 });
    stage.client('SET a 1');
    stage.client('SET b 1');
    stage.client('SET c 1');
    stage.client('PING');
    expect(stage.at('A').commands).toEqual(['SET a 1', 'SET b 1']);
    expect(stage.received()).toEqual([]);
    stage.at('A').answer('+OK', '+OK');
    expect(stage.words()).toEqual(['+OK', '+OK', '-HOLDLIMIT', '-HOLDLIMIT']);
    stage.client('GET a');
    stage.at('A').answer('$1\r\n1');
    expect(stage.received()).toEqual(['$1\r\n1']);
    expect(stage.session.retained).toEqual({ bytes: 0, commands: 0, notes: 0 });
  });

  it('bytes past replayBytesMax are refused, whatever chunks they come in', () => {
    const stage = Stage.flowing({ replayBytesMax: 100 });
    stage.client(`SET a ${'x'.repeat(60)}`);
    const second = `*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$60\r\n${'y'.repeat(60)}\r\n`;
    stage.raw(second.slice(0, 30));
    stage.raw(second.slice(30, 60));
    stage.raw(`${second.slice(60)}PING\r\n`);
    stage.at('A').answer('+OK');
    expect(stage.words().slice(0, 2)).toEqual(['+OK', '-HOLDLIMIT']);
    stage.client('GET a');
    expect(stage.at('A').commands.at(-1)).toBe('GET a');
  });

  it('one command larger than replayBytesMax is admitted when nothing else is kept', () => {
    const stage = Stage.flowing({ replayBytesMax: 100 });
    stage.client(`SET a ${'x'.repeat(1_000)}`);
    stage.at('A').answer('+OK');
    expect(stage.received()).toEqual(['+OK']);
  });

  it('inside MULTI: EXEC does not commit the half that was queued', () => {
    const stage = Stage.flowing({ replayCommandsMax: 2 });
    stage.client('MULTI');
    stage.client('SET a 1');
    stage.client('SET b 1');
    stage.at('A').answer('+OK', '+QUEUED');
    expect(stage.words()).toEqual(['+OK', '+QUEUED', '-HOLDLIMIT']);
    stage.client('EXEC');
    expect(stage.at('A').commands).toEqual(['DISCARD']);
    stage.at('A').answer('+OK');
    expect(stage.words()).toEqual(['-EXECABORT']);
    stage.client('GET a');
    stage.at('A').answer('$-1');
    expect(stage.received()).toEqual(['$-1']);
    expect(stage.session.retained).toEqual({ bytes: 0, commands: 0, notes: 0 });
  });

  it('inside MULTI: DISCARD discards', () => {
    const stage = Stage.flowing({ replayCommandsMax: 2 });
    stage.client('MULTI');
    stage.client('SET a 1');
    stage.client('SET b 1');
    stage.client('DISCARD');
    expect(stage.at('A').commands).toEqual(['MULTI', 'SET a 1', 'DISCARD']);
    stage.at('A').answer('+OK', '+QUEUED', '+OK');
    expect(stage.words()).toEqual(['+OK', '+QUEUED', '-HOLDLIMIT', '+OK']);
  });

  it('MULTI itself: what follows is refused with it, EXEC included', () => {
    const stage = Stage.flowing({ replayCommandsMax: 1 });
    stage.client('SET a 1');
    stage.client('MULTI');
    stage.at('A').answer('+OK');
    stage.client('SET b 1');
    stage.client('EXEC');
    stage.client('SET c 1');
    expect(stage.at('A').commands).toEqual(['SET c 1']);
    stage.at('A').answer('+OK');
    expect(stage.words()).toEqual(['+OK', '-HOLDLIMIT', '-HOLDLIMIT', '-EXECABORT', '+OK']);
  });

  it('MULTI itself, behind a WATCH: EXEC ends the WATCH at the node', () => {
    const stage = Stage.flowing({ replayCommandsMax: 1 });
    stage.client('WATCH w');
    stage.client('MULTI');
    stage.at('A').answer('+OK');
    stage.client('EXEC');
    expect(stage.at('A').commands).toEqual(['UNWATCH']);
    stage.at('A').answer('+OK');
    expect(stage.words()).toEqual(['+OK', '-HOLDLIMIT', '-EXECABORT']);
  });

  it('a transaction that was cut short by the limit survives a move', () => {
    const stage = Stage.flowing({ replayCommandsMax: 2 });
    stage.client('MULTI');
    stage.client('SET a 1');
    stage.client('SET b 1');
    stage.client('EXEC');
    stage.at('A').answer('+OK', '-REDIRECT h:2', '+OK');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET a 1', 'DISCARD']);
    stage.at('B').answer('+OK', '+QUEUED', '+OK');
    expect(stage.words()).toEqual(['+OK', '+QUEUED', '-HOLDLIMIT', '-EXECABORT']);
  });
});

describe('REDIRECTLOOP', () => {
  function bounce(stage: Stage, times: number): number {
    let refused = 0;
    for (; refused < times; refused++) {
      const { at } = stage.session.state;
      if (at !== 'flowing') break;
      const connection = stage.connections.at(-1)!;
      if (connection.commands.length === 0) break;
      connection.answer(...connection.commands.map(() => '-REDIRECT h:1'));
      const next = connection.node === 'A' ? 'B' : 'A';
      stage.primary(next);
      stage.wait(200);
      stage.at(next).accept();
    }
    return refused;
  }

  it('ends the bouncing of one command; those behind it have their own chances', () => {
    const stage = Stage.flowing({ redirectsMax: 5 });
    stage.client('SET a 1', 'SET b 1');
    expect(bounce(stage, 6)).toBe(6);
    expect(stage.words()).toEqual(['-REDIRECTLOOP']);
    const node = stage.connections.at(-1)!;
    expect(node.commands).toEqual(['SET b 1']);
    node.answer('+OK');
    expect(stage.received()).toEqual(['+OK']);
  });

  it('a transaction is given up whole', () => {
    const stage = Stage.flowing({ redirectsMax: 5 });
    stage.client('MULTI', 'SET a 1', 'EXEC', 'GET a');
    let refusals = 0;
    while (refusals < 6) {
      const connection = stage.connections.at(-1)!;
      connection.answer(
        '+OK',
        '-REDIRECT h:1',
        '-EXECABORT Transaction discarded because of previous errors.',
        '-REDIRECT h:1',
      );
      refusals++;
      stage.primary(connection.node === 'A' ? 'B' : 'A');
      stage.wait(200);
      stage.connections.at(-1)!.accept();
    }
    expect(stage.words()).toEqual(['+OK', '-REDIRECTLOOP', '-EXECABORT']);
    expect(stage.connections.at(-1)!.commands).toEqual(['GET a']);
  });
});

describe('HOLDTIMEOUT inside MULTI', () => {
  it('the rest of the transaction is refused until its EXEC, which answers EXECABORT', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('MULTI', 'SET a 1');
    stage.at('A').answer('+OK', '+QUEUED');
    stage.client('SET b 1');
    stage.at('A').answer('-REDIRECT h:2');
    stage.wait(1_100);
    expect(stage.words()).toEqual(['+OK', '+QUEUED', '-HOLDTIMEOUT']);
    stage.client('SET c 1');
    expect(stage.words()).toEqual(['-HOLDTIMEOUT']);
    stage.client('EXEC', 'SET d 1');
    expect(stage.words()).toEqual(['-EXECABORT']);
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET d 1']);
  });

  it('all of it came before: given up whole, what came later lives', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('MULTI', 'SET a 1', 'EXEC');
    stage.at('A').answer('+OK', '-REDIRECT h:2', '-EXECABORT Transaction discarded because of previous errors.');
    stage.wait(900);
    stage.client('MULTI', 'SET b 1', 'EXEC');
    stage.wait(200);
    expect(stage.words()).toEqual(['+OK', '-HOLDTIMEOUT', '-EXECABORT']);
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET b 1', 'EXEC']);
  });

  it.each(['RESET', 'QUIT'])('%s ends it and means the connection', (command) => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('MULTI', 'SET a 1');
    stage.at('A').answer('+OK', '-REDIRECT h:2');
    stage.wait(1_100);
    stage.client(command, 'GET a');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual([command, 'GET a']);
  });
});

describe('a node that is left and stays silent', () => {
  it('is given up after drainTimeoutMs: its writes are uncertain, its reads run again', () => {
    const stage = Stage.flowing({ drainTimeoutMs: 1_000 });
    stage.client('SET a 1', 'GET a', 'SET b 1');
    stage.primary('B');
    stage.wait(900);
    expect(stage.connections.length).toBe(1);
    stage.wait(200);
    expect(stage.connections[0]!.closed).toBe(true);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['GET a']);
    stage.at('B').answer('$1\r\n1');
    expect(stage.words()).toEqual(['-UNCERTAIN', '$1', '-UNCERTAIN']);
  });

  it('behind a refusal, too', () => {
    const stage = Stage.flowing({ drainTimeoutMs: 1_000 });
    stage.client('SET a 1', 'GET a', 'SET b 1');
    stage.at('A').answer('-REDIRECT h:2');
    stage.primary('B');
    stage.wait(1_100);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1', 'GET a']);
    stage.at('B').answer('+OK', '$1\r\n1');
    expect(stage.words()).toEqual(['+OK', '$1', '-UNCERTAIN']);
  });
});
