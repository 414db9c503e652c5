import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LabPair, replicationOf, startPair } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { CliHome, type Running } from '../cli/run-cli.js';
import { RestartService } from './restart-service.js';

let home: CliHome;
let pair: LabPair | undefined;
let service: RestartService | undefined;

beforeEach(async () => {
  home = await CliHome.make();
});

afterEach(async () => {
  service?.close();
  await pair?.stop();
  [service, pair] = [undefined, undefined];
  await home.leave();
});

async function lab(): Promise<{ pair: LabPair; service: RestartService }> {
  pair = await startPair({ version: 'valkey-8.1' });
  service = await RestartService.start(pair.nodes, 'valkey-9.1', home.folder);
  return { pair, service };
}

function upgrade(args: readonly string[]): Running {
  return home.start(['upgrade', ...args]);
}

describe('segue upgrade', () => {
  it('with --dry-run says what it would do and does nothing', async () => {
    const { pair, service } = await lab();
    const { primary, replica } = pair;
    const args = ['--nodes', replica.address, '--restart', service.command, '--expect', 'valkey-9.1', '--dry-run'];
    const people = await upgrade(args).ended;
    expect(people.code).toBe(0);
    expect(people.stderr).toContain(`1. restart ${replica.address}`);
    expect(people.stderr).toContain(`2. switch: ${replica.address} becomes primary`);
    const { stdout } = await upgrade([...args, '--json']).ended;
    expect(JSON.parse(stdout)).toMatchObject({ plan: { primary: primary.address, target: replica.address } });
    expect(service.restarted).toEqual([]);
    expect(await readdir(home.folder)).not.toContain('segue');
  });

  it('needs --yes where nobody can be asked', async () => {
    const { pair, service } = await lab();
    const { code, stderr } = await upgrade(['--nodes', pair.primary.address, '--restart', service.command]).ended;
    expect(stderr).toContain('--yes');
    expect(code).toBe(2);
    expect(service.restarted).toEqual([]);
  });

  it.each([
    [['--restart', 'restart {host}'], 'which pair?', 2],
    [['--nodes', '127.0.0.1:1'], 'how is a node restarted?', 2],
    [['--nodes', '127.0.0.1:1', '--restart', 'systemctl restart valkey', '--yes'], 'which node to restart', 2],
    [['--nodes', '127.0.0.1:1', '--restart', 'restart {host}', '--yes'], 'no node says that it is primary', 3],
    [['--nodes', '127.0.0.1:1', '--restart', 'restart {host}', '--resume'], 'nothing to resume', 2],
  ])('refuses %j with one message', async (args, message, exit) => {
    const { code, stdout, stderr } = await upgrade(args).ended;
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(code).toBe(exit);
  });

  it('shows what the command says, stops when it fails, and resumes', async () => {
    const { pair, service } = await lab();
    const common = ['--nodes', pair.primary.address, '--yes'];
    const failed = await upgrade([...common, '--restart', 'echo trying {host} {port}; exit 3']).ended;
    expect(failed.stderr).toContain(`trying 127.0.0.1 ${pair.replica.port}`);
    expect(failed.stderr).toContain('exit code 3');
    expect(failed.stderr).toContain('--resume goes on');
    expect(failed.code).toBe(6);
    const again = await upgrade([...common, '--restart', service.command]).ended;
    expect(again.stderr).toContain('tells of an upgrade that was not finished');
    expect(again.code).toBe(2);
    const resumed = await upgrade([...common, '--restart', service.command, '--resume', '--json']).ended;
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ ok: true, primary: pair.replica.address });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends the command at %s and can be resumed', async (signal) => {
    const { pair, service } = await lab();
    const common = ['--nodes', pair.primary.address, '--yes'];
    const run = upgrade([...common, '--restart', 'echo begun {port}; sleep 600']);
    await waitFor(() => run.stderr().includes('begun'), { deadlineMs: 20_000, what: 'the restart command' });
    run.child.kill(signal);
    const { code, stderr } = await run.ended;
    expect(stderr).toContain('upgrade interrupted');
    expect(code).toBe(130);
    const { role } = await replicationOf(pair.primary);
    expect(role).toBe('master');
    const resumed = await upgrade([...common, '--restart', service.command, '--resume']).ended;
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stdout).toContain(`primary is ${pair.replica.address}`);
  });
});
