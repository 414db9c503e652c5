import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { findTool, type ServerVersion } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

class ToolRun {
  text = '';
  readonly ended: Promise<number | null>;

  constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        this.text += part;
      });
    }
    this.ended = new Promise((resolve) => child.on('close', resolve));
  }
}

async function cli(version: ServerVersion, ...args: string[]): Promise<ToolRun> {
  const [program, ...before] = await findTool(version, 'cli');
  const child = spawn(program!, [...before, '-h', lab.host, '-p', String(lab.port), ...args]);
  return lab.keep(new ToolRun(child), () => child.kill('SIGKILL'));
}

const listLength = async (key: string): Promise<number> => Number(await lab.primary.cli('LLEN', key));

describe.each(['redis-7.0', 'valkey-9.1'] as const)('the command line client of %s, as it is', (version) => {
  it('--pipe: a mass insertion through two switches, every entry once and in order', async () => {
    lab = await GatewayLab.start({ pair: { version } });
    const run = await cli(version, '--pipe');
    const count = 60_000;
    const entry = (n: number) => `*3\r\n$5\r\nRPUSH\r\n$1\r\nl\r\n$${String(n).length}\r\n${n}\r\n`;
    const part = (from: number, to: number): Promise<void> =>
      new Promise((resolve) => {
        const frames = Array.from({ length: to - from }, (_, index) => entry(from + index));
        run.child.stdin!.write(frames.join(''), () => resolve());
      });
    await part(0, 20_000);
    await waitFor(() => listLength('l'), { deadlineMs: 20_000, what: 'a part', until: (length) => length > 5_000 });
    const writing = part(20_000, 40_000);
    await lab.switchOver();
    await writing;
    const more = part(40_000, count);
    await lab.switchOver();
    await more;
    run.child.stdin!.end();
    expect(await run.ended).toBe(0);
    expect(run.text).toContain(`errors: 0, replies: ${count}`);
    const list = (await lab.primary.cli('LRANGE', 'l', '0', '-1')) as string[];
    expect(list.length).toBe(count);
    expect(list.every((value, index) => value === String(index))).toBe(true);
  });

  it('a session of single commands through a switch', async () => {
    lab = await GatewayLab.start({ pair: { version } });
    const run = await cli(version);
    const stdin = run.child.stdin!;
    stdin.write('INCR n\n'.repeat(200));
    await waitFor(() => lab.primary.cli('GET', 'n'), {
      deadlineMs: 10_000,
      what: 'some',
      until: (n) => Number(n) > 20,
    });
    stdin.write('INCR n\n'.repeat(200));
    await lab.switchOver();
    stdin.end('INCR n\n'.repeat(200));
    expect(await run.ended).toBe(0);
    expect(run.text.trim().split('\n')).toEqual(Array.from({ length: 600 }, (_, index) => String(index + 1)));
  });

  it('--scan: all keys, through two switches', async () => {
    lab = await GatewayLab.start({ pair: { version } });
    const count = 20_000;
    await lab.primary.cli('EVAL', `for i = 1, ${count} do redis.call('SET', 'key:' .. i, '') end`, '0');
    const run = await cli(version, '--scan', '--pattern', 'key:*');
    const found = () => run.text.split('\n').length;
    await waitFor(found, { deadlineMs: 10_000, what: 'a part', until: (lines) => lines > 1_000 });
    await lab.switchOver();
    await waitFor(found, { deadlineMs: 10_000, what: 'more', until: (lines) => lines > 4_000 });
    await lab.switchOver();
    expect(await run.ended).toBe(0);
    expect(new Set(run.text.trim().split('\n')).size).toBe(count);
  });
});
