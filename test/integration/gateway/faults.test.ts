import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Log } from '../../../src/gateway/index.js';
import { Policy } from '../../../src/gateway/policy.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab } from './lab.js';

let lab: GatewayLab;
afterEach(async () => {
  vi.restoreAllMocks();
  await lab?.stop();
});

const SECRET = 'swordfish';
const closed = (): Record<string, number> => Object.fromEntries(lab.entrance.counts.closed);

/** Everything that is logged, as lines. */
function collecting(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const note = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  return { log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }, lines };
}

describe('a fault of the gateway', () => {
  it('while bytes of a client are taken ends that session alone, is counted, and logged without what was said', async () => {
    const { log, lines } = collecting();
    lab = await GatewayLab.start({ io: { log } });
    const answer = Policy.prototype.answer;
    vi.spyOn(Policy.prototype, 'answer').mockImplementation(function (this: Policy, name, args) {
      if (name === 'debug') throw new TypeError(`cannot read ${SECRET}`);
      return answer.call(this, name, args);
    });
    const good = lab.raw().write('PING\r\n');
    await good.until('+PONG\r\n');
    const bad = lab.raw().write('SET k v\r\nDEBUG x\r\nPING\r\n');
    await bad.untilClosed();
    expect(closed()).toEqual({ fault: 1 });
    await good.write('PING\r\n').until('+PONG\r\n+PONG\r\n');
    await waitFor(() => lab.entrance.clients.size, { deadlineMs: 5_000, what: 'one', until: (size) => size === 1 });
    expect(lab.entrance.heldBytes).toBe(0);
    const faults = lines.filter((line) => line.startsWith('error '));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/a fault of the gateway ended a session .*"client":\d+.*"what":"TypeError".*policy/i);
    expect(lines.join()).not.toContain(SECRET);
  });

  it('while bytes of a node are taken ends the session whose bytes they are, and its connection to the node', async () => {
    const { log, lines } = collecting();
    lab = await GatewayLab.start({ io: { log }, listener: { share: false } });
    const good = lab.raw().write('PING\r\n');
    await good.until('+PONG\r\n');
    const before = Number((await lab.primary.info('clients')).connected_clients);
    const forget = lab.gateway.observe({
      session: (_, { type }) => {
        if (type === 'move') throw new Error(SECRET);
      },
    });
    const bad = [lab.raw().write('PING\r\n'), lab.raw().write('PING\r\n')];
    await Promise.all(bad.map((client) => client.untilClosed()));
    forget();
    expect(closed()).toEqual({ fault: 2 });
    await waitFor(async () => Number((await lab.primary.info('clients')).connected_clients), {
      deadlineMs: 5_000,
      what: 'their connections gone',
      until: (count) => count <= before,
    });
    await good.write('PING\r\n').until('+PONG\r\n+PONG\r\n');
    await lab.raw().write('PING\r\n').until('+PONG\r\n');
    expect(lines.filter((line) => line.startsWith('error '))).toHaveLength(2);
    expect(lines.join()).not.toContain(SECRET);
  });
});
