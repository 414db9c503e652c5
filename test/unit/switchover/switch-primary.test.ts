import { describe, expect, it } from 'vitest';
import { SwitchError, type SwitchOptions, switchPrimary } from '../../../src/switchover/index.js';
import { type FakeNode, fakePair } from './fake-pair.js';

const quick: SwitchOptions = {
  from: 'valkey://node:1',
  to: 'valkey://node:2',
  nodeTimeoutMs: 40,
  catchUpTimeoutMs: 30,
  pauseTimeoutMs: 400,
  finishTimeoutMs: 200,
  proofTimeoutMs: 60,
};

const cut = (_node: FakeNode, connection: { cut(): void }): 'silent' => {
  connection.cut();
  return 'silent';
};
const silent = (): 'silent' => 'silent';
/** The watched key is gone, so that the transaction does nothing. */
const expired = (node: FakeNode): string => {
  node.follow(node.peers.get('1'));
  return '*-1\r\n';
};
const refuse = (): string => '-NOPERM no\r\n';

async function failureOf(promise: Promise<unknown>): Promise<SwitchError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SwitchError);
  return error as SwitchError;
}

describe('switchPrimary in order', () => {
  it('fences, promotes, demotes and releases, and nothing else', async () => {
    const { a, b, transport } = fakePair();
    const report = await switchPrimary(quick, { transport });
    expect(a.seen).toEqual(['CLIENT PAUSE 400 WRITE', 'REPLICAOF node 2', 'CLIENT UNPAUSE', 'REPLICAOF node 2']);
    expect(b.seen).toEqual(['REPLICAOF NO ONE']);
    expect(report).toMatchObject({ from: 'node:1', to: 'node:2', resync: 'partial', offset: 1000 });
  });

  it('waits for the offset, although the link is up', async () => {
    const { a, b, transport } = fakePair();
    b.offset = 900;
    b.on(/^ROLE/, () => undefined).on(/^ROLE/, () => undefined);
    b.on(/^ROLE/, () => {
      expect(b.seen).toEqual([]);
      b.offset = 1000;
      return undefined;
    });
    await switchPrimary(quick, { transport });
    expect(a.role).toBe('slave');
  });

  it("follows the primary's offset, which a PING moves in the pause, too", async () => {
    const { a, b, transport } = fakePair();
    b.offset = 999;
    a.on(/^ROLE/, () => undefined).on(/^ROLE/, () => {
      a.offset = 1014;
      b.offset = 1000;
      return undefined;
    });
    b.on(/^ROLE/, () => undefined).on(/^ROLE/, () => undefined);
    b.on(/^ROLE/, () => {
      b.offset = 1014;
      return undefined;
    });
    const report = await switchPrimary(quick, { transport });
    expect(report.offset).toBe(1014);
  });

  it('does not promote a replica whose link is down, whatever its offset', async () => {
    const { b, transport } = fakePair();
    b.linked = false;
    const error = await failureOf(switchPrimary(quick, { transport }));
    expect(error.message).toContain('node:2 is not connected after 30 ms');
    expect(b.role).toBe('slave');
  });
});

describe('while clients wait', () => {
  it('nothing else runs, and nobody is told', async () => {
    const { a, transport } = fakePair();
    const told: [string, boolean][] = [];
    const onStep: SwitchOptions['onStep'] = ({ name }) => told.push([name, a.seen.includes('CLIENT UNPAUSE')]);
    await switchPrimary({ ...quick, onStep }, { transport });
    const waiting = ['hold', 'pause', 'catch-up', 'promote', 'demote'];
    expect(told.filter(([name]) => waiting.includes(name))).toEqual(waiting.map((name) => [name, true]));
    expect(told.find(([name]) => name === 'fence')).toEqual(['fence', false]);
  });
});

describe('sessions that were told of a switch', () => {
  const kinds = (node: FakeNode): string[] =>
    node.published.map((text) => JSON.parse(text)).map(({ kind, outcome }) => (outcome ? `${kind} ${outcome}` : kind));

  it('hear of its end at the new primary', async () => {
    const { a, b, transport } = fakePair();
    await switchPrimary({ ...quick, noticeTimeoutMs: 10 }, { transport });
    expect([kinds(a), kinds(b)]).toEqual([['prepare', 'hold'], ['release switched']]);
  });

  it('hear at the old one that it was given up', async () => {
    const { a, b, transport } = fakePair();
    b.lag();
    await failureOf(switchPrimary({ ...quick, noticeTimeoutMs: 10 }, { transport }));
    expect([kinds(a), kinds(b)]).toEqual([['prepare', 'hold', 'release given-up'], []]);
  });

  it('also when nothing else had been done yet', async () => {
    const { a, transport } = fakePair();
    const error = await failureOf(switchPrimary({ ...quick, journalPath: '/dev/null/journal' }, { transport }));
    expect(error.code).toBe('SEGUE_SWITCH_JOURNAL');
    expect(kinds(a)).toEqual(['prepare', 'release given-up']);
    expect(a.configured).toEqual([]);
  });
});

