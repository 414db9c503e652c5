import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

const HELLO_3 = '%1\r\n+proto\r\n:3';
const HELLO_2 = '*2\r\n+proto\r\n:2';

/** Opens the connection to `node` and returns the handshake, which it answers as a primary would. */
function handshake(stage: Stage, node = 'B'): string[] {
  stage.primary(node);
  const connection = stage.at(node);
  connection.handlers.onOpen();
  const steps = [...connection.commands];
  connection.restore();
  return steps;
}

describe('the state of the connection', () => {
  it('is told to the next node in one handshake', () => {
    const stage = Stage.flowing();
    stage.client('AUTH user secret', 'SELECT 3', 'CLIENT SETNAME n', 'CLIENT SETINFO lib-name l', 'READONLY');
    stage.client('CLIENT NO-EVICT ON', 'CLIENT NO-TOUCH ON');
    stage.at('A').answer('+OK', '+OK', '+OK', '+OK', '+OK', '+OK', '+OK');
    expect(handshake(stage)).toEqual([
      'AUTH user secret',
      'CLIENT CAPA redirect',
      'CLIENT SETNAME n',
      'CLIENT SETINFO LIB-NAME l',
      'SELECT 3',
      'CLIENT NO-EVICT ON',
      'CLIENT NO-TOUCH ON',
      'READONLY',
      'ROLE',
    ]);
    expect(stage.session.state.at).toBe('flowing');
  });

  it('is what was answered with success, no more', () => {
    const stage = Stage.flowing();
    stage.client('SELECT 99', 'CLIENT SETNAME a', 'SELECT 1', 'CLIENT SETNAME b');
    stage.at('A').answer('-ERR DB index is out of range', '+OK', '+OK', '-ERR no');
    expect(handshake(stage)).toEqual(['CLIENT CAPA redirect', 'CLIENT SETNAME a', 'SELECT 1', 'ROLE']);
  });

  it('changes inside a transaction only when it is executed', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'SELECT 1', 'DISCARD', 'MULTI', 'SELECT 2', 'EXEC', 'MULTI', 'SELECT 3');
    stage.at('A').answer('+OK', '+QUEUED', '+OK', '+OK', '+QUEUED', '*1\r\n+OK', '+OK', '+QUEUED');
    expect(handshake(stage)).toEqual(['CLIENT CAPA redirect', 'SELECT 2', 'ROLE']);
    expect(stage.at('B').commands).toEqual(['MULTI', 'SELECT 3']);
  });

  it('changes inside a transaction only where the command succeeded', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'MULTI', 'SELECT 99', 'SET a 1', 'SELECT 1', 'SELECT 98', 'EXEC');
    stage.at('A').answer('+OK', '-ERR MULTI calls can not be nested', '+QUEUED', '+QUEUED', '+QUEUED', '+QUEUED');
    stage.at('A').answer('*4\r\n-ERR DB index is out of range\r\n+OK\r\n+OK\r\n-ERR DB index is out of range');
    expect(handshake(stage)).toEqual(['CLIENT CAPA redirect', 'SELECT 1', 'ROLE']);
  });

  it('SELECT behind the cut runs again behind the command that was refused', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1', 'SELECT 1', 'SET b 1');
    stage.at('A').answer('-REDIRECT h:2', '+OK', '-REDIRECT h:2');
    expect(handshake(stage)).toEqual(['CLIENT CAPA redirect', 'ROLE']);
    expect(stage.at('B').commands).toEqual(['SET a 1', 'SELECT 1', 'SET b 1']);
  });

  it('a database that the next node refuses: another attempt, never another database', () => {
    const stage = Stage.flowing();
    stage.client('SELECT 3');
    stage.at('A').answer('+OK');
    stage.primary('B');
    stage.at('B').handlers.onOpen();
    expect(stage.at('B').commands).toEqual(['CLIENT CAPA redirect', 'SELECT 3', 'ROLE']);
    stage.at('B').answer('+OK', '-ERR DB index is out of range', '*1\r\n$6\r\nmaster');
    expect(stage.session.state.at).toBe('seeking');
    expect(stage.connections[1]!.closed).toBe(true);
  });

  it('a node that says it is a replica is not joined', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1');
    stage.at('A').answer('-REDIRECT h:2');
    stage.primary('B');
    stage.at('B').accept('slave');
    expect(stage.session.state.at).toBe('seeking');
    expect(stage.connections[1]!.closed).toBe(true);
    expect(stage.events.filter((event) => event.type === 'join-failed').length).toBe(1);
    stage.primary('B');
    stage.wait(10);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1']);
  });

  it('a node that refuses the password is not joined, and that is what the user is told', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('AUTH secret', 'SET a 1');
    stage.at('A').answer('+OK', '-REDIRECT h:2');
    stage.received();
    stage.primary('B');
    stage.at('B').handlers.onOpen();
    stage.at('B').answer('-WRONGPASS invalid username-password pair or user is disabled.', '+OK', '-NOAUTH x');
    stage.wait(1_100);
    expect(stage.received()[0]).toMatch(/^-HOLDTIMEOUT .*WRONGPASS/);
  });
});

