import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GatewayOptions, type ListenerOptions, limitsOf, nameOf } from '../../../src/gateway/gateway-options.js';
import { changesOf } from '../../../src/gateway/reload.js';
import { sharedTlsMaterial } from '../../../src/lab/servers/index.js';

const nodes = ['valkey://127.0.0.1:1'];
const { server } = sharedTlsMaterial();
const seed = Number(process.env.SEGUE_SEED ?? Math.floor(Math.random() * 2 ** 31));

describe('a new configuration', () => {
  const before: GatewayOptions = {
    nodes,
    listeners: [
      { name: 'one', listen: 'a:1', limits: { connectionsMax: 5 } },
      { name: 'two', listen: 'a:2', tls: { cert: 'old' } },
    ],
  };
  const with_ = (...listeners: ListenerOptions[]): GatewayOptions => ({ nodes, listeners });

  it('the same changes nothing', () => {
    const { changed, needsRestart, added, removed, merged } = changesOf(before, structuredClone(before));
    expect([changed, needsRestart, added, removed]).toEqual([[], [], [], []]);
    expect(merged).toEqual(before.listeners);
  });

  it('limits and certificates change at once, a limit that is left out is the default again', () => {
    const after = with_({ name: 'one', listen: 'a:1' }, { name: 'two', listen: 'a:2', tls: { cert: 'new' } });
    const { changed, needsRestart, listeners, merged } = changesOf(before, after);
    expect(changed).toEqual(['limits of one', 'certificates of two']);
    expect(needsRestart).toEqual([]);
    expect(listeners.map(({ name, limits, tls }) => [name, limits.connectionsMax, tls])).toEqual([
      ['one', limitsOf().connectionsMax, undefined],
      ['two', limitsOf().connectionsMax, { cert: 'new' }],
    ]);
    expect(merged).toEqual(after.listeners);
  });

  it('listeners come and go, by name', () => {
    const three = { name: 'three', listen: 'a:3', tls: { ...server } };
    const { changed, needsRestart, added, removed, merged } = changesOf(before, with_(three, before.listeners[0]!));
    expect(changed).toEqual(['listener three is new', 'listener two goes']);
    expect([needsRestart, removed]).toEqual([[], ['two']]);
    expect(added).toEqual([{ options: three, takesOver: undefined }]);
    expect(merged).toEqual([three, before.listeners[0]]);
  });

  it('one that is new at the address of one that goes takes its socket over', () => {
    const other = { name: 'other', listen: 'a:1', kind: 'replica' } as const;
    const { needsRestart, added, removed } = changesOf(before, with_(other, { name: 'free', listen: 'a:0' }));
    expect([needsRestart, removed]).toEqual([[], ['one', 'two']]);
    expect(added.map(({ options, takesOver }) => [options.name, takesOver])).toEqual([
      ['other', 'one'],
      ['free', undefined],
    ]);
  });

  it('what one listener has in another way, and all have in common, needs a restart', () => {
    const after = {
      nodes: ['valkey://b:1'],
      drainTimeoutMs: 5,
      listeners: [
        { name: 'one', listen: 'a:9', limits: { connectionsMax: 5 }, tls: { ...server } },
        { name: 'two', listen: 'a:2', tls: { cert: 'old' }, kind: 'replica' as const },
      ],
    };
    const { changed, needsRestart, merged } = changesOf(before, after);
    expect(changed).toEqual([]);
    expect(needsRestart).toEqual(['TLS of one on or off', 'listener one', 'listener two', 'nodes', 'drainTimeoutMs']);
    expect(merged).toEqual(before.listeners);
  });

  it.each([
    ['a path', 'unix:/run/a', 'unix:/run/a'],
    ['every address of the machine', '127.0.0.1:1', '0.0.0.0:1'],
    ['one instead of every address', '[::]:1', '127.0.0.1:1'],
  ])(
    'who goes is in the way, and its socket of no use: %s. Then nobody goes, and nobody takes over',
    (_, old, fresh) => {
      const first = with_({ name: 'old', listen: old }, { name: 'further', listen: 'a:7' });
      const listeners = [
        { name: 'heir', listen: 'a:7' },
        { name: 'fresh', listen: fresh },
        { name: 'free', listen: 'a:8' },
      ];
      const { changed, needsRestart, added, removed, merged } = changesOf(first, with_(...listeners));
      expect(needsRestart).toEqual([
        'listener heir is new: further has its address until then',
        'listener fresh is new: old has its address until then',
        'listener old is to go',
        'listener further is to go',
      ]);
      expect([changed, removed]).toEqual([['listener free is new'], []]);
      expect(added.map(({ options }) => options.name)).toEqual(['free']);
      expect(merged.map(nameOf)).toEqual(['free', 'old', 'further']);
    },
  );

  it('a listener that follows a pair cannot come to a gateway that has none; then the last one does not go', () => {
    const sidecar = { name: 'sidecar', kind: 'node', listen: 'a:1', node: 'valkey://b:1' } as const;
    const { needsRestart, removed, merged } = changesOf({ listeners: [sidecar] }, with_({ listen: 'a:2' }));
    expect(needsRestart[0]).toMatch(/^listener a:2 is new: which pair does a:2 follow\?/);
    expect(needsRestart.slice(1)).toEqual(['listener sidecar is to go', 'nodes']);
    expect([removed, merged]).toEqual([[], [sidecar]]);
  });
});

