import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

/** Moves to B; returns what B is told of scripts, in the rounds in which it is told. */
function scriptsToldToB(stage: Stage): string[] {
  stage.primary('B');
  const b = stage.at('B');
  b.handlers.onOpen();
  const told: string[] = [];
  for (let rounds = 0; rounds < 3 && stage.session.state.at === 'joining'; rounds++) {
    told.push(...b.commands.filter((command) => command.startsWith('SCRIPT')));
    b.restore();
  }
  return told;
}

const SHA_OF_X = '11f6ad8ec52a2984abaafd7c3b516503785c2072';

describe('scripts', () => {
  it.each(['SCRIPT LOAD x', 'EVAL x 0', 'EVAL_RO x 0'])(
    'a body seen in %s is on the next node before the first command',
    (command) => {
      const stage = Stage.flowing();
      stage.client(command);
      stage.at('A').answer('+ok');
      expect(scriptsToldToB(stage)).toEqual([`SCRIPT EXISTS ${SHA_OF_X}`, 'SCRIPT LOAD x']);
      stage.client(`EVALSHA ${SHA_OF_X} 0`);
      expect(stage.at('B').commands).toEqual([`EVALSHA ${SHA_OF_X} 0`]);
    },
  );

  it('after a crash, too', () => {
    const stage = Stage.flowing();
    stage.client('EVAL x 0');
    stage.at('A').answer('+ok');
    stage.at('A').lose();
    expect(scriptsToldToB(stage)).toEqual([`SCRIPT EXISTS ${SHA_OF_X}`, 'SCRIPT LOAD x']);
  });

  it('SCRIPT FLUSH: what was forgotten on purpose is not loaded again', () => {
    const stage = Stage.flowing();
    stage.client('EVAL x 0', 'SCRIPT FLUSH');
    stage.at('A').answer('+ok', '+OK');
    expect(scriptsToldToB(stage)).toEqual([]);
  });

  it.each(['EVAL x 0', `EVALSHA ${SHA_OF_X} 0`, 'FCALL f 0', 'SCRIPT FLUSH', 'FUNCTION LOAD x'])(
    '%s on the wire in a crash is UNCERTAIN: it may have written',
    (command) => {
      const stage = Stage.flowing();
      stage.client(command);
      stage.at('A').lose();
      expect(stage.words()).toEqual(['-UNCERTAIN']);
    },
  );

  it.each(['EVAL_RO x 0', `EVALSHA_RO ${SHA_OF_X} 0`, 'FCALL_RO f 0'])(
    '%s on the wire in a crash runs again',
    (command) => {
      const stage = Stage.flowing();
      stage.client(command);
      stage.at('A').lose();
      scriptsToldToB(stage);
      expect(stage.at('B').commands).toEqual([command]);
    },
  );
});