describe('a failure before the promotion is undone', () => {
  const cases: [string, (a: FakeNode, b: FakeNode) => unknown][] = [
    ['the replica never catches up', (_a, b) => b.lag()],
    ['the pause is refused', (a) => a.on(/^CLIENT PAUSE/, refuse)],
    ['the connection is lost at the pause', (a) => a.on(/^CLIENT PAUSE/, cut)],
    ['the pause is not answered', (a) => a.on(/^CLIENT PAUSE/, silent)],
    ['the primary is lost while the replica catches up', (a) => a.on(/^ROLE/, cut)],
    ['the replica is lost while it catches up', (_a, b) => b.on(/^ROLE/, cut)],
    ['the replica does not answer', (_a, b) => b.on(/^ROLE/, silent)],
    ['the promotion is refused', (_a, b) => b.on(/^REPLICAOF NO ONE/, refuse)],
    ['the promotion comes too late', (_a, b) => b.on(/^EXEC/, expired)],
    ['the promotion never arrives', (_a, b) => b.on(/^REPLICAOF NO ONE/, cut)],
    ['the promotion is not answered and not done', (_a, b) => b.on(/^REPLICAOF NO ONE/, silent)],
    ['unpausing is lost the first time', (a, b) => [a.on(/^CLIENT UNPAUSE/, cut), b.lag()]],
  ];
  it.each(cases)('%s', async (_name, arrange) => {
    const { a, b, transport } = fakePair();
    arrange(a, b);
    const error = await failureOf(switchPrimary(quick, { transport }));
    expect(error.code).toBe('SEGUE_SWITCH_GIVEN_UP');
    expect(error.message).toContain('nothing changed');
    expect([a.role, b.role]).toEqual(['master', 'slave']);
    expect(a.seen.at(-1)).toBe('CLIENT UNPAUSE');
    expect(a.seen).not.toContain('REPLICAOF node 2');
    expect(error.report?.steps.at(-1)?.error).toBeDefined();
  });

  it('an order that got lost is killed at the server before its absence is believed', async () => {
    const { b, transport } = fakePair();
    b.on(/^REPLICAOF NO ONE/, cut);
    await failureOf(switchPrimary(quick, { transport }));
    expect(b.seen).toEqual(['REPLICAOF NO ONE', 'CLIENT KILL ID 1']);
  });
});

describe('after the promotion the switch is finished', () => {
  const cases: [string, (a: FakeNode, b: FakeNode) => void][] = [
    [
      'when the answer to the promotion is lost',
      (_a, b) =>
        b.on(/^REPLICAOF NO ONE/, (node, connection) => {
          node.follow(undefined);
          connection.cut();
          return 'silent';
        }),
    ],
    [
      'when transactions are not permitted, but the promotion is',
      (_a, b) => b.on(/^EXEC/, () => '-ERR EXEC without MULTI\r\n'),
    ],
    ['when the connection is lost at the demotion', (a) => a.on(/^REPLICAOF/, cut)],
    ['when the demotion is not answered', (a) => a.on(/^REPLICAOF/, silent)],
    ['when the connection is lost at the release', (a) => a.on(/^CLIENT UNPAUSE/, cut)],
  ];
  it.each(cases)('%s', async (_name, arrange) => {
    const { a, b, transport } = fakePair();
    arrange(a, b);
    const report = await switchPrimary(quick, { transport });
    expect([a.role, b.role]).toEqual(['slave', 'master']);
    expect(a.seen).toContain('CLIENT UNPAUSE');
    expect(report.resync).toBe('partial');
  });

  it('and what could not be shown is said', async () => {
    const { a, b, transport } = fakePair();
    a.on(/^REPLICAOF node 2/, () => undefined);
    a.on(/^CLIENT UNPAUSE/, () => {
      a.linked = false;
      return undefined;
    });
    const error = await failureOf(switchPrimary(quick, { transport }));
    expect(error.code).toBe('SEGUE_SWITCH_UNPROVEN');
    expect(error.message).toContain('node:1 is not connected to node:2');
    expect([a.role, b.role]).toEqual(['slave', 'master']);
  });
});

describe('when nobody can know, that is said', () => {
  it('what could not be undone, and how to', async () => {
    const { a, b, transport } = fakePair();
    b.on(/^REPLICAOF NO ONE/, () => {
      a.on(/^CLIENT UNPAUSE/, () => '-NOPERM no\r\n');
      return '-NOPERM no\r\n';
    });
    const error = await failureOf(switchPrimary(quick, { transport }));
    expect(error.code).toBe('SEGUE_SWITCH_UNKNOWN');
    expect(error.message).toContain('node:2 was not promoted, but not everything could be undone (node:1: NOPERM no)');
    expect(error.message).toMatch(/give it CONFIG SET .*min-replicas-to-write 0, .*CLIENT UNPAUSE$/);
  });

  it('the demotion is refused', async () => {
    const { a, b, transport } = fakePair();
    a.on(/^REPLICAOF/, refuse);
    const error = await failureOf(switchPrimary(quick, { transport }));
    expect(error.code).toBe('SEGUE_SWITCH_UNKNOWN');
    expect(error.message).toContain('node:2 is primary, and node:1 did not become its replica: node:1: NOPERM no');
    expect([a.role, b.role]).toEqual(['master', 'master']);
  });

  it('the replica vanishes at the promotion; the primary stays paused meanwhile', async () => {
    const { a, b, transport } = fakePair();
    b.on(/^REPLICAOF NO ONE/, (_node, connection) => {
      transport.blackhole({ kind: 'tcp', host: 'node', port: 2 });
      connection.cut();
      return 'silent';
    });
    const error = await failureOf(switchPrimary({ ...quick, pauseTimeoutMs: 100 }, { transport }));
    expect(error.code).toBe('SEGUE_SWITCH_UNKNOWN');
    expect(error.message).toContain('may or may not have been promoted');
    expect(a.seen.filter((command) => command.startsWith('CLIENT PAUSE')).length).toBeGreaterThan(1);
    expect(a.seen).not.toContain('CLIENT UNPAUSE');
  });
});
