import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { openClient } from '../../../src/lab/load/index.js';
import { LabClient, type LabPair, type PairOptions, replicationOf, startPair } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import {
  type Boundary,
  planSwitch,
  resumeSwitch,
  type SwitchError,
  type SwitchOptions,
  switchPrimary,
} from '../../../src/switchover/index.js';
import { takeSurvey } from '../../../src/switchover/survey/index.js';

const deadlineMs = 20_000;

// All wait more than they work, each on servers of its own: so several at a time.
interface Ground {
  readonly options: SwitchOptions;
  readonly pair: LabPair;
  readonly folder: string;
  readonly journalPath: string;
}

async function start({ onTestFinished }: TestContext, pairOptions: PairOptions = {}): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'segue-operators-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const pair = await startPair(pairOptions);
  onTestFinished(() => pair.stop());
  const journalPath = join(folder, 'journal');
  const [from, to] = [`valkey://${pair.primary.address}`, `valkey://${pair.replica.address}`];
  return { options: { from, to, journalPath }, pair, folder, journalPath };
}

/** Calls `act` at one boundary, and never again. */
function at(step: Boundary['step'], side: Boundary['side'], act: () => unknown): Pick<SwitchOptions, 'onBoundary'> {
  let called = false;
  return {
    async onBoundary(boundary) {
      if (called || boundary.step !== step || boundary.side !== side) return;
      called = true;
      await act();
    },
  };
}

async function failureOf(promise: Promise<unknown>): Promise<SwitchError> {
  return promise.then(
    () => expect.fail('it was expected to fail'),
    (error) => error,
  );
}

describe.concurrent('two operators', () => {
  it.for(['redis-7.0', 'valkey-9.1'] as const)('do not switch at the same time, on %s', async (version, test) => {
    const { options, folder } = await start(test, { version });
    const second = { ...options, journalPath: join(folder, 'second') };
    let busy: SwitchError | undefined;
    const report = await switchPrimary({
      ...options,
      ...at('check', 'after', async () => {
        busy = await failureOf(switchPrimary(second));
      }),
    });
    expect(busy?.code).toBe('SEGUE_SWITCH_BUSY');
    expect(busy?.message).toContain(report.id);
    expect(busy?.message).toMatch(/CLIENT KILL ID \d+ at 127/);
    expect(report.resync).toBe('partial');
    expect(report.notes).toEqual([]);
  });

  it('nor does one resume what the other is doing', async (test) => {
    const { options, journalPath } = await start(test);
    let busy: SwitchError | undefined;
    await switchPrimary({
      ...options,
      ...at('hold', 'after', async () => {
        busy = await failureOf(resumeSwitch(journalPath, { nodeTimeoutMs: 200 }));
      }),
    });
    expect(busy?.code).toBe('SEGUE_SWITCH_BUSY');
  });
});

describe.concurrent('a journal', () => {
  it('holds no secrets, and a resumption brings its own', async (test) => {
    const { options, pair, journalPath } = await start(test, { password: 'se:cr@t' });
    const [from, to] = [pair.primary, pair.replica].map(({ address }) => `valkey://:se%3Acr%40t@${address}`);
    const end = new Error('the end');
    await expect(
      switchPrimary({
        ...options,
        from: from!,
        to: to!,
        ...at('promote', 'after', () => {
          throw end;
        }),
      }),
    ).rejects.toBe(end);
    expect(await readFile(journalPath, 'utf8')).not.toMatch(/cr@t|cr%40t/);
    const limits = { nodeTimeoutMs: 200, finishTimeoutMs: 200 };
    expect((await failureOf(resumeSwitch(journalPath, limits))).code).toBe('SEGUE_SWITCH_UNKNOWN');
    expect((await resumeSwitch(journalPath, { nodes: [from!, to!] })).outcome).toBe('finished');
  });
});

describe.concurrent('an operator who interrupts', () => {
  it.for(['connect', 'fence', 'hold', 'promote'] as const)('before %s, changes nothing', async (step, test) => {
    const { options, pair, journalPath } = await start(test);
    const { primary } = pair;
    const before = await primary.cli('CONFIG', 'GET', '*repl*');
    const stop = new AbortController();
    const signal = stop.signal;
    const error = await failureOf(switchPrimary({ ...options, signal, ...at(step, 'before', () => stop.abort()) }));
    expect(error.code).toBe('SEGUE_SWITCH_GIVEN_UP');
    expect(error.message).toContain('interrupted');
    expect(await primary.cli('SET', 'key', 'value')).toBe('OK');
    expect(await primary.cli('CONFIG', 'GET', '*repl*')).toEqual(before);
    expect((await resumeSwitch(journalPath)).outcome).toBe('nothing');
  });

  it('after the promotion, gets a finished switch', async (test) => {
    const { options } = await start(test);
    const stop = new AbortController();
    const signal = stop.signal;
    const report = await switchPrimary({ ...options, signal, ...at('promote', 'after', () => stop.abort()) });
    expect(report.resync).toBe('partial');
  });
});

describe.concurrent('an operator who may not do everything', () => {
  const cases: [string, string, (report: Awaited<ReturnType<typeof switchPrimary>>) => unknown, unknown][] = [
    ['configure', '+@all -config ~* &*', ({ fence }) => [fence.armed, fence.notes.length], [false, 1]],
    ['read keys', '+@all ~app:* &*', ({ fence }) => [fence.armed, fence.timed], [true, false]],
    ['publish', '+@all ~* resetchannels', ({ sessions }) => typeof sessions.silent, 'string'],
    [
      'replicate',
      '+@all -psync ~* &*',
      ({ notes }) => notes.join(),
      expect.stringContaining('NOREPLICAS for a moment'),
    ],
    ['list clients', '+@all -client|list ~* &*', ({ notes }) => notes.length, 3],
  ];
  it.for(cases)('cannot %s, and is told so', async ([_name, rules, look, seen], test) => {
    const users = [{ name: 'op', password: 'secret', rules }];
    const { options, pair } = await start(test, { users });
    const report = await switchPrimary({ ...options, username: 'op', password: 'secret' });
    expect(look(report)).toEqual(seen);
    expect(report.resync).toBe('partial');
    expect(await pair.replica.cli('SET', 'key', 'value')).toBe('OK');
  });
});