describe(`any two configurations (SEGUE_SEED=${seed})`, () => {
  const addresses = ['a:1', 'a:2', '0.0.0.0:1', '0.0.0.0:2', '[::]:2', 'a:0', 'unix:/a', 'unix:/b'];
  const listener: fc.Arbitrary<ListenerOptions> = fc.record(
    {
      name: fc.constantFrom('x', 'y', 'z'),
      listen: fc.constantFrom(...addresses),
      kind: fc.constant('replica' as const),
      limits: fc.record({ connectionsMax: fc.integer({ min: 1, max: 2 }) }),
      tls: fc.constant({ ...server }),
    },
    { requiredKeys: ['listen'] },
  );
  const configuration = fc
    .uniqueArray(listener, { minLength: 1, maxLength: 4, selector: nameOf })
    .filter((all) => new Set(all.map(({ listen }) => listen)).size === all.length)
    .map((listeners): GatewayOptions => ({ nodes, listeners }));

  it('the gateway has listeners after it, each known from before or new, and what changes at once is changed', () => {
    const property = fc.property(configuration, configuration, (before, after) => {
      const { added, removed, merged, listeners, needsRestart } = changesOf(before, after);
      const names = merged.map(nameOf);
      expect(names.length).toBeGreaterThan(0);
      expect(new Set(names).size).toBe(names.length);
      const fresh = added.map(({ options }) => nameOf(options));
      const before_ = before.listeners.map(nameOf);
      expect([...names].sort()).toEqual([...before_.filter((name) => !removed.includes(name)), ...fresh].sort());
      expect(removed.filter((name) => after.listeners.some((one) => nameOf(one) === name))).toEqual([]);
      expect(listeners.map(({ name }) => name).every((name) => before_.includes(name) && names.includes(name))).toBe(
        true,
      );
      const formers = added.flatMap(({ takesOver = [] }) => takesOver);
      expect(new Set(formers).size).toBe(formers.length);
      for (const { options, takesOver } of added.filter((one) => one.takesOver !== undefined)) {
        expect(removed).toContain(takesOver);
        expect(before.listeners.find((one) => nameOf(one) === takesOver)!.listen).toBe(options.listen);
      }
      // What is in force now is not changed a second time, and what waits for a restart waits still.
      const again = changesOf({ ...before, listeners: merged }, after);
      expect([again.changed, again.added, again.removed]).toEqual([[], [], []]);
      expect(again.needsRestart).toEqual(needsRestart);
      if (needsRestart.length === 0) expect(merged).toEqual(after.listeners);
    });
    fc.assert(property, { seed, numRuns: 300 });
  });
});
