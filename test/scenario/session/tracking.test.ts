import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

const OK = '+OK';
const FLUSH = '>2\r\n$10\r\ninvalidate\r\n_';

/** In RESP3, with tracking on as said. */
function tracking(...commands: string[]): Stage {
  const stage = Stage.flowing();
  stage.client('HELLO 3', ...commands);
  stage.at('A').answer('%1\r\n+proto\r\n:3', ...commands.map(() => OK));
  stage.received();
  return stage;
}

/** Moves to B; returns what it is told of tracking. */
function toldToB(stage: Stage): string[] {
  stage.primary('B');
  const connection = stage.at('B');
  connection.handlers.onOpen();
  const told = connection.commands.filter((command) => command.includes('TRACKING'));
  connection.restore();
  return told;
}

describe('CLIENT TRACKING', () => {
  it('prefixes add up until it is switched off, as on a server', () => {
    const stage = tracking('CLIENT TRACKING ON BCAST PREFIX a:', 'CLIENT TRACKING ON BCAST PREFIX b: NOLOOP');
    expect(toldToB(stage)).toEqual(['CLIENT TRACKING ON BCAST PREFIX b: NOLOOP PREFIX a:']);
    const again = tracking('CLIENT TRACKING ON BCAST PREFIX a:', 'CLIENT TRACKING OFF', 'CLIENT TRACKING ON BCAST');
    expect(toldToB(again)).toEqual(['CLIENT TRACKING ON BCAST']);
  });

  it('without a prefix is everything: earlier prefixes must not narrow it', () => {
    const stage = tracking('CLIENT TRACKING ON BCAST PREFIX a:', 'CLIENT TRACKING ON BCAST');
    expect(toldToB(stage)).toEqual(['CLIENT TRACKING ON BCAST']);
  });

  it('after a crash, too, the client forgets everything before it is answered again', () => {
    const stage = tracking('CLIENT TRACKING ON');
    stage.client('GET a');
    stage.at('A').lose();
    expect(toldToB(stage)).toEqual(['CLIENT TRACKING ON']);
    expect(stage.at('B').commands).toEqual(['GET a']);
    stage.at('B').answer('$1\r\n1');
    expect(stage.received()).toEqual([FLUSH, '$1\r\n1']);
  });

  it.each([
    ['a transaction', ['MULTI', 'GET k', 'SET y 1', 'EXEC'], [OK, '+QUEUED', '+QUEUED', '*2\r\n$1\r\nv\r\n+OK']],
    ['a script', ['EVAL s 1 k'], ['$1\r\nv']],
  ])(
    '%s behind a refusal was read on a connection that is gone: it is not kept, either',
    (_what, commands, answers) => {
      const stage = tracking('CLIENT TRACKING ON');
      stage.client('SET a 1', ...commands, 'SET b 1');
      stage.at('A').answer('-NOREPLICAS Not enough good replicas to write.', ...answers, OK);
      stage.primary('A', 1);
      stage.wait(10);
      stage.at('A').accept();
      stage.at('A').restore();
      stage.at('A').answer(...stage.at('A').commands.map(() => OK));
      expect(stage.received()).toEqual([FLUSH, OK, ...answers, FLUSH, OK]);
    },
  );

  it('switched off, nothing is restored and nothing invalidated', () => {
    const stage = tracking('CLIENT TRACKING ON', 'CLIENT TRACKING OFF');
    expect(toldToB(stage)).toEqual([]);
    expect(stage.received()).toEqual([]);
  });

  it('a node that refuses it is not joined: the client would keep what nobody invalidates', () => {
    const stage = tracking('CLIENT TRACKING ON');
    stage.client('GET a');
    stage.primary('B');
    stage.at('A').answer('$1\r\n1');
    const connection = stage.at('B');
    connection.handlers.onOpen();
    const refused = '-NOPERM User app has no permissions to run the client|tracking command';
    connection.answer(...connection.commands.map((command) => (command.includes('TRACKING') ? refused : OK)));
    stage.client('GET b');
    expect(stage.events).toContainEqual({
      type: 'join-failed',
      node: 'B',
      reason: `CLIENT: ${refused.slice(1)}`,
      ahead: false,
    });
    expect(connection.commands).not.toContain('GET b');
  });

  it('with REDIRECT is refused: the id means another connection, or none, on the next node', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT TRACKING ON REDIRECT 7 BCAST', 'client tracking on bcast redirect 7', 'GET a');
    expect(stage.at('A').commands).toEqual(['GET a']);
    stage.at('A').answer('$-1');
    expect(stage.words()).toEqual(['-ERR', '-ERR', '$-1']);
    stage.client('MULTI', 'CLIENT TRACKING ON REDIRECT 7', 'EXEC');
    expect(stage.at('A').commands).toEqual(['MULTI', 'DISCARD']);
    stage.at('A').answer(OK, OK);
    expect(stage.words()).toEqual(['+OK', '-ERR', '-EXECABORT']);
  });

  it('a prefix may be called redirect', () => {
    const stage = tracking('CLIENT TRACKING ON BCAST PREFIX redirect');
    expect(toldToB(stage)).toEqual(['CLIENT TRACKING ON BCAST PREFIX redirect']);
  });
});

