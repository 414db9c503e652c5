import { beforeEach, describe, expect, test } from 'vitest';
import { WATCH_BOUNDS } from '../../../src/topology/watch-state.js';
import { nextWakeMs } from '../../../src/topology/watch-step.js';
import { WatchSim, World } from './world.js';

let world: World;

/** A is primary, B and C follow it. */
beforeEach(() => {
  world = new World();
  for (const name of ['A', 'B', 'C']) world.add(name);
  world.follow('B', 'A');
  world.follow('C', 'A');
});

const types = (sim: WatchSim) => sim.events.map((event) => event.type);
const names = (sim: WatchSim) => [...sim.state.nodes.keys()];

/** Promotes `to` and demotes `from`, with full knowledge of ids. */
function switchOver(from: string, to: string): void {
  world.promote(to);
  world.follow(from, to, true);
}

describe('discovery', () => {
  test.each(['a:1', 'b:1', 'c:1'])('from %s alone', (seed) => {
    const sim = new WatchSim(world, [seed]).start();
    expect([sim.primary, sim.term, names(sim).toSorted()]).toEqual(['A', 1, ['a:1', 'b:1', 'c:1']]);
    expect(types(sim)).toEqual(expect.not.arrayContaining(['untrusted', 'ambiguous', 'stale-claim']));
  });

  test('through a chain of replicas, up and down', () => {
    world.follow('C', 'B');
    expect(new WatchSim(world, ['c:1']).start().primary).toBe('A');
    expect(names(new WatchSim(world, ['a:1']).start())).toEqual(['a:1', 'b:1', 'c:1']);
  });

  test('a node that follows itself, and two that follow each other', () => {
    world.follow('A', 'A');
    const self = new WatchSim(world, ['a:1']).start();
    self.advance(60_000);
    expect(self.primary).toBeUndefined();
    world.follow('A', 'B');
    world.follow('B', 'A');
    const circle = new WatchSim(world, ['a:1']).start();
    circle.advance(60_000);
    expect([circle.primary, names(circle).toSorted()]).toEqual([undefined, ['a:1', 'b:1', 'c:1']]);
    world.promote('B');
    circle.advance(1000);
    expect(circle.primary).toBe('B');
  });

  test('no more nodes than the bound; a dead one makes room', () => {
    for (let extra = 0; extra < 20; extra++) {
      world.add(`X${extra}`);
      world.follow(`X${extra}`, 'A');
    }
    const sim = new WatchSim(world, ['a:1']).start();
    expect(sim.state.nodes.size).toBe(WATCH_BOUNDS.nodes);
    expect(sim.events).toContainEqual(expect.objectContaining({ type: 'untrusted', reason: 'too-many-nodes' }));
    const gone = world.at('X3');
    gone.state = 'down';
    sim.noticeDeaths();
    sim.advance(3000);
    expect(names(sim)).not.toContain(gone.addresses[0]);
    expect(sim.state.nodes.size).toBe(WATCH_BOUNDS.nodes);
  });

  test('the address map decides what is dialled; what it does not map is not', () => {
    const outside = new Map([['b:1', { kind: 'tcp' as const, host: 'nat', port: 2 }]]);
    world.at('B').addresses.push('nat:2');
    const sim = new WatchSim(world, ['a:1'], { mapAddress: (one) => outside.get(`${one.host}:${one.port}`) }).start();
    expect(names(sim)).toEqual(['a:1', 'nat:2']);
    expect(sim.events).toContainEqual({ type: 'untrusted', address: 'c:1', namedBy: 'a:1', reason: 'unmapped' });
    switchOver('A', 'B');
    expect(sim.answers.get(sim.suspect('A', 'b:1'))).toBe('B/2');
  });
});

describe('a look at one node', () => {
  test('asks it and nobody else, and what it says counts at once', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    const before = [...world.nodes.values()].map(({ probes }) => probes);
    sim.handle({ type: 'look', node: 'b:1' });
    expect(sim.primary).toBe('A');
    world.promote('B');
    sim.handle({ type: 'look', node: 'b:1' });
    expect([...world.nodes.values()].map(({ probes }, at) => probes - before[at]!)).toEqual([0, 2, 0]);
    expect([sim.primary, sim.term, sim.published.at(-1)?.node]).toEqual(['B', 2, 'b:1']);
  });

  test('is not taken where answers are outstanding already, nor at a node that is not there', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    sim.slow = true;
    const log = sim.log.length;
    for (let looks = 0; looks < 5; looks++) sim.handle({ type: 'look', node: 'b:1' });
    sim.handle({ type: 'look', node: 'x:1' });
    expect(sim.log.slice(log)).toEqual(Array.from({ length: WATCH_BOUNDS.probesInFlight }, () => 'probe b:1'));
  });

  test('of one that is primary beside the known one, and no successor of it, changes nothing', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    world.restart('B', false);
    sim.handle({ type: 'look', node: 'b:1' });
    expect([sim.primary, sim.term]).toEqual(['A', 1]);
  });
});

