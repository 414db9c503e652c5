import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LiveView } from '../../../src/gateway/admin/live.js';
import { type LabPair, startPair } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { CliHome, type Running } from '../cli/run-cli.js';
import { RawClient } from './lab.js';

let home: CliHome;
let pair: LabPair;
const clients: RawClient[] = [];

beforeAll(async () => {
  home = await CliHome.make();
  pair = await startPair({ password: 'swordfish' });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.socket.destroy();
});
afterAll(async () => {
  await home?.leave();
  await pair?.stop();
});

const environment = { SEGUE_PASSWORD: 'swordfish' };

/** What one line of the log says: the first with this message, and of this listener, if one is given. */
async function logged(running: Running, message: string, listener?: string): Promise<Record<string, unknown>> {
  const find = () =>
    running
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find((line) => line.msg === message && (listener === undefined || line.listener === listener));
  return (await waitFor(find, { deadlineMs: 15_000, what: `"${message}" in the log` }))!;
}

async function portOf(running: Running, message = 'listening', listener?: string): Promise<number> {
  return Number(
    String((await logged(running, message, listener)).address)
      .split(':')
      .at(-1),
  );
}

function client(port: number): RawClient {
  const one = new RawClient(connect({ port }));
  clients.push(one);
  return one;
}

const start = (...args: string[]): Running =>
  home.start(
    ['gateway', '--nodes', `valkey://${pair.primary.address}`, '--listen', '127.0.0.1:0', ...args],
    environment,
  );