describe('CLIENT CACHING YES', () => {
  it('answered before the cut, is sent again with the command that it is for', () => {
    const stage = tracking('CLIENT TRACKING ON OPTIN');
    stage.client('CLIENT CACHING YES', 'GET a', 'GET b');
    stage.at('A').answer(OK, '-REDIRECT h:2', '-REDIRECT h:2');
    expect(toldToB(stage)).toEqual(['CLIENT TRACKING ON OPTIN']);
    expect(stage.at('B').commands).toEqual(['CLIENT CACHING YES', 'GET a', 'GET b']);
    stage.at('B').answer(OK, '$1\r\na', '$1\r\nb');
    expect(stage.received()).toEqual([OK, FLUSH, '$1\r\na', '$1\r\nb']);
  });

  it('answered, and its command only sent after the move', () => {
    const stage = tracking('CLIENT TRACKING ON OPTIN');
    stage.client('CLIENT CACHING YES');
    stage.at('A').answer(OK);
    toldToB(stage);
    stage.client('GET a');
    expect(stage.at('B').commands).toEqual(['CLIENT CACHING YES', 'GET a']);
    stage.at('B').answer(OK, '$1\r\na');
    expect(stage.received()).toEqual([OK, FLUSH, '$1\r\na']);
  });

  it('holds for a whole transaction, as on a server', () => {
    const stage = tracking('CLIENT TRACKING ON OPTIN');
    stage.client('CLIENT CACHING YES', 'MULTI', 'GET a');
    stage.at('A').answer(OK, OK, '+QUEUED');
    toldToB(stage);
    expect(stage.at('B').commands).toEqual(['CLIENT CACHING YES', 'MULTI', 'GET a']);
    stage.client('EXEC');
    stage.at('B').answer(OK, OK, '+QUEUED', '*1\r\n$1\r\na');
    expect(stage.received()).toEqual([OK, OK, '+QUEUED', FLUSH, '*1\r\n$1\r\na']);
    expect(stage.session.retained.commands).toBe(0);
  });

  it('is forgotten when its command is answered; NO is, at once: more is invalidated, never less', () => {
    const stage = tracking('CLIENT TRACKING ON OPTIN');
    stage.client('CLIENT CACHING YES', 'GET a', 'GET b');
    stage.at('A').answer(OK, '$1\r\na', '-REDIRECT h:2');
    toldToB(stage);
    expect(stage.at('B').commands).toEqual(['GET b']);
    const out = tracking('CLIENT TRACKING ON OPTOUT');
    out.client('CLIENT CACHING NO', 'GET a');
    out.at('A').answer(OK, '-REDIRECT h:2');
    toldToB(out);
    expect(out.at('B').commands).toEqual(['GET a']);
  });

  it('given up with its command when no primary comes', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('HELLO 3', 'CLIENT TRACKING ON OPTIN', 'CLIENT CACHING YES', 'GET a');
    stage.at('A').answer('%1\r\n+proto\r\n:3', OK, OK, '-REDIRECT h:2');
    stage.wait(1_100);
    expect(stage.words()).toEqual(['%1', '+OK', '+OK', '-HOLDTIMEOUT']);
    toldToB(stage);
    expect(stage.at('B').commands).toEqual([]);
  });
});