describe('aliases', () => {
  test('one server under two addresses is one node, the seed stays', () => {
    world.at('A').addresses.push('localhost:1');
    const sim = new WatchSim(world, ['b:1', 'localhost:1']).start();
    expect(names(sim).toSorted()).toEqual(['b:1', 'c:1', 'localhost:1']);
    expect(sim.events).toContainEqual({ type: 'alias', node: 'localhost:1', also: 'a:1' });
    expect(sim.primary).toBe('A');
    sim.advance(10_000);
    expect(world.at('A').dials).toBe(2);
  });

  test('the name by which replicas in step know the primary is learnt without a dial', () => {
    world.at('A').addresses.push('localhost:1');
    const sim = new WatchSim(world, ['localhost:1', 'b:1']).start();
    expect([sim.state.nodes.get('localhost:1')?.names, world.at('A').dials]).toEqual([['localhost:1', 'a:1'], 1]);
  });

  test('two seeds that are one', () => {
    world.at('A').addresses.push('localhost:1', 'unix:/a');
    const sim = new WatchSim(world, ['localhost:1', 'unix:/a', 'a:1']).start();
    expect([names(sim).length, sim.primary, types(sim).includes('ambiguous')]).toEqual([3, 'A', false]);
  });

  test('with TLS, the plain port that servers announce is a name of the node, not another node', () => {
    for (const name of ['A', 'B', 'C']) {
      const node = world.at(name);
      node.addresses.push(`${name.toLowerCase()}:2`);
      node.tcpPort = 1;
      node.tlsPort = 2;
    }
    const sim = new WatchSim(world, ['a:2', 'b:2'], { tls: true }).start();
    // B's plain port was tried before B had said that it is B's; C has no other address.
    expect(names(sim)).toEqual(['a:2', 'b:2', 'c:1']);
    expect([sim.state.nodes.get('b:2')?.names, sim.state.nodes.get('c:1')?.link.kind]).toEqual([
      ['b:2', 'b:1'],
      'down',
    ]);
    switchOver('A', 'B');
    expect(sim.answers.get(sim.suspect('A', 'b:1'))).toBe('B/2');
    expect(types(sim)).not.toContain('untrusted');
  });

  test('without TLS another port is a port mapping, and names nobody', () => {
    const [a, b] = [world.at('A'), world.at('B')];
    world.follow('C', 'B');
    a.addresses.unshift('h:7001');
    b.addresses.unshift('h:6379');
    a.tcpPort = 6379;
    b.tcpPort = 6379;
    expect(names(new WatchSim(world, ['h:7001']).start())).toEqual(['h:7001', 'h:6379', 'c:1']);
  });
});

describe('trust', () => {
  test('a hint that nobody vouches for is never dialled, and is reported once', () => {
    world.add('X');
    const sim = new WatchSim(world, ['a:1']).start();
    world.at('A').role = 'replica';
    for (let times = 0; times < 3; times++) expect(sim.answers.get(sim.suspect('A', 'x:1'))).toBe('unknown');
    expect(world.at('X').dials).toBe(0);
    expect(sim.events.filter((event) => event.type === 'untrusted')).toEqual([
      { type: 'untrusted', address: 'x:1', namedBy: 'a:1', reason: 'not-in-the-pair' },
    ]);
  });

  test('nor a node that the known primary says it follows now', () => {
    world.add('X');
    const sim = new WatchSim(world, ['a:1']).start();
    world.follow('A', 'X');
    sim.advance(10_000);
    expect([sim.primary, world.at('X').dials]).toEqual([undefined, 0]);
  });

  test('a replica that joined just now is vouched for by the probe that the suspicion causes', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    world.add('D');
    world.follow('D', 'C');
    expect(sim.answers.get(sim.suspect('A', 'd:1'))).toBe('A/1');
    switchOver('A', 'D');
    expect(sim.answers.get(sim.suspect('A', 'd:1'))).toBe('D/2');
  });
});

