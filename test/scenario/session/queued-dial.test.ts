import { describe, expect, it } from 'vitest';
import { type Connection, Stage } from './stage.js';

const JOIN_MS = 2_000;
const options = { joinTimeoutMs: JOIN_MS, holdTimeoutMs: 30_000 };

/** Every connection to B has to wait until others have been dialled. */
function crowded(): Stage {
  const stage = Stage.flowing(options);
  stage.queues = (node) => node === 'B';
  return stage;
}

const given = (stage: Stage) => stage.connections.filter(({ node, closed }: Connection) => node === 'B' && closed);

describe('a session whose dial waits for its turn', () => {
  it('waits in its place for as long as it takes', () => {
    const stage = crowded();
    stage.primary('B');
    stage.client('SET a 1');
    for (let waits = 0; waits < 5; waits++) stage.wait(JOIN_MS);
    expect([stage.session.state.at, given(stage), stage.connections.length]).toEqual(['joining', [], 2]);
    stage.at('B').turn();
    stage.wait(JOIN_MS - 1);
    stage.at('B').accept();
    expect(stage.at('B').commands).toEqual(['SET a 1']);
    expect(stage.events.filter(({ type }) => type === 'join-failed')).toEqual([]);
  });

  it('has the whole time for joining from then on, and no more', () => {
    const stage = crowded();
    stage.primary('B');
    stage.wait(JOIN_MS - 1);
    stage.at('B').turn();
    stage.wait(JOIN_MS - 1);
    expect(given(stage).length).toBe(0);
    stage.wait(1);
    expect(given(stage).length).toBe(1);
    expect(stage.events.at(-1)).toMatchObject({ type: 'join-failed', reason: `not joined within ${JOIN_MS} ms` });
  });

  it('lets no command wait longer than commands may', () => {
    const stage = crowded();
    stage.primary('B');
    stage.client('SET a 1');
    stage.wait(options.holdTimeoutMs);
    expect(stage.received()[0]).toMatch(/^-/);
    expect(stage.session.state.at).toBe('joining');
  });

  it('goes elsewhere when another node is primary by then', () => {
    const stage = crowded();
    stage.primary('B');
    stage.primary('C', 3);
    expect(given(stage).length).toBe(1);
    stage.at('C').accept();
    expect(stage.session.state.at).toBe('flowing');
  });

  it('is prepared for as long as its dial takes from its turn on', () => {
    const stage = crowded();
    stage.session.prepare({ node: 'B', term: 1 });
    stage.wait(5 * JOIN_MS);
    expect([stage.session.preparing, given(stage).length]).toEqual([true, 0]);
    stage.at('B').turn();
    stage.wait(JOIN_MS);
    expect([stage.session.preparing, given(stage).length]).toEqual([false, 1]);
  });
});
