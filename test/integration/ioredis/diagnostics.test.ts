import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, expect, it } from 'vitest';
import { segueConnector } from '../../../src/doors/ioredis/index.js';
import { EVENT_TYPES, type SegueDiagnostics, type SegueEvent } from '../../../src/index.js';
import { waitFor } from '../../../src/lab/servers/index.js';
import { GatewayLab } from '../gateway/lab.js';
import { libraries } from './clients.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

it('channels tell of the sessions of connectors and of a gateway alike, and of their pair once', async () => {
  const heard: SegueDiagnostics[] = [];
  const listen = (message: unknown) => heard.push(message as SegueDiagnostics);
  for (const type of EVENT_TYPES) subscribe(`segue:${type}`, listen);
  try {
    lab = await GatewayLab.start({ pair: { version: 'valkey-9.1' } });
    const { host, port, address } = lab.primary;
    const told: SegueEvent[] = [];
    const Connector = segueConnector({ onEvent: (event) => told.push(event) });
    for (const [name, Library] of libraries) {
      const client = new Library({ host, port, Connector, connectionName: name.replace(' ', '-') });
      lab.keep(client, () => client.disconnect());
      await client.set('k', name);
    }
    const behind = lab.raw();
    // With a state that cannot be shared, so that it has a session of its own.
    behind.write('CLIENT SETNAME behind\r\nCLIENT NO-EVICT ON\r\nSET k 1\r\n');
    await behind.until('+OK\r\n+OK\r\n+OK\r\n');
    const before = heard.length;
    await lab.switchOver();
    const names = ['ioredis-5', 'ioredis-6', 'iovalkey', 'behind'];
    const moves = await waitFor(() => heard.slice(before).filter(({ event }) => event.type === 'move'), {
      deadlineMs: 10_000,
      what: 'moves',
      until: (all) => all.length >= names.length,
    });
    expect(moves.map(({ client }) => client?.name).sort()).toEqual([...names].sort());
    expect(new Set(moves.map(({ session }) => session)).size).toBe(names.length);
    expect(new Set(heard.map(({ pair }) => pair))).toEqual(new Set([address]));
    const promoted = heard.filter(({ event }) => event.type === 'primary' && event.cause === 'promoted');
    expect(promoted).toHaveLength(1);
    expect(promoted[0]!.session).toBeUndefined();
    // The connectors' own listener was told of all but the gateway's session, in the same order, by the same objects.
    const own = heard.filter(({ client }) => client?.name !== 'behind').map(({ event }) => event);
    expect(own.filter((event) => told.includes(event))).toEqual(told.filter((event) => own.includes(event)));
    expect(told.filter((event) => !heard.some((message) => message.event === event))).toEqual([]);
  } finally {
    for (const type of EVENT_TYPES) unsubscribe(`segue:${type}`, listen);
  }
});