describe('segue gateway', () => {
  it('serves, tells of itself over HTTP, and lets its clients finish at SIGTERM', async () => {
    const running = start('--admin', '127.0.0.1:0');
    const port = await portOf(running);
    const admin = `http://127.0.0.1:${await portOf(running, 'admin endpoint')}`;
    const busy = client(port).write('AUTH swordfish\r\nCLIENT SETINFO LIB-NAME mine\r\nMULTI\r\nINCR n\r\n');
    await busy.until('+QUEUED\r\n');
    const idle = client(port).write('PING\r\n');
    await idle.until('-NOAUTH Authentication required.\r\n');

    expect(await (await fetch(`${admin}/healthz`)).text()).toBe('ok\n');
    expect((await fetch(`${admin}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toContain('segue_gateway_clients{listener="127.0.0.1:0"} 2');
    expect(metrics).toContain('segue_gateway_commands_total{listener="127.0.0.1:0"} 5');
    expect(metrics).toMatch(/segue_gateway_node_primary\{node="127\.0\.0\.1:\d+"\} 1/);
    const status = await (await fetch(`${admin}/status`)).json();
    expect(status).toMatchObject({
      phase: 'serving',
      unready: null,
      listeners: [{ libraries: { mine: 1, unknown: 1 } }],
    });
    const page = await fetch(`${admin}/`);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'sha256-/);
    expect(page.headers.get('cache-control')).toBe('no-store');
    const pageText = await page.text();
    const live = (await (await fetch(`${admin}/live`)).json()) as LiveView;
    expect(live.status.primary).toMatchObject({ node: pair.primary.address, term: 1 });
    expect(live.switches).toEqual([]);
    const next = await waitFor(
      async () => (await (await fetch(`${admin}/live?since=1&of=${live.startedAt}`)).json()) as LiveView,
      { deadlineMs: 10_000, what: 'the second sample', until: ({ samples }) => samples.length > 0 },
    );
    expect(next.samples[0]).toMatchObject({ seq: 2, clients: 2, commands: 0 });
    expect((await fetch(`${admin}/nothing`)).status).toBe(404);
    expect((await fetch(`${admin}/live`, { method: 'POST' })).status).toBe(404);

    running.child.kill('SIGTERM');
    await idle.untilClosed();
    expect((await fetch(`${admin}/readyz`)).status).toBe(503);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
    expect(busy.closed).toBe(false);
    busy.write('EXEC\r\n');
    await busy.untilClosed();
    expect(busy.text).toMatch(/\*1\r\n:1\r\n$/);
    expect(await running.ended).toMatchObject({ code: 0, stdout: '' });
    expect(running.stderr()).not.toContain('swordfish');
    expect(metrics + JSON.stringify([status, live, next]) + pageText).not.toContain('swordfish');
  });

  it('drains no longer than it may, and stops at once at the second signal', async () => {
    const running = start('--drain-timeout', '300ms');
    const stuck = client(await portOf(running)).write('AUTH swordfish\r\nMULTI\r\n');
    await stuck.until('+OK\r\n+OK\r\n');
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(0);
    expect((await logged(running, 'stopped')).cut).toBe(1);

    const hasty = start();
    await client(await portOf(hasty))
      .write('AUTH swordfish\r\nMULTI\r\n')
      .until('+OK\r\n+OK\r\n');
    hasty.child.kill('SIGINT');
    await logged(hasty, 'stopping');
    hasty.child.kill('SIGINT');
    expect((await hasty.ended).code).toBe(130);
  });

  it('reads its file again at SIGHUP; what cannot be used changes nothing', async () => {
    const file = home.path('gateway.yaml');
    const write = (max: number | string, more = '') =>
      writeFile(
        file,
        `nodes: ["valkey://${pair.primary.address}"]
gateway:
  listeners:
    - name: main
      listen: 127.0.0.1:0
      limits: { connections-max: ${max}, idle-timeout: 10m }
${more}`,
      );
    await write(1);
    const running = home.start(['gateway', '--config', file], environment);
    const port = await portOf(running);
    await client(port).write('PING\r\n').until('\r\n');
    await client(port).until('-ERR max number of clients reached\r\n');
    await write(2);
    running.child.kill('SIGHUP');
    expect(await logged(running, 'configuration read again')).toMatchObject({
      changed: ['limits of main'],
      needsRestart: [],
    });
    const second = client(port).write('PING\r\n');
    await second.until('-NOAUTH Authentication required.\r\n');
    await write(2, '    - { name: spare, listen: "127.0.0.1:0" }\n  log-level: warn\n');
    running.child.kill('SIGHUP');
    expect((await logged(running, 'other settings need a restart')).needsRestart).toEqual(['log-level']);
    const spare = client(await portOf(running, 'listening', 'spare')).write('AUTH swordfish\r\nMULTI\r\n');
    await spare.until('+OK\r\n+OK\r\n');
    await write(2);
    running.child.kill('SIGHUP');
    expect((await logged(running, 'a listener goes')).clients).toBe(1);
    await spare.write('EXEC\r\n').untilClosed();
    expect(spare.text).toMatch(/\*0\r\n$/);
    expect(await logged(running, 'a listener has gone')).toMatchObject({ listener: 'spare', cut: 0 });
    await write('"many"');
    running.child.kill('SIGHUP');
    const refused = await logged(running, 'the new configuration is not used');
    expect(refused.reason).toMatch(/limit "connections-max" must be a number of connections/);
    second.write('PING\r\n');
    await second.until('required.\r\n-NOAUTH Authentication required.\r\n');
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });

  it.each([
    [['--listen', '127.0.0.1:0', '--admin', '0.0.0.0:0'], /admin endpoint 0\.0\.0\.0:0 .* give it a token/],
    [['--listen', 'nowhere'], /cannot listen on "nowhere"/],
    [[], /where to listen\?/],
    [['--listen', '127.0.0.1:0', '--limits', 'conections-max=1'], /did you mean "connections-max"\?/],
    [['--listen', '127.0.0.1:0', '--limits', 'idle-timeout=5'], /must be a time such as/],
    [['--listen', '127.0.0.1:0', '--allow', 'get'], /"allow" names get, which is not guarded/],
    [['--listen', '127.0.0.1:0', '--listen-cert', 'x'], /TLS needs both/],
    [['--listeners', '[{"listen":"a:1","kind":"node"}]'], /needs "node"/],
    [['--listeners', '[{"listen":"a:1","port":1}]'], /1: Unrecognized key: "port"/],
  ])('%j is refused', async (args, message) => {
    const ended = await home.run(['gateway', '--nodes', `valkey://${pair.primary.address}`, ...args], environment);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toContain('swordfish');
  });

  it('an address that is taken is said, and nothing is left behind', async () => {
    const ended = await home.run(
      ['gateway', '--nodes', pair.primary.address, '--listen', pair.primary.address],
      environment,
    );
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/cannot listen on .*EADDRINUSE/);
  });

  it('with a token the admin endpoint may be anywhere, and asks for it', async () => {
    const running = home.start(
      ['gateway', '--nodes', pair.primary.address, '--listen', '127.0.0.1:0', '--admin', '0.0.0.0:0'],
      { ...environment, SEGUE_ADMIN_TOKEN: 'opensesame' },
    );
    const admin = `http://127.0.0.1:${await portOf(running, 'admin endpoint')}`;
    expect((await fetch(`${admin}/healthz`)).status).toBe(200);
    for (const path of ['metrics', 'status', 'live', 'nothing', '?token=opensesame']) {
      expect([path, (await fetch(`${admin}/${path}`)).status]).toEqual([path, path.startsWith('?') ? 200 : 401]);
    }
    const headers = { authorization: 'Bearer opensesame' };
    for (const path of ['metrics', 'status', 'live']) {
      expect((await fetch(`${admin}/${path}`, { headers })).status).toBe(200);
    }
    expect((await fetch(`${admin}/live?token=opensesame`)).status).toBe(401);
    expect(await (await fetch(admin)).text()).not.toContain('opensesame');
    expect((await fetch(`${admin}/metrics`, { headers: { authorization: 'Bearer opensesam' } })).status).toBe(401);
    running.child.kill('SIGTERM');
    await running.ended;
    expect(running.stderr()).not.toMatch(/opensesame|swordfish/);
  });
});
