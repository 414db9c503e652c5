import { describe, expect, it } from 'vitest';
import { Vigil } from '../../../src/gateway/vigil.js';
import { manualClock } from '../../../src/transport/index.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function stage(enabled = true) {
  const clock = manualClock();
  const vigil = new Vigil(clock, enabled);
  /** One command and its answer, both in time. */
  const exchange = (client = 1) => {
    vigil.heard(client, 100);
    vigil.answered();
  };
  const exchanges = (times: number, clients = 1) => {
    for (let n = 0; n < times; n++) exchange(1 + (n % clients));
  };
  /** Nothing comes until it has lost patience. */
  const patienceLost = async () => {
    clock.advance(0.2);
    await turn();
    await turn();
  };
  return { vigil, clock, exchange, exchanges, patienceLost };
}

describe('a vigil', () => {
  it('begins when one client alone has been busy for some commands', () => {
    const { vigil, exchanges } = stage();
    exchanges(8);
    expect(vigil.awake).toBe(false);
    exchanges(1);
    expect(vigil.awake).toBe(true);
  });

  it('is kept for four clients, and not for five', () => {
    const four = stage();
    four.exchanges(100, 4);
    expect(four.vigil.awake).toBe(true);
    const five = stage();
    five.exchanges(100, 5);
    expect(five.vigil.awake).toBe(false);
  });

  it.each([
    ['the next command', 0.06],
    ['an answer', 0.2],
  ])('goes on from turn to turn while %s may come, and ends after %d ms', async (awaited, ms) => {
    const { vigil, clock, exchanges } = stage();
    exchanges(9);
    if (awaited === 'an answer') vigil.heard(1, 100);
    for (let n = 0; n < 5; n++) await turn();
    clock.advance(ms - 0.001);
    await turn();
    expect(vigil.awake).toBe(true);
    clock.advance(0.001);
    await turn();
    await turn();
    expect(vigil.awake).toBe(false);
  });

  it('is not begun for a client that sends much', () => {
    const { vigil, exchanges } = stage();
    for (let n = 0; n < 100; n++) {
      vigil.heard(1, 100_000);
      vigil.answered();
    }
    expect(vigil.awake).toBe(false);
    exchanges(9);
    expect(vigil.awake).toBe(true);
  });

  it('lasts as long as something comes in time', async () => {
    const { vigil, clock, exchange, exchanges } = stage();
    exchanges(9);
    for (let n = 0; n < 100; n++) {
      clock.advance(0.05);
      await turn();
      exchange();
    }
    expect(vigil.awake).toBe(true);
  });

  it('is tried less and less often when the next command never comes in time, but for answers as before', async () => {
    const { vigil, exchanges, patienceLost } = stage();
    exchanges(9);
    await patienceLost();
    const tried: number[] = [];
    for (let command = 1; command <= 400; command++) {
      vigil.heard(1, 100);
      expect(vigil.awake, `for the answer to command ${command}`).toBe(true);
      vigil.answered();
      // It may still go round once for the answer that has come.
      await turn();
      if (vigil.awake) tried.push(command);
      await patienceLost();
    }
    expect(tried).toEqual([1, 2, 3, 20, 53, 118, 247]);
  });

  it('is worth trying again once something comes in time', async () => {
    const { vigil, exchanges, patienceLost } = stage();
    exchanges(9);
    for (let n = 0; n < 40; n++) {
      vigil.answered();
      await patienceLost();
    }
    exchanges(2000);
    await patienceLost();
    exchanges(1);
    // It would go round once more for the answer that has come, whatever it thinks of the next command.
    await turn();
    expect(vigil.awake).toBe(true);
  });

  it('is not kept where it is not wanted', () => {
    const { vigil, exchanges } = stage(false);
    exchanges(100);
    expect(vigil.awake).toBe(false);
  });
});