describe('a server that wants a password', () => {
  /** Joined before the client has said who it is. */
  function joinedUnknown(): Stage {
    const stage = new Stage();
    stage.session.open({ node: 'A', term: 1 });
    stage.at('A').handlers.onOpen();
    expect(stage.at('A').commands).toEqual(['CLIENT CAPA redirect', 'ROLE']);
    stage.at('A').answer('-NOAUTH Authentication required.', '-NOAUTH Authentication required.');
    expect(stage.session.state.at).toBe('flowing');
    return stage;
  }

  it('hears of the capability once the client has said it', () => {
    const stage = joinedUnknown();
    stage.client('AUTH secret', 'GET a');
    stage.at('A').answer('+OK');
    expect(stage.at('A').commands).toEqual(['GET a', 'CLIENT CAPA redirect']);
    stage.at('A').answer('$1\r\n1', '+OK');
    stage.client('GET b');
    stage.at('A').answer('$1\r\n2');
    expect(stage.received()).toEqual(['+OK', '$1\r\n1', '$1\r\n2']);
    stage.client('AUTH secret');
    stage.at('A').answer('+OK');
    expect(stage.at('A').commands).toEqual([]);
  });

  it('hears of it behind a transaction or half a command that are in the way', () => {
    const stage = joinedUnknown();
    stage.client('AUTH secret', 'MULTI');
    stage.at('A').answer('+OK', '+OK');
    expect(stage.at('A').commands).toEqual([]);
    stage.raw('EXEC\r\nGET ');
    stage.at('A').answer('*0');
    expect(stage.at('A').commands).toEqual([]);
    stage.raw('a\r\n');
    expect(stage.at('A').commands).toEqual(['GET a', 'CLIENT CAPA redirect']);
    stage.at('A').answer('$1\r\n1', '+OK');
    expect(stage.received()).toEqual(['+OK', '+OK', '*0', '$1\r\n1']);
  });
});

describe('HELLO', () => {
  it('3 in the middle: nil has the form of the protocol in force', () => {
    const stage = Stage.flowing();
    stage.client('WATCH w', 'HELLO 3');
    stage.at('A').answer('+OK', HELLO_3);
    expect(handshake(stage)).toEqual(['HELLO 3', 'CLIENT CAPA redirect', 'ROLE']);
    stage.client('MULTI', 'SET w 1', 'EXEC');
    stage.at('B').answer('+OK', '+QUEUED', '+OK');
    expect(stage.received()).toEqual(['+OK', HELLO_3, '+OK', '+QUEUED', '_']);
  });

  it('3 then 2: the session is in RESP2 again', () => {
    const stage = Stage.flowing();
    stage.client('HELLO 3 AUTH u p SETNAME n', 'HELLO 2');
    stage.at('A').answer(HELLO_3, HELLO_2);
    expect(handshake(stage)).toEqual(['AUTH u p', 'CLIENT CAPA redirect', 'CLIENT SETNAME n', 'ROLE']);
  });

  it('3 behind the cut: the next node is joined in RESP2 and switched in its turn', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1', 'HELLO 3', 'GET a');
    stage.at('A').answer('-REDIRECT h:2', HELLO_3, '-REDIRECT h:2');
    expect(handshake(stage)).toEqual(['CLIENT CAPA redirect', 'ROLE']);
    stage.at('B').answer('+OK', HELLO_3, '_');
    expect(stage.received()).toEqual(['+OK', HELLO_3, '_']);
  });

  it('refused: nothing changes', () => {
    const stage = Stage.flowing();
    stage.client('HELLO 4');
    stage.at('A').answer('-NOPROTO unsupported protocol version');
    expect(handshake(stage)).toEqual(['CLIENT CAPA redirect', 'ROLE']);
  });

  it('tracking is restored, and the client forgets what it has cached', () => {
    const stage = Stage.flowing();
    stage.client('HELLO 3', 'CLIENT TRACKING ON BCAST');
    stage.at('A').answer(HELLO_3, '+OK');
    stage.received();
    expect(handshake(stage)).toContain('CLIENT TRACKING ON BCAST');
    expect(stage.received()).toEqual(['>2\r\n$10\r\ninvalidate\r\n_']);
  });
});