describe.concurrent('sessions', () => {
  /** One process hears the notices. */
  const someoneListens = ({ primary }: LabPair) =>
    waitFor(() => primary.cli('PUBSUB', 'NUMSUB', 'segue:notice'), {
      deadlineMs,
      what: 'a process to listen',
      until: (reply) => Array.isArray(reply) && Number(reply[1]) === 1,
    });

  it('are told, and hold before the pause', async (test) => {
    const { options, pair } = await start(test, { version: 'valkey-8.1' });
    const { host, port } = pair.primary;
    const client = openClient({ library: 'ioredis6', host, port, segue: true });
    try {
      await client.set('key', 'value');
      await someoneListens(pair);
      const { sessions } = await switchPrimary(options);
      expect(sessions.prepare).toMatchObject({ expected: 1, answered: 1, missing: 0, late: 0 });
      expect(sessions.hold).toMatchObject({ expected: 1, answered: 1, missing: 0, late: 0, sessions: 1 });
      expect(await client.get('key')).toBe('value');
    } finally {
      client.disconnect();
    }
  });

  it('say what waited while they held: what a client sent in the hold is in the picture', async (test) => {
    const { options, pair } = await start(test, { version: 'valkey-8.1' });
    const { host, port } = pair.primary;
    const client = openClient({ library: 'ioredis6', host, port, segue: true });
    const [waiting, writes] = [37, [] as Promise<unknown>[]];
    try {
      await client.set('key', 'value');
      await someoneListens(pair);
      // All sessions have answered by then, so nothing of this is sent before the new primary is known.
      const onBoundary = ({ step, side }: Boundary): void => {
        if (step !== 'hold' || side !== 'after') return;
        for (let write = 0; write < waiting; write++) writes.push(client.incr('counter'));
      };
      const { sessions } = await switchPrimary({ ...options, onBoundary });
      expect(await Promise.all(writes)).toHaveLength(waiting);
      const { waited } = sessions;
      expect(waited).toMatchObject({ expected: 1, answered: 1, commandsMax: waiting });
      expect(waited!.waiting.at(-1)).toEqual([waited!.heldMs, waiting]);
    } finally {
      client.disconnect();
    }
  });

  it('of a process that does not answer are waited for a bounded time, and counted', async (test) => {
    const { options, pair } = await start(test);
    const deaf = new LabClient({ host: pair.primary.host, port: pair.primary.port });
    try {
      await deaf.command('SUBSCRIBE', 'segue:notice');
      const { sessions, resync } = await switchPrimary({ ...options, noticeTimeoutMs: 50 });
      expect(sessions.hold).toMatchObject({ expected: 1, answered: 0, missing: 1 });
      expect(resync).toBe('partial');
    } finally {
      deaf.close();
    }
  });

  it('are left alone when that is wished', async (test) => {
    const { options } = await start(test);
    expect((await switchPrimary({ ...options, notice: false })).sessions).toEqual({ silent: 'turned off' });
  });
});

describe.concurrent("the server's own FAILOVER", () => {
  it.for(['redis-7.0', 'valkey-8.0', 'valkey-8.1', 'valkey-9.1'] as const)(
    'switches, too, on %s',
    async (version, test) => {
      const { options, pair } = await start(test, { version });
      const report = await switchPrimary({ ...options, method: 'failover' });
      expect(report.resync).toBe('partial');
      expect(report.notes.join()).toContain('stalls writes');
      expect(await replicationOf(pair.primary)).toMatchObject({ role: 'slave', port: pair.replica.port });
      expect(await pair.replica.cli('SET', 'key', 'value')).toBe('OK');
    },
  );

  it('is given up when the replica does not answer', async (test) => {
    const { options, pair, journalPath } = await start(test);
    const error = await failureOf(
      switchPrimary({
        ...options,
        method: 'failover',
        nodeTimeoutMs: 300,
        ...at('failover', 'before', () => pair.replica.kill('SIGSTOP')),
      }),
    );
    pair.replica.kill('SIGCONT');
    expect(error.code).toMatch(/GIVEN_UP|UNKNOWN/);
    const { outcome } = await resumeSwitch(journalPath);
    expect(outcome).toBe(error.code === 'SEGUE_SWITCH_GIVEN_UP' ? 'nothing' : 'undone');
    expect(await replicationOf(pair.primary)).toMatchObject({ role: 'master' });
    expect(await pair.primary.cli('SET', 'key', 'value')).toBe('OK');
  });
});

describe.concurrent('a plan', () => {
  it('finds both nodes from any of them, and takes the others along', async (test) => {
    const { pair } = await start(test, { replicas: 2 });
    const [primary, replica, other] = pair.nodes;
    const survey = await takeSurvey({ nodes: [`valkey://${other!.address}`] });
    expect(planSwitch(survey, { to: replica!.address })).toEqual({
      from: `valkey://${primary!.address}`,
      to: `valkey://${replica!.address}`,
      others: [`valkey://${other!.address}`],
    });
    expect(() => planSwitch(survey)).toThrow('say which');
    expect(() => planSwitch(survey, { to: primary!.address })).toThrow('is the primary already');
  });
});
