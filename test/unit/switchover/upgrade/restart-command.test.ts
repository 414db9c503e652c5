import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../src/lab/wait-for.js';
import { RestartCommand, type RestartRequest } from '../../../../src/switchover/upgrade/index.js';

const node: RestartRequest = { host: '10.0.0.2', port: 6380, role: 'replica', primary: { host: '::1', port: 6379 } };
const never = new AbortController().signal;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'segue-command-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(template: string, signal = never): Promise<string[]> {
  const lines: string[] = [];
  await new RestartCommand(template).run(node, signal, (line) => lines.push(line));
  return lines;
}

describe('a restart command', () => {
  it('is filled in and leaves alone what belongs to the shell', () => {
    const variable = ['$', '{port}'].join('');
    const template = `r {host} {port} {role} {primary-host}:{primary-port} ${variable} {a,b} '{print}' {unknown}`;
    const line = new RestartCommand(template).lineFor(node);
    expect(line).toBe(`r 10.0.0.2 6380 replica ::1:6379 ${variable} {a,b} '{print}' {unknown}`);
  });

  it.each(['$(reboot)', 'a b', "o'clock", 'a;b', '`id`', 'a"b', 'a\nb', ''])(
    'never hands the host %j to a shell',
    (host) => {
      const fill = () => new RestartCommand('r {host}').lineFor({ ...node, host });
      expect(fill).toThrow(expect.objectContaining({ code: 'SEGUE_UPGRADE_COMMAND' }));
    },
  );

  it('must name the node', () => {
    expect(() => new RestartCommand('systemctl restart valkey')).toThrow(/\{host\} or \{port\}/);
  });

  it('knows whether it tells the node whom to follow', () => {
    expect(new RestartCommand('r {port}').setsRole).toBe(false);
    expect(new RestartCommand('r {port} --replicaof {primary-host} {primary-port}').setsRole).toBe(true);
  });

  it('shows what it writes, on either stream', async () => {
    expect((await run('echo out {port}; echo err {role} >&2; printf end')).toSorted()).toEqual([
      'end',
      'err replica',
      'out 6380',
    ]);
  });

  it.each([
    ['exit 3 # {port}', /exit code 3$/],
    ['kill -9 $$ # {port}', /SIGKILL/],
    ['/nowhere/restart {port}', /exit code 127/],
  ])('%s rejects', async (template, reason) => {
    await expect(run(template)).rejects.toThrow(reason);
  });

  it('does not wait for what it leaves running', async () => {
    const file = join(folder, 'pid');
    await run(`sleep 600 & echo $! > ${file}; : {port}`);
    const pid = Number(readFileSync(file, 'utf8'));
    expect(() => process.kill(pid, 0)).not.toThrow();
    process.kill(pid, 'SIGKILL');
  });

  it('ends with all that it has started when its time is up', async () => {
    const file = join(folder, 'pid');
    const stop = new AbortController();
    const running = run(`sleep 600 & echo $! > ${file}.new; mv ${file}.new ${file}; wait; : {port}`, stop.signal);
    running.catch(() => {});
    const pid = await waitFor(() => Number(readFileSync(file, 'utf8')), { deadlineMs: 10_000, what: 'the child' });
    stop.abort(new Error('too long'));
    await expect(running).rejects.toThrow('too long');
    await waitFor(() => isGone(pid), { deadlineMs: 10_000, what: 'the child to end' });
  });
});

/** A process that nobody has buried yet is gone, too. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
