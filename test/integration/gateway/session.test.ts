import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab } from './lab.js';

const frame = (...args: string[]) => `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;

describe.each(['redis-7.0', 'valkey-9.1'] as const)('what a client may do, on %s', (version) => {
  let lab: GatewayLab;
  beforeAll(async () => {
    lab = await GatewayLab.start({ pair: { version } });
  });
  afterAll(() => lab?.stop());

  it('inline commands, pipelines, empty lines, across a switch', async () => {
    const client = lab.raw();
    client.write('PING\r\n');
    await client.until('+PONG\r\n');
    client.write('\r\nset k v\r\n\r\nGET k\r\n');
    await client.until('+OK\r\n$1\r\nv\r\n');
    await lab.switchOver();
    client.write(`${frame('SET', 'k', 'w')}get k\r\n${frame('PING')}`);
    await client.until('+OK\r\n$1\r\nw\r\n+PONG\r\n');
  });

  it('a client that ends its side still gets its answers, then the end', async () => {
    const client = lab.raw();
    client.socket.end('SET half closed\r\nGET half\r\n');
    await client.untilClosed();
    expect(client.text).toBe('+OK\r\n$6\r\nclosed\r\n');
    expect(client.error).toBeUndefined();
  });

  it('QUIT is answered, then the connection ends', async () => {
    const client = lab.raw();
    client.write('SET q 1\r\nQUIT\r\nSET q 2\r\n');
    await client.untilClosed();
    expect(client.text).toBe('+OK\r\n+OK\r\n');
    expect(await lab.primary.cli('GET', 'q')).toBe('1');
  });

  it('what was sent by a client that did not wait has been executed', async () => {
    const client = lab.raw();
    client.socket.end(`${frame('RPUSH', 'fire', 'and')}${frame('RPUSH', 'fire', 'forget')}`);
    await waitFor(() => lab.primary.cli('LLEN', 'fire'), { deadlineMs: 5_000, what: 'it', until: (n) => n === 2 });
  });

  it('a client that goes while it waits in BLPOP takes nothing with it', async () => {
    const client = lab.raw();
    client.write(frame('BLPOP', 'jobs', '0'));
    await waitFor(() => lab.primary.info('clients'), {
      deadlineMs: 5_000,
      what: 'a blocked client',
      until: (info) => info.blocked_clients === '1',
    });
    client.socket.end();
    await waitFor(() => lab.primary.info('clients'), {
      deadlineMs: 5_000,
      what: 'no blocked client',
      until: (info) => info.blocked_clients === '0',
    });
    await lab.primary.cli('RPUSH', 'jobs', 'one');
    expect(await lab.primary.cli('LLEN', 'jobs')).toBe(1);
    await lab.primary.cli('DEL', 'jobs');
  });

  it('a blocked client is carried along', async () => {
    const client = lab.raw();
    client.write(frame('BLPOP', 'carried', '0'));
    await waitFor(() => lab.primary.info('clients'), {
      deadlineMs: 5_000,
      what: 'a blocked client',
      until: (info) => info.blocked_clients === '1',
    });
    await lab.switchOver();
    await lab.primary.cli('RPUSH', 'carried', 'along');
    await client.until('*2\r\n$7\r\ncarried\r\n$5\r\nalong\r\n');
  });

  it('RESP3, transactions, WATCH, the database and the name, across a switch', async () => {
    const client = lab.raw();
    client.write('HELLO 3\r\nCLIENT SETNAME seven\r\nSELECT 7\r\n');
    await client.until('+OK\r\n+OK\r\n');
    await lab.switchOver();
    client.text = '';
    client.write('CLIENT GETNAME\r\nMULTI\r\nSET t 1\r\nINCR t\r\nEXEC\r\nGET nothing\r\n');
    await client.until('$5\r\nseven\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:2\r\n_\r\n');
    await lab.primary.cli('SELECT', '7');
    expect(await lab.primary.cli('GET', 't')).toBe('2');
    await lab.primary.cli('SELECT', '0');
    client.text = '';
    client.write('WATCH t\r\nMULTI\r\n');
    await client.until('+OK\r\n+OK\r\n');
    await lab.switchOver();
    client.write('INCR t\r\nEXEC\r\nGET t\r\n');
    await client.until('+QUEUED\r\n_\r\n$1\r\n2\r\n');
  });

  it('pub/sub and sharded pub/sub across a switch', async () => {
    const client = lab.raw();
    client.write('SUBSCRIBE news\r\nSSUBSCRIBE shard\r\n');
    await client.until('*3\r\n$10\r\nssubscribe\r\n$5\r\nshard\r\n:1\r\n');
    await lab.switchOver();
    await waitFor(() => lab.primary.cli('PUBSUB', 'NUMSUB', 'news'), {
      deadlineMs: 5_000,
      what: 'the subscription',
      until: (reply) => (reply as unknown[])[1] === 1,
    });
    await lab.primary.cli('PUBLISH', 'news', 'moved');
    await client.until('*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nmoved\r\n');
    await lab.primary.cli('SPUBLISH', 'shard', 'too');
    await client.until('*3\r\n$8\r\nsmessage\r\n$5\r\nshard\r\n$3\r\ntoo\r\n');
  });

  it('MONITOR across a switch', async () => {
    const client = lab.raw();
    client.write('MONITOR\r\n');
    await client.until('+OK\r\n');
    await lab.switchOver();
    await waitFor(
      async () => {
        await lab.primary.cli('GET', 'monitored');
        return client.text.includes('"GET" "monitored"');
      },
      { deadlineMs: 5_000, what: 'MONITOR on the new primary' },
    );
  });

  it('client tracking: invalidations come, also after a switch', async () => {
    const client = lab.raw();
    client.write('HELLO 3\r\nCLIENT TRACKING ON\r\nGET tracked\r\n');
    await client.until('+OK\r\n_\r\n');
    await lab.switchOver();
    await client.until('>2\r\n$10\r\ninvalidate\r\n_\r\n');
    client.write('GET tracked\r\n');
    await client.until('_\r\n_\r\n');
    await lab.primary.cli('SET', 'tracked', '1');
    await client.until('>2\r\n$10\r\ninvalidate\r\n*1\r\n$7\r\ntracked\r\n');
  });

  it('values of megabytes in both directions', async () => {
    const value = 'x'.repeat(16 * 1024 * 1024);
    const client = lab.raw();
    client.write(`*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$${value.length}\r\n${value}\r\n`);
    await client.until('+OK\r\n');
    await lab.switchOver();
    const before = client.bytes;
    client.write('GET large\r\n');
    const length = `$${value.length}\r\n${value}\r\n`.length;
    await waitFor(() => client.bytes - before, { deadlineMs: 10_000, what: 'it', until: (bytes) => bytes === length });
    await client.until('xx\r\n');
  });

  it('CLIENT CAPA redirect is accepted, whatever the server is', async () => {
    const client = lab.raw();
    client.write('CLIENT CAPA redirect\r\nSET capa 1\r\n');
    await client.until('+OK\r\n+OK\r\n');
    await lab.switchOver();
    client.write('SET capa 2\r\n');
    await client.until('+OK\r\n+OK\r\n+OK\r\n');
  });

  it('node-redis as it is: commands, a pipeline, pub/sub, blocking, through two switches', async () => {
    const client = createClient({ socket: { host: lab.host, port: lab.port } });
    const errors: Error[] = [];
    client.on('error', (error: Error) => errors.push(error));
    await client.connect();
    lab.keep(client, (one) => one.destroy());
    const other = client.duplicate();
    other.on('error', (error: Error) => errors.push(error));
    await other.connect();
    lab.keep(other, (one) => one.destroy());
    const heard: string[] = [];
    await other.subscribe('chat', (message) => heard.push(message));
    for (let round = 0; round < 2; round++) {
      const writes = Array.from({ length: 200 }, (_, n) => client.incr(`n:${n % 7}`));
      await lab.switchOver();
      await Promise.all(writes);
      expect(await client.multi().incr('m').get('m').exec()).toEqual([round + 1, String(round + 1)]);
      await waitFor(() => lab.primary.cli('PUBSUB', 'NUMSUB', 'chat'), {
        deadlineMs: 5_000,
        what: 'the subscription',
        until: (reply) => (reply as unknown[])[1] === 1,
      });
      await client.publish('chat', `hello ${round}`);
    }
    await waitFor(() => heard.length, { deadlineMs: 5_000, what: 'both messages', until: (n) => n === 2 });
    expect(errors).toEqual([]);
    expect(Number(await client.get('n:0'))).toBe(58);
  });

  it('guarded commands are refused, in a transaction, too', async () => {
    const client = lab.raw();
    client.write('REPLICAOF NO ONE\r\nPING\r\n');
    await client.until('+PONG\r\n');
    expect(client.text).toMatch(/^-GATEWAYREFUSED REPLICAOF is not let through .*\r\n\+PONG/);
    client.text = '';
    client.write(`MULTI\r\n${frame('DEBUG', 'SLEEP', '0')}SET guarded 1\r\nEXEC\r\nGET guarded\r\n`);
    await client.until('$-1\r\n');
    expect(client.text).toMatch(/^\+OK\r\n-GATEWAYREFUSED .*\r\n\+QUEUED\r\n-EXECABORT .*\r\n\$-1\r\n$/);
    client.text = '';
    client.write('CLUSTER SLOTS\r\nshutdown nosave\r\nFailOver\r\nPSYNC ? -1\r\nPING\r\n');
    await client.until('+PONG\r\n');
    expect(client.text).toMatch(
      /^-ERR This instance has cluster support disabled\r\n(-GATEWAYREFUSED .*\r\n){3}\+PONG/,
    );
    expect(Object.fromEntries(lab.entrance.counts.refused)).toEqual({
      replicaof: 1,
      debug: 1,
      cluster: 1,
      shutdown: 1,
      failover: 1,
      psync: 1,
    });
  });
});

describe('who a client is', () => {
  it("its own user's login is passed on, and kept for the next primary", async () => {
    const users = [{ name: 'app', password: 'geheim', rules: '~app:* +@all' }];
    const lab = await GatewayLab.start({ pair: { version: 'valkey-9.1', password: 'root', users } });
    try {
      const client = lab.raw();
      client.write('GET app:k\r\n');
      await client.until('-NOAUTH Authentication required.\r\n');
      client.write('AUTH app wrong\r\n');
      await client.until('-WRONGPASS invalid username-password pair or user is disabled.\r\n');
      client.write('AUTH app geheim\r\nSET app:k v\r\nSET k v\r\n');
      await client.until('-NOPERM No permissions to access a key\r\n');
      await lab.switchOver();
      client.text = '';
      client.write('ACL WHOAMI\r\nSET app:k w\r\nGET k\r\n');
      await client.until('-NOPERM No permissions to access a key\r\n');
      expect(client.text).toMatch(/^\$3\r\napp\r\n\+OK\r\n-NOPERM/);
      const stranger = lab.raw();
      stranger.write('HELLO 3 AUTH app geheim SETNAME s\r\nACL WHOAMI\r\n');
      await stranger.until('$3\r\napp\r\n');
      const described = [...lab.entrance.clients].map((one) => one.handler?.describe());
      expect(described).toContainEqual(expect.objectContaining({ user: 'app', name: 's', protocol: 3 }));
      expect(JSON.stringify(described)).not.toContain('geheim');
    } finally {
      await lab.stop();
    }
  });
});
