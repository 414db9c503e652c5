import type { LiveView } from '../../src/gateway/admin/live.js';
import { DEFAULT_LIMITS } from '../../src/gateway/limits.js';

/** A gateway with two listeners in the middle of a switch, as it might tell of itself; names as an attacker would choose them. */
export function cannedView(evil: string): LiveView {
  const at = Date.now();
  const node = { state: 'up', version: '9.1.2', offset: 88_123_456, follows: null, linkUp: null, reason: null };
  const listener = {
    kind: 'follow',
    address: '0.0.0.0:6380',
    secure: true,
    unready: null,
    clients: 8_214,
    accepted: 91_377,
    limits: DEFAULT_LIMITS,
    heldCommands: 913,
    heldBytes: 700 * 1024 ** 2,
    commands: 1_812_345_678,
    libraries: { 'redis-py': 4_100, [evil]: 3_000, unknown: 1_114 },
    shared: { clients: 3, connections: 1 },
    states: { flowing: 204, holding: 8_010 },
    moves: 16_000,
    replayed: 911,
    uncertain: 4,
    closed: { idle: 120, 'command-size': 1 },
    refused: { shutdown: 3 },
    givenUp: { HOLDTIMEOUT: 2 },
    handshakesFailed: 17,
    restraints: 0,
  };
  const samples = Array.from({ length: 300 }, (_, index) => {
    const wave = 1 + 0.2 * Math.sin(index / 9) + 0.05 * Math.sin(index * 3);
    const isSlow = index === 180;
    return {
      seq: index + 1,
      at: at - (299 - index) * 1_000,
      clients: 8_214,
      commands: index === 299 ? 400 : Math.round(61_000 * wave),
      receivedBytes: 4_000_000,
      sentBytes: 9_000_000,
      heldCommands: 913,
      heldBytes: 0,
      p50Ms: 0.21 * wave,
      p99Ms: isSlow ? 31 : 1.1 * wave,
      maxMs: isSlow ? 80 : 4.2 * wave,
    };
  });
  const felt = { reason: null, sessions: 8_190, heldMedianMs: 1.4, replayed: 57, uncertain: 0, givenUp: 0 };
  return {
    at,
    startedAt: at - 3_600_000,
    samplesMax: 300,
    status: {
      phase: 'serving',
      unready: null,
      primary: { node: '10.0.0.1:6379', term: 7, forMs: 7_300_000 },
      nodes: [
        { ...node, node: '10.0.0.1:6379', role: 'primary', isPrimary: true },
        { ...node, node: '10.0.0.2:6379', role: 'replica', isPrimary: false, offset: 88_100_000, linkUp: true },
        { ...node, node: 'db-3.internal.example:6379', state: 'down', role: null, isPrimary: false, reason: evil },
      ],
      listeners: [
        { ...listener, name: 'applications' },
        {
          ...listener,
          name: 'local',
          address: 'unix:/run/segue/gateway.sock',
          secure: false,
          shared: { clients: 3, connections: 1 },
          states: {},
          libraries: {},
          clients: 0,
        },
      ],
    },
    samples,
    switches: [
      {
        ...felt,
        id: 2,
        at: at - 119_000,
        kind: 'planned',
        from: '10.0.0.2:6379',
        to: '10.0.0.1:6379',
        term: 7,
        withoutMs: 0.8,
        heldMaxMs: 3.1,
      },
      {
        ...felt,
        id: 1,
        at: at - 90_000_000,
        kind: 'unannounced',
        from: '10.0.0.1:6379',
        to: '10.0.0.2:6379',
        term: 6,
        withoutMs: 2_310,
        heldMaxMs: 2_410,
        uncertain: 12,
        reason: 'the connection was closed',
      },
    ],
  };
}
