import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

/** SET a 1 was refused by A, and B is expected to be the next primary. */
function refused(...before: string[]): Stage {
  const stage = Stage.flowing();
  stage.prospect = { node: 'B', term: 1 };
  for (const command of before) {
    stage.client(command);
    stage.at('A').answer(command === 'HELLO 3' ? '%1\r\n+proto\r\n:3' : '+OK');
  }
  stage.received();
  stage.client('SET a 1');
  stage.at('A').answer('-REDIRECT h:2');
  return stage;
}

describe('a session goes to meet the next primary', () => {
  it('and sends as soon as the topology has spoken', () => {
    const stage = refused();
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual([]);
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['SET a 1']);
    expect(stage.connections.length).toBe(2);
  });

  it('which may speak before the handshake is over', () => {
    const stage = refused();
    stage.at('B').handlers.onOpen();
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['CLIENT CAPA redirect', 'ROLE']);
    stage.at('B').restore();
    expect(stage.at('B').commands).toEqual(['SET a 1']);
  });

  it('subscribes there only when it is the primary', () => {
    const stage = Stage.flowing();
    stage.prospect = { node: 'B', term: 1 };
    stage.client('HELLO 3', 'SUBSCRIBE c');
    stage.at('A').answer('%1\r\n+proto\r\n:3', '>3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1');
    stage.client('SET a 1');
    stage.at('A').answer('-REDIRECT h:2');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual([]);
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['SUBSCRIBE c']);
  });

  it('is not given what the node says meanwhile', () => {
    const stage = refused('HELLO 3', 'CLIENT TRACKING ON');
    stage.at('B').accept();
    stage.at('B').send('>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk', '-ERR whatever');
    expect(stage.received()).toEqual([]);
    stage.primary('B');
    stage.at('B').answer('+OK');
    expect(stage.received()).toEqual(['>2\r\n$10\r\ninvalidate\r\n_', '+OK']);
  });

  it('half a push had come when the topology spoke: the other half belongs to it', () => {
    const stage = refused('HELLO 3', 'CLIENT TRACKING ON');
    stage.at('B').accept();
    stage.at('B').handlers.onData(Buffer.from('>2\r\n$10\r\ninvali'));
    stage.primary('B');
    stage.at('B').handlers.onData(Buffer.from('date\r\n*1\r\n$1\r\nk\r\n+OK\r\n'));
    expect(stage.received()).toEqual([
      '>2\r\n$10\r\ninvalidate\r\n_',
      '>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk',
      '+OK',
    ]);
  });

  it('which is asked again whether it is, when it was not the primary yet', () => {
    const stage = refused();
    stage.at('B').accept('slave');
    expect(stage.session.state.at).toBe('seeking');
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['ROLE']);
    stage.at('B').restore();
    expect(stage.at('B').commands).toEqual(['SET a 1']);
    expect(stage.connections.length).toBe(2);
  });

  it('and is not believed when it still says no', () => {
    const stage = refused();
    stage.at('B').accept('slave');
    stage.primary('B');
    stage.at('B').restore('slave');
    expect(stage.at('B').closed).toBe(true);
    expect(stage.session.state.at).toBe('seeking');
  });

  it('loads there what scripts it lacks', () => {
    const stage = refused('EVAL return 0');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SCRIPT LOAD return']);
    stage.at('B').restore();
    stage.primary('B');
    expect(stage.at('B').commands).toEqual(['SET a 1']);
  });

  it('no longer than joinTimeoutMs', () => {
    const stage = refused();
    stage.wait(2_100);
    expect(stage.at('B').closed).toBe(true);
  });

  it('and again, when the connection was lost', () => {
    const stage = refused();
    stage.at('B').lose();
    stage.primary('B');
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1']);
  });

  it('in vain, when another is named', () => {
    const stage = refused();
    stage.at('B').accept();
    stage.primary('C');
    expect(stage.connections.map(({ node, closed }) => `${node} ${closed}`)).toEqual(['A true', 'B true', 'C false']);
    stage.at('C').accept();
    expect(stage.at('C').commands).toEqual(['SET a 1']);
  });

  it('in vain, when the client goes', () => {
    const stage = refused();
    stage.session.close();
    expect(stage.at('B').closed).toBe(true);
  });

  it('not for a refusal that passes', () => {
    const stage = Stage.flowing();
    stage.prospect = { node: 'B', term: 1 };
    stage.client('SET a 1');
    stage.at('A').answer('-LOADING Valkey is loading the dataset in memory');
    expect(stage.connections.length).toBe(1);
  });
});