describe('RESET', () => {
  it('leaves nothing to restore', () => {
    const stage = Stage.flowing();
    stage.client('HELLO 3 AUTH u p', 'SELECT 3', 'CLIENT SETNAME n', 'SUBSCRIBE x', 'WATCH w', 'RESET');
    stage.at('A').answer(HELLO_3, '+OK', '+OK', '>3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1', '+OK', '+RESET');
    expect(handshake(stage)).toEqual(['CLIENT CAPA redirect', 'ROLE']);
    stage.client('MULTI', 'SET w 1', 'EXEC');
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET w 1', 'EXEC']);
  });

  it('ends a transaction', () => {
    const stage = Stage.flowing();
    stage.client('MULTI', 'SET a 1', 'RESET', 'SET b 1');
    stage.at('A').answer('+OK', '+QUEUED', '+RESET', '-REDIRECT h:2');
    handshake(stage);
    expect(stage.at('B').commands).toEqual(['SET b 1']);
    stage.at('B').answer('+OK');
    expect(stage.received()).toEqual(['+OK', '+QUEUED', '+RESET', '+OK']);
  });
});

describe('MONITOR', () => {
  it('goes on at the next node, and its lines are no answers', () => {
    const stage = Stage.flowing();
    stage.client('MONITOR');
    stage.at('A').answer('+OK');
    stage.at('A').send('+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"');
    stage.client('PING');
    stage.at('A').send('+1339518083.107413 [0 127.0.0.1:60866] "ping"');
    stage.at('A').answer('+PONG');
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['MONITOR']);
    stage.at('B').answer('+OK');
    stage.at('B').send('+1339518084.107412 [0 127.0.0.1:60866] "keys" "*"');
    expect(stage.words()).toEqual(['+OK', '+1339518083.107412', '+1339518083.107413', '+PONG', '+1339518084.107412']);
  });
});

describe('QUIT', () => {
  it('on hold, waits for the commands before it', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1');
    stage.at('A').answer('-REDIRECT h:2');
    stage.client('QUIT');
    expect(stage.ended).toBeUndefined();
    handshake(stage);
    expect(stage.at('B').commands).toEqual(['SET a 1', 'QUIT']);
    stage.at('B').answer('+OK', '+OK');
    expect(stage.received()).toEqual(['+OK', '+OK']);
    expect(stage.ended).toBe('in order');
    expect(stage.at('B').closed).toBe(true);
  });

  it('on hold too long, ends the session nevertheless', () => {
    const stage = Stage.flowing({ holdTimeoutMs: 1_000 });
    stage.client('SET a 1');
    stage.at('A').answer('-REDIRECT h:2');
    stage.client('QUIT');
    stage.wait(1_100);
    expect(stage.words()).toEqual(['-HOLDTIMEOUT', '+OK']);
    expect(stage.ended).toBe('in order');
  });
});

describe('commands that no table knows', () => {
  it('are asked for, and count as writes', () => {
    const stage = Stage.flowing();
    stage.client('MOD.READ k');
    expect(stage.asked).toEqual(['mod.read']);
    stage.at('A').lose();
    expect(stage.words()).toEqual(['-UNCERTAIN']);
  });

  it('refused by a demoted node they run again', () => {
    const stage = Stage.flowing();
    stage.client('MOD.WRITE k');
    stage.at('A').answer("-READONLY You can't write against a read only replica.");
    handshake(stage);
    expect(stage.at('B').commands).toEqual(['MOD.WRITE k']);
  });
});
