import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

const B = { node: 'B', term: 1 };

/** The client has said `before`, and a connection to B, a replica still, stands ready. */
function prepared(...before: string[]): Stage {
  const stage = Stage.flowing();
  for (const command of before) {
    stage.client(command);
    stage.at('A').answer(command === 'HELLO 3' ? '%1\r\n+proto\r\n:3' : '+OK');
  }
  stage.received();
  stage.session.prepare(B);
  stage.at('B').accept('slave');
  while (stage.at('B').commands.length > 0) stage.at('B').restore('slave');
  expect(stage.session.prepared).toEqual(B);
  return stage;
}

const a = (stage: Stage) => stage.connections[0]!;

describe('a session that is prepared', () => {
  it('goes on where it is meanwhile, and says when it stands ready', () => {
    const stage = Stage.flowing();
    stage.session.prepare(B);
    expect([stage.session.preparing, stage.session.prepared]).toEqual([true, undefined]);
    stage.client('SET a 1');
    expect(a(stage).commands).toEqual(['SET a 1']);
    stage.at('B').handlers.onOpen();
    expect(stage.at('B').commands).toEqual(['CLIENT CAPA redirect']);
    expect(stage.standstills).toBe(0);
    stage.at('B').restore();
    expect([stage.session.preparing, stage.session.prepared, stage.standstills]).toEqual([false, B, 1]);
    expect(stage.session.state.at).toBe('flowing');
  });

  it('sends to the new primary in the moment in which it hears of it', () => {
    const stage = prepared('SELECT 3', 'CLIENT SETNAME me');
    stage.session.hold(1_000);
    stage.client('SET a 1', 'GET a');
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['SET a 1', 'GET a']);
    expect(a(stage).closed).toBe(true);
    expect(stage.connections.length).toBe(2);
    stage.at('B').answer('+OK', '$1\r\n1');
    expect(stage.received()).toEqual(['+OK', '$1\r\n1']);
  });

  it('without a hold, too: the refusal leads there', () => {
    const stage = prepared();
    stage.prospect = B;
    stage.client('SET a 1');
    a(stage).answer('-REDIRECT h:2');
    expect(stage.connections.length).toBe(2);
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['SET a 1']);
  });

  it('restores there all that the client had said before', () => {
    const stage = Stage.flowing();
    stage.client('AUTH u p', 'SELECT 2');
    stage.at('A').answer('+OK', '+OK');
    stage.session.prepare(B);
    stage.at('B').handlers.onOpen();
    expect(stage.at('B').commands).toEqual(['AUTH u p', 'CLIENT CAPA redirect', 'SELECT 2']);
  });

  it('what the client has changed since is brought up to date when the hold begins', () => {
    const stage = prepared('SELECT 2', 'CLIENT SETNAME me');
    stage.client('SELECT 0');
    a(stage).answer('+OK');
    expect(stage.at('B').commands).toEqual([]);
    stage.session.hold(1_000);
    expect(stage.at('B').commands).toEqual(['RESET', 'CLIENT CAPA redirect', 'CLIENT SETNAME me']);
    expect(stage.session.prepared).toEqual(B);
    stage.at('B').restore();
    stage.client('GET a');
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['GET a']);
  });

  it('what was in flight then, when it is answered', () => {
    const stage = prepared();
    stage.client('SELECT 4');
    stage.session.hold(1_000);
    expect(stage.at('B').commands).toEqual([]);
    a(stage).answer('+OK');
    expect(stage.at('B').commands).toEqual(['RESET', 'CLIENT CAPA redirect', 'SELECT 4']);
    stage.client('GET a');
    stage.primary('B');
    stage.at('B').answer('+RESET', '+OK');
    expect(stage.at('B').commands).toEqual(['SELECT 4']);
    stage.at('B').answer('+OK');
    expect(stage.at('B').commands).toEqual(['GET a']);
  });

  it('what has changed at the last moment costs one round trip', () => {
    const stage = prepared();
    stage.client('SELECT 5');
    a(stage).answer('+OK');
    stage.client('GET a');
    stage.primary('B');
    a(stage).answer('$-1');
    expect(stage.at('B').commands).toEqual(['RESET', 'CLIENT CAPA redirect', 'SELECT 5']);
    stage.at('B').restore();
    stage.client('GET b');
    expect(stage.at('B').commands).toEqual(['GET b']);
  });

  it('where RESET is not possible the session comes by a new connection', () => {
    const stage = prepared();
    stage.client('SELECT 5');
    a(stage).answer('+OK');
    stage.client('GET a');
    stage.primary('B');
    a(stage).answer('$-1');
    stage.at('B').answer("-NOPERM User default has no permissions to run the 'reset' command");
    expect(stage.at('B').closed).toBe(true);
    stage.primary('B');
    expect(stage.connections.length).toBe(3);
  });

  it('loads the scripts that the node lacks, those that came later in the hold', () => {
    const stage = Stage.flowing();
    stage.client('EVAL return 0');
    stage.at('A').answer('$-1');
    stage.session.prepare(B);
    stage.at('B').handlers.onOpen();
    expect(stage.at('B').commands[1]).toMatch(/^SCRIPT EXISTS /);
    stage.at('B').restore('slave');
    expect(stage.at('B').commands).toEqual(['SCRIPT LOAD return']);
    expect(stage.session.prepared).toBe(undefined);
    stage.at('B').restore('slave');
    expect(stage.session.prepared).toEqual(B);
    stage.client('EVAL other 0');
    a(stage).answer('$-1');
    stage.session.hold(1_000);
    expect(stage.at('B').commands).toEqual(['SCRIPT LOAD other']);
    stage.at('B').restore();
    stage.client('GET a');
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['GET a']);
  });

  it('subscribes only when it goes over', () => {
    const stage = Stage.flowing();
    stage.client('SUBSCRIBE c');
    stage.at('A').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1');
    stage.session.prepare(B);
    stage.at('B').accept('slave');
    expect(stage.at('B').commands).toEqual([]);
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['SUBSCRIBE c']);
    stage.at('B').answer('*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1');
    expect(stage.session.state.at).toBe('flowing');
  });

  it("what the old node says behind its last answer is nobody's, though the new one has begun to speak", () => {
    const stage = prepared('HELLO 3');
    stage.at('B').handlers.onData(Buffer.from('>2\r\n$10\r\ninvali'));
    stage.client('SET a 1');
    stage.primary('B');
    a(stage).commands.length = 0;
    a(stage).send('-REDIRECT h:2', '-ERR about to close');
    expect(stage.at('B').commands).toEqual(['SET a 1']);
    expect(stage.received()).toEqual([]);
    stage.at('B').handlers.onData(Buffer.from('date\r\n*1\r\n$1\r\nk\r\n+OK\r\n'));
    expect(stage.received()).toEqual(['>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk', '+OK']);
  });

  it('a WATCH does not come along: EXEC does not commit', () => {
    const stage = prepared('WATCH w');
    stage.session.hold(1_000);
    stage.client('MULTI', 'SET a 1', 'EXEC');
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['MULTI', 'SET a 1', 'DISCARD']);
    stage.at('B').answer('+OK', '+QUEUED', '+OK');
    expect(stage.received()).toEqual(['+OK', '+QUEUED', '*-1']);
  });
});

