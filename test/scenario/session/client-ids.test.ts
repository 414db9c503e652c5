import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

describe('the id of a connection', () => {
  it('is the node’s: asked again after a move it is another one', () => {
    const stage = Stage.flowing();
    stage.client('CLIENT ID');
    stage.at('A').answer(':7');
    stage.primary('B');
    stage.at('B').accept();
    stage.client('CLIENT ID', 'CLIENT GETREDIR', 'CLIENT TRACKINGINFO');
    expect(stage.at('B').commands).toEqual(['CLIENT ID', 'CLIENT GETREDIR', 'CLIENT TRACKINGINFO']);
    stage.at('B').answer(':3', ':-1', '*0');
    expect(stage.received()).toEqual([':7', ':3', ':-1', '*0']);
  });

  it('refused with the rest of a pipeline, CLIENT ID is answered by the node where the rest runs', () => {
    const stage = Stage.flowing();
    stage.client('SET a 1', 'CLIENT ID');
    stage.at('A').answer('-REDIRECT h:2', ':7');
    stage.primary('B');
    stage.at('B').accept();
    stage.at('B').answer('+OK', ':3');
    expect(stage.received()).toEqual(['+OK', ':3']);
  });
});

describe('CLIENT KILL', () => {
  it('of the connection that a session stands on costs it that connection, not itself', () => {
    const stage = Stage.flowing();
    stage.client('SELECT 3', 'GET a');
    stage.at('A').answer('+OK');
    stage.at('A').lose();
    stage.primary('A');
    stage.at('A').handlers.onOpen();
    expect(stage.at('A').commands).toContain('SELECT 3');
    stage.at('A').restore();
    expect(stage.at('A').commands).toEqual(['GET a']);
    expect(stage.ended).toBeUndefined();
  });

  it.each(['CLIENT KILL ID 7', 'CLIENT UNBLOCK 7'])(
    'and the like: %s is never run twice by a crash, since by then 7 may be somebody else',
    (command) => {
      const stage = Stage.flowing();
      stage.client(command);
      stage.at('A').lose();
      stage.primary('B');
      stage.at('B').accept();
      expect(stage.at('B').commands).toEqual([]);
      expect(stage.words()).toEqual(['-UNCERTAIN']);
    },
  );
});
