import { afterEach, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../../../src/lab/packages/run-program.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('a program that has a time limit', () => {
  it('leaves no timer behind, whether it was there or not', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const gone = await runProgram('/no/such/program', [], { timeoutMs: 60_000 });
    const there = await runProgram('/bin/sh', ['-c', 'echo here'], { timeoutMs: 60_000 });
    expect([gone.status, there.status, there.stdout]).toEqual([-1, 0, 'here\n']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is killed when it takes longer', async () => {
    const { status, stderr } = await runProgram('/bin/sh', ['-c', 'exec sleep 60'], { timeoutMs: 50 });
    expect([status, stderr]).toEqual([-1, '\nkilled by SIGKILL']);
  });
});