describe('what was prepared is dropped', () => {
  it('when its connection is lost; the session moves without it', () => {
    const stage = prepared();
    stage.at('B').lose();
    expect(stage.session.prepared).toBe(undefined);
    expect(stage.events.slice(1)).toEqual([{ type: 'join-failed', node: 'B', reason: 'connection lost', ahead: true }]);
    stage.session.hold(1_000);
    stage.primary('B');
    expect(stage.connections.length).toBe(3);
    stage.at('B').accept();
    expect(stage.session.state.at).toBe('flowing');
  });

  it.each([
    ['the dial fails', (stage: Stage) => stage.at('B').lose()],
    ['the node is silent', (stage: Stage) => stage.wait(2_000)],
    [
      'the password is wrong there',
      (stage: Stage) => {
        stage.at('B').handlers.onOpen();
        stage.at('B').answer('-WRONGPASS invalid username-password pair or user is disabled.');
      },
    ],
  ])('when %s, and says that it is over', (_what, trouble) => {
    const stage = Stage.flowing();
    stage.client('AUTH u p');
    stage.at('A').answer('+OK');
    stage.session.prepare(B);
    trouble(stage);
    expect(stage.at('B').closed).toBe(true);
    expect([stage.session.preparing, stage.session.prepared, stage.standstills]).toEqual([false, undefined, 1]);
  });

  it('when another is prepared', () => {
    const stage = prepared();
    stage.session.prepare({ node: 'C', term: 1 });
    expect(stage.connections[1]!.closed).toBe(true);
    expect(stage.session.prepared).toBe(undefined);
  });

  it('when the client goes', () => {
    const stage = prepared();
    stage.session.close();
    expect(stage.at('B').closed).toBe(true);
  });

  it('when the switch is given up', () => {
    const stage = prepared();
    stage.session.hold(1_000);
    stage.session.release();
    expect(stage.connections.map(({ closed }) => closed)).toEqual([false, true]);
    expect(stage.session.prepared).toBe(undefined);
  });

  it('not when the hold is over and nobody has said what becomes of the switch', () => {
    const stage = prepared();
    stage.session.hold(1_000);
    stage.wait(1_000);
    stage.prospect = B;
    stage.client('SET a 1');
    a(stage).answer('-REDIRECT h:2');
    stage.session.release();
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['SET a 1']);
    expect(stage.connections.length).toBe(2);
  });

  it('when nobody wants it for a minute', () => {
    const stage = prepared();
    stage.wait(59_000);
    expect(stage.at('B').closed).toBe(false);
    stage.wait(1_000);
    expect(stage.at('B').closed).toBe(true);
  });

  it('not when the session has to join its old node again', () => {
    const stage = prepared();
    a(stage).lose();
    stage.primary('A', 1);
    stage.at('A').accept();
    expect(stage.session.prepared).toEqual(B);
  });

  it('not when the same is prepared again', () => {
    const stage = prepared();
    stage.session.prepare(B);
    expect(stage.connections.length).toBe(2);
    expect(stage.session.prepared).toEqual(B);
  });

  it('is not made where the session is already', () => {
    const stage = Stage.flowing();
    stage.session.prepare({ node: 'A', term: 1 });
    expect(stage.connections.length).toBe(1);
    expect(stage.session.preparing).toBe(false);
  });
});