describe('a switch', () => {
  test('suspect, one answer of B, verdict: nobody else is waited for', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    switchOver('A', 'B');
    world.at('A').state = 'frozen';
    world.at('C').state = 'frozen';
    const id = sim.suspect('A', 'b:1');
    expect(sim.answers.get(id)).toBe('B/2');
    expect(sim.published.map((view) => view.node)).toEqual(['a:1', 'b:1']);
    expect(types(sim).slice(-1)).toEqual(['primary']);
  });

  test('the order: publish to all, then answer those who asked', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    switchOver('A', 'B');
    sim.log.length = 0;
    sim.suspect('A', 'b:1');
    expect(sim.log).toEqual([
      'probe a:1',
      'probe b:1',
      'probe c:1',
      // A says that it is a replica, before B says that it is primary: nobody is told of a loss, A is asked again.
      'probe a:1',
      'event primary',
      'publish b:1 term 2',
      'answer b:1 term 2',
    ]);
  });

  test('a thousand sessions ask at once: at most three probes of each node', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    const before = world.at('A').probes;
    sim.slow = true;
    const ids = Array.from({ length: 1000 }, () => sim.suspect('A'));
    sim.deliver();
    expect(ids.every((id) => sim.answers.get(id) === 'A/1')).toBe(true);
    expect(world.at('A').probes - before).toBeLessThanOrEqual(3);
  });

  test('an answer that was on its way before the call does not count', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    sim.slow = true;
    const early = sim.suspect('A');
    sim.deliver();
    expect(sim.answers.get(early)).toBe('A/1');
    sim.suspect('A');
    const late = sim.suspect('A');
    expect(sim.answers.has(late)).toBe(false);
    switchOver('A', 'C');
    sim.deliver();
    expect(sim.answers.get(late)).toBe('C/2');
  });

  test('doubt about a former primary is answered at once, without a probe', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    switchOver('A', 'B');
    sim.suspect('A');
    const before = world.at('B').probes;
    expect(sim.answers.get(sim.suspect('A', 'b:1'))).toBe('B/2');
    expect(sim.answers.get(sim.suspect('A'))).toBe('B/2');
    expect(world.at('B').probes).toBe(before);
  });

  test('while nobody is primary it asks every 20 ms, and finds the new one', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    world.follow('A', 'B');
    expect(sim.answers.get(sim.suspect('A'))).toBe('unknown');
    expect([sim.primary, types(sim).at(-1)]).toEqual([undefined, 'primary-lost']);
    const before = world.at('B').probes;
    sim.advance(1000);
    expect(world.at('B').probes - before).toBe(50);
    world.promote('B');
    sim.advance(20);
    expect([sim.primary, sim.published.length]).toEqual(['B', 2]);
  });

  test('less often the longer that lasts', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    world.follow('A', 'B');
    sim.suspect('A');
    sim.advance(600_000);
    const before = world.at('B').probes;
    sim.advance(10_000);
    expect(world.at('B').probes - before).toBe(10);
  });

  test('two claimants for a moment are no news; for longer they are', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    world.promote('B');
    sim.advance(1000);
    expect([sim.primary, types(sim).includes('stale-claim')]).toEqual(['B', false]);
    sim.advance(5000);
    expect(sim.events.filter((event) => event.type === 'stale-claim')).toEqual([
      { type: 'stale-claim', node: 'a:1', primary: 'b:1', reason: 'older' },
    ]);
  });
});

