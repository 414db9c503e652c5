import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab } from './lab.js';
import { asker, QUICK, Strait } from './replica-lab.js';

const VERSIONS = ['redis-7.0', 'valkey-8.0', 'valkey-9.1'] as const;
const REPLICA = { listeners: [{ name: 'reads', kind: 'replica', listen: '127.0.0.1:0' }], session: QUICK } as const;

let lab: GatewayLab;
afterEach(() => lab?.stop());

describe.each(VERSIONS)('%s', (version) => {
  it('a READONLY client reads from replicas and writes to the primary, through switches', async () => {
    lab = await GatewayLab.start({ pair: { version }, gateway: { session: QUICK } });
    const client = asker(lab);
    expect(await client.ask('READONLY')).toBe('+OK\r\n');
    await client.comesTo(lab.nodes[1]!.port);
    for (const value of ['one', 'two']) {
      expect(await client.ask(`SET k ${value}\r\nGET k`, `${value}\r\n`)).toBe(`+OK\r\n$3\r\n${value}\r\n`);
      await client.comesTo(lab.nodes[1]!.port);
      expect(await client.ask('GET k', `${value}\r\n`)).toBe(`$3\r\n${value}\r\n`);
      await lab.switchOver();
      await client.comesTo(lab.nodes[1]!.port);
    }
    expect(await client.ask('READWRITE')).toBe('+OK\r\n');
    expect(await client.at()).toBe(lab.nodes[0]!.port);
    expect(lab.tally).toMatchObject({ uncertain: 0 });
  });

  it('a listener for reading: from replicas, through a switch, and no write', async () => {
    lab = await GatewayLab.start({ pair: { version }, gateway: REPLICA });
    const [client, writer] = [asker(lab), asker(lab)];
    await client.comesTo(lab.nodes[1]!.port);
    expect(await writer.ask('SET k v')).toMatch(/^-GATEWAYREADONLY /);
    expect(await writer.ask('MULTI\r\nGET k\r\nINCR n\r\nEXEC', 'errors.\r\n')).toMatch(
      /^\+OK\r\n\+QUEUED\r\n-GATEWAYREADONLY .*\r\n-EXECABORT /,
    );
    await lab.primary.cli('SET', 'k', 'v');
    await waitFor(() => client.ask('EXISTS k'), {
      deadlineMs: 10_000,
      what: 'the value',
      until: (seen) => seen === ':1\r\n',
    });
    await lab.switchOver();
    await client.comesTo(lab.nodes[1]!.port);
    expect(await client.ask('EXISTS k')).toBe(':1\r\n');
    expect(await lab.primary.cli('EXISTS', 'n')).toBe(0);
  });
});

describe('a listener for reading', () => {
  it('a replica that stands still is left, and what it owed is answered by the primary', async () => {
    lab = await GatewayLab.start({ gateway: REPLICA });
    const client = asker(lab);
    const [primary, replica] = lab.nodes;
    await client.comesTo(replica!.port);
    replica!.kill('SIGSTOP');
    expect(await client.at()).toBe(primary!.port);
    expect(lab.gateway.unready).toBeUndefined();
    replica!.kill('SIGCONT');
    await client.comesTo(replica!.port);
    expect(lab.tally.fallbacks).toBeGreaterThan(0);
  });

  it('a replica that lags with its link up is left, and one without a link', async () => {
    lab = await GatewayLab.start({ gateway: REPLICA });
    const client = asker(lab);
    const [primary, replica] = lab.nodes;
    const strait = lab.keep(await Strait.before(primary!.port), (one) => one.close());
    await replica!.cli('REPLICAOF', '127.0.0.1', strait.port);
    await client.comesTo(replica!.port);
    strait.freeze();
    await primary!.cli('SET', 'k', 'unheard of');
    await client.comesTo(primary!.port);
    expect((await replica!.info('replication')).master_link_status).toBe('up');
    await replica!.cli('REPLICAOF', '127.0.0.1', primary!.port);
    await client.comesTo(replica!.port);
    strait.close();
    await replica!.cli('REPLICAOF', '127.0.0.1', '1');
    await client.comesTo(primary!.port);
  });

  it('several replicas are read from by as many clients each; without any, and without a primary, it says so', async () => {
    lab = await GatewayLab.start({ pair: { replicas: 2 }, gateway: REPLICA });
    const ports = lab.all.slice(1).map((node) => node.port);
    const clients = Array.from({ length: 8 }, () => asker(lab));
    for (const client of clients) await client.comesTo(...ports);
    const at = await Promise.all(clients.map((client) => client.at()));
    expect(ports.map((port) => at.filter((one) => one === port).length)).toEqual([4, 4]);
    for (const node of lab.all.slice(1)) node.kill('SIGKILL');
    await Promise.all(clients.map((client) => client.comesTo(lab.primary.port)));
    expect(lab.gateway.unready).toBeUndefined();
    lab.primary.kill('SIGKILL');
    await waitFor(() => lab.gateway.unready, {
      deadlineMs: 20_000,
      what: 'not ready',
      until: (why) => why === 'reads: neither a replica in sync nor a primary is known',
    });
  });

  it('a subscriber there gets every message once', async () => {
    lab = await GatewayLab.start({ gateway: REPLICA });
    const [client, watcher] = [lab.raw(), asker(lab)];
    await watcher.comesTo(lab.nodes[1]!.port);
    client.write('SUBSCRIBE news\r\n');
    await client.until(':1\r\n');
    const publish = async (from: number) => {
      for (let number = from; number < from + 20; number++) await lab.primary.cli('PUBLISH', 'news', `<${number}>`);
    };
    await publish(0);
    const switched = lab.switchOver();
    await switched;
    await publish(20);
    await client.until('<39>\r\n');
    expect(client.text.match(/<\d+>/g)).toEqual(Array.from({ length: 40 }, (_, number) => `<${number}>`));
  });
});