describe('silence', () => {
  test('a frozen bystander delays the first verdict by the deadline, later ones not', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    world.at('C').state = 'frozen';
    const first = sim.suspect('A');
    sim.advance(WATCH_BOUNDS.probeDeadlineMs - 1);
    expect(sim.answers.has(first)).toBe(false);
    sim.advance(1);
    expect(sim.answers.get(first)).toBe('A/1');
    expect(sim.answers.get(sim.suspect('A'))).toBe('A/1');
  });

  test('a frozen primary: unknown after the deadline, and news as soon as it wakes', () => {
    const sim = new WatchSim(world, ['a:1'], { probeIntervalMs: 50 }).start();
    world.at('A').state = 'frozen';
    sim.slow = true;
    const id = sim.suspect('A');
    const later: (() => void)[] = [];
    sim.advance(WATCH_BOUNDS.probeDeadlineMs);
    expect(sim.answers.get(id)).toBe('unknown');
    expect(sim.published.length).toBe(1);
    world.at('A').state = 'up';
    for (const one of later) one();
    sim.deliver();
    expect(sim.published.map((view) => view.term)).toEqual([1, 1]);
    sim.slow = false;
    expect(sim.answers.get(sim.suspect('A'))).toBe('A/1');
    sim.advance(1000);
    expect(sim.published.length).toBe(2);
  });

  test('the primary is lost when it cannot be dialled again, and back with the same term', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    world.at('A').state = 'down';
    sim.noticeDeaths();
    expect([sim.primary, types(sim).slice(-2)]).toEqual([undefined, ['node-down', 'primary-lost']]);
    world.at('A').state = 'up';
    sim.advance(200);
    expect([sim.primary, sim.term, sim.published.length]).toEqual(['A', 1, 2]);
    expect(types(sim).slice(-2)).toEqual(['node-up', 'primary']);
    expect(sim.events.at(-1)).toMatchObject({ type: 'primary', cause: 'back' });
  });

  test('a connection that is lost and opened again at once loses nothing', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    sim.handle({ type: 'closed', node: 'a:1', failure: { kind: 'network', reason: 'killed' } });
    expect([sim.primary, sim.published.length, types(sim).includes('primary-lost')]).toEqual(['A', 1, false]);
  });

  test('an answer of a connection that has ended since is dropped', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    const { answeredSeq } = sim.state.nodes.get('b:1')!;
    const report = {
      ...world.report(world.at('B')),
      role: 'primary' as const,
      replid: 'late',
      parent: world.at('A').replid,
    };
    const late = {
      type: 'probed' as const,
      node: 'b:1',
      seq: answeredSeq,
      report,
      identity: undefined,
      roleOnly: false,
    };
    sim.handle(late);
    sim.slow = true;
    sim.handle({ type: 'closed', node: 'b:1', failure: { kind: 'network', reason: 'killed' } });
    sim.handle(late);
    sim.handle({ ...late, node: 'nobody:1' });
    expect([sim.primary, sim.state.lineage.parents.has('late')]).toEqual(['A', false]);
  });

  test('a loading server is nobody yet', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    world.restart('A', true);
    world.at('A').loading = true;
    sim.noticeDeaths();
    expect([sim.primary, types(sim).at(-1)]).toEqual([undefined, 'primary-lost']);
    world.at('A').loading = false;
    sim.advance(100);
    expect([sim.primary, sim.term]).toEqual(['A', 2]);
  });

  test('dials of a dead node become rare, and a suspicion brings the next one forward', () => {
    const sim = new WatchSim(world, ['a:1', 'b:1']).start();
    world.at('A').state = 'down';
    sim.noticeDeaths();
    sim.advance(120_000);
    const before = world.at('A').dials;
    sim.advance(10_000);
    expect(world.at('A').dials - before).toBe(10);
    sim.advance(500);
    const then = world.at('A').dials;
    for (let times = 0; times < 100; times++) sim.suspect('A');
    expect(world.at('A').dials - then).toBe(1);
  });
});

describe('the start', () => {
  test('waits for a seed that has not answered, as long as the claimant does not list it', () => {
    world.add('X');
    world.at('X').state = 'frozen';
    const sim = new WatchSim(world, ['a:1', 'x:1']).start();
    expect(sim.primary).toBeUndefined();
    sim.advance(WATCH_BOUNDS.startWaitMs - 1);
    expect(sim.primary).toBeUndefined();
    sim.advance(1);
    expect(sim.primary).toBe('A');
  });

  test('does not wait for a frozen replica that the primary lists', () => {
    world.at('B').state = 'frozen';
    expect(new WatchSim(world, ['a:1', 'b:1']).start().primary).toBe('A');
  });

  test('two unrelated primaries: the one with replicas, and an event', () => {
    world.add('X').offset = 1000;
    const sim = new WatchSim(world, ['x:1', 'a:1']).start();
    expect(sim.primary).toBe('A');
    expect(sim.events).toContainEqual({
      type: 'ambiguous',
      chosen: 'a:1',
      others: ['x:1'],
      decidedBy: 'attached-replicas',
    });
  });

  test('everything is down: it keeps trying, and the clock always has something to wake for', () => {
    for (const node of world.nodes.values()) node.state = 'down';
    const sim = new WatchSim(world, ['a:1', 'b:1']).start();
    for (let second = 0; second < 10; second++) {
      sim.advance(1000);
      expect(nextWakeMs(sim.state)).toBeGreaterThan(sim.nowMs);
    }
    world.at('B').state = 'up';
    world.at('A').state = 'up';
    sim.advance(1000);
    expect(sim.primary).toBe('A');
  });
});

describe('INFO denied', () => {
  beforeEach(() => {
    for (const node of world.nodes.values()) node.roleOnly = true;
  });

  test('a promotion seen on an open connection is one', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    expect([sim.primary, sim.events.filter((event) => event.type === 'degraded').length]).toEqual(['A', 3]);
    world.at('A').state = 'down';
    sim.noticeDeaths();
    world.promote('B');
    sim.advance(1000);
    expect([sim.primary, sim.term]).toEqual(['B', 2]);
  });

  test('the old primary restarted alone is not followed', () => {
    const sim = new WatchSim(world, ['a:1']).start();
    switchOver('A', 'B');
    sim.advance(2000);
    expect(sim.primary).toBe('B');
    world.restart('A', true);
    sim.noticeDeaths();
    sim.advance(5000);
    expect([sim.primary, sim.term, types(sim).at(-1)]).toEqual(['B', 2, 'stale-claim']);
  });
});
