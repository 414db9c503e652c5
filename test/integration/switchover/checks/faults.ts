import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabClient, LabServer } from '../../../../src/lab/servers/index.js';
import { waitFor } from '../../../../src/lab/wait-for.js';
import type { CheckWanted, Verdict } from '../../../../src/switchover/checks/index.js';
import { fenceMark } from '../../../../src/switchover/checks/unfinished.js';
import { connect, inSync, type Stage, type StageName, setConfig } from './stage.js';

/** How a check is brought to say its worst on a real pair. */
export interface Fault {
  readonly on?: StageName;
  readonly does: string;
  readonly verdict: Exclude<Verdict, 'ok'>;
  /** In the reason or the measured value. */
  readonly says: RegExp;
  /** About the switch, beyond the nodes. */
  readonly wanted?: Partial<CheckWanted>;
  /** Makes the fault, and resolves with how to repair it; nothing when the stage is faulty by nature. */
  make?(stage: Stage): Promise<() => Promise<unknown>>;
}

const deadlineMs = 10_000;

/** Every check has at least one; test/unit/house/checks.test.ts sees to it. */
export const faults: Readonly<Record<string, readonly Fault[]>> = {
  mode: [{ on: 'cluster', does: 'cluster mode', verdict: 'refuse', says: /cluster mode/ }],

  unfinished: [
    {
      does: 'the fence of a dead switch',
      verdict: 'refuse',
      says: /left its fence.*min-replicas-to-write 2/s,
      async make({ a }) {
        const undo = [
          await setConfig(a, 'min-replicas-to-write', '2'),
          await setConfig(a, 'repl-diskless-sync-delay', fenceMark),
        ];
        return () => Promise.all(undo.map((one) => one()));
      },
    },
    {
      does: 'another operator',
      verdict: 'refuse',
      says: /another switch.*segue-switch:17/s,
      make: ({ a }) => withClients(a, 1, (client) => client.command('CLIENT', 'SETNAME', 'segue-switch:17')),
    },
  ],

  failover: [
    {
      does: 'FAILOVER to a replica that does not answer',
      verdict: 'refuse',
      says: /waiting-for-sync/,
      async make(stage) {
        const { a, d } = stage;
        await inSync(stage);
        d.kill('SIGSTOP');
        await a.cli('PUBLISH', 'any', 'so that it is behind');
        await a.cli('FAILOVER', 'TO', d.host, d.port, 'TIMEOUT', 60_000);
        return async () => {
          await a.cli('FAILOVER', 'ABORT');
          d.kill('SIGCONT');
          await inSync(stage);
        };
      },
    },
  ],

  pause: [
    {
      does: 'a pause',
      verdict: 'refuse',
      says: /paused by somebody/,
      async make({ a }) {
        await a.cli('CLIENT', 'PAUSE', 60_000, 'WRITE');
        return () => a.cli('CLIENT', 'UNPAUSE');
      },
    },
    {
      on: 'upgrade',
      does: 'CLIENT UNBLOCK on Redis 7.0',
      verdict: 'warning',
      says: /CLIENT UNBLOCK.*1 call/s,
      async make({ a }) {
        await a.cli('CLIENT', 'UNBLOCK', 999_999);
        return () => a.cli('CONFIG', 'RESETSTAT');
      },
    },
  ],

  link: [
    {
      does: 'a primary that is not there',
      verdict: 'refuse',
      says: /link to 127\.0\.0\.1:1 is down/,
      async make(stage) {
        await stage.b.cli('REPLICAOF', '127.0.0.1', 1);
        return () => followAgain(stage);
      },
    },
    {
      does: 'a replica of a replica',
      verdict: 'refuse',
      says: /does not list it/,
      async make(stage) {
        await stage.b.cli('REPLICAOF', stage.d.host, stage.d.port);
        await linkUp(stage.b);
        return () => followAgain(stage);
      },
    },
  ],

  lag: [
    {
      does: '70 MB that the replica does not take',
      verdict: 'refuse',
      says: /66\.\d MiB/,
      async make(stage) {
        // A pause at the replica postpones what comes from its primary, too.
        await stage.b.cli('CLIENT', 'PAUSE', 60_000, 'WRITE');
        await stage.a.cli('SET', 'large', Buffer.alloc(70_000_000, 'x'));
        return async () => {
          await stage.b.cli('CLIENT', 'UNPAUSE');
          await stage.a.cli('DEL', 'large');
          await inSync(stage);
        };
      },
    },
  ],

  offsets: [
    {
      does: 'a stream that stands still although the link is up',
      verdict: 'refuse',
      says: /does not reach the offset.*bytes missing/s,
      async make(stage) {
        await stage.b.cli('CLIENT', 'PAUSE', 60_000, 'WRITE');
        await stage.a.cli('SET', 'small', 'x');
        return async () => {
          await stage.b.cli('CLIENT', 'UNPAUSE');
          await inSync(stage);
        };
      },
    },
  ],

  versions: [
    { on: 'upgrade', does: 'Redis 7.0 to Valkey 9.1', verdict: 'warning', says: /no way back after this/ },
    { on: 'downgrade', does: 'Valkey 9.1 to Redis 7.0', verdict: 'refuse', says: /older version.*never comes back/ },
  ],

  commands: [
    {
      on: 'downgrade',
      does: 'a command that the replica does not know',
      verdict: 'refuse',
      says: /unexpected_error_replies 1/,
      async make({ a, b }) {
        await a.cli('HSETEX', 'hash', 'EX', 1000, 'FIELDS', 1, 'field', 'value');
        await waitFor(() => b.info('stats'), {
          deadlineMs,
          what: 'the replica to fail',
          until: ({ unexpected_error_replies }) => unexpected_error_replies === '1',
        });
        return () => Promise.all([a.cli('CONFIG', 'RESETSTAT'), b.cli('CONFIG', 'RESETSTAT')]);
      },
    },
    {
      on: 'downgrade',
      does: 'a newer command in use',
      verdict: 'refuse',
      says: /commands that are in use: hgetex/,
      async make({ a }) {
        await a.cli('HGETEX', 'nothing', 'PERSIST', 'FIELDS', 1, 'field');
        return () => a.cli('CONFIG', 'RESETSTAT');
      },
    },
  ],

  permission: [
    {
      does: 'a user without REPLICAOF',
      verdict: 'refuse',
      says: /user helper may not REPLICAOF/,
      wanted: { access: { nodes: [], username: 'helper', password: 'helper' } },
      make: (stage) => withUser(stage, 'helper', '-replicaof'),
    },
    {
      on: 'odd',
      does: 'a command that was renamed',
      verdict: 'refuse',
      says: /FAILOVER ABORT is renamed or disabled/,
      wanted: { method: 'failover' },
    },
    {
      does: 'a user without the channels of the notice',
      verdict: 'warning',
      says: /user helper may not PUBLISH segue:notice/,
      wanted: { access: { nodes: [], username: 'helper', password: 'helper' } },
      make: (stage) => withUser(stage, 'helper', 'resetchannels'),
    },
  ],

  login: [
    {
      does: 'a password at the new primary that the old one does not know',
      verdict: 'refuse',
      says: /could not follow.*NOAUTH/,
      wanted: { access: { nodes: [], password: 'new-secret' } },
      make: ({ b }) => setConfig(b, 'requirepass', 'new-secret'),
    },
    {
      does: 'a password at the old primary that the new one does not ask for',
      verdict: 'refuse',
      says: /could not follow.*without any password/,
      make: ({ a }) => setConfig(a, 'masterauth', 'old-secret'),
    },
  ],

  'read-only': [
    {
      does: 'a primary that will be a writable replica',
      verdict: 'refuse',
      says: /go on taking writes/,
      make: ({ a }) => setConfig(a, 'replica-read-only', 'no'),
    },
  ],

  announce: [
    {
      does: 'a port that leads nowhere',
      verdict: 'refuse',
      says: /called 127\.0\.0\.1:1, which cannot be reached/,
      make: (stage) => announced(stage, '1'),
    },
    {
      does: "an old primary that will call itself by another node's port",
      verdict: 'refuse',
      says: /leads to another server/,
      async make({ a, d }) {
        const undo = [
          await setConfig(a, 'replica-announce-ip', d.host),
          await setConfig(a, 'replica-announce-port', String(d.port)),
        ];
        return () => Promise.all(undo.map((one) => one()));
      },
    },
  ],

  replicas: [
    {
      does: 'another replica that does not answer',
      verdict: 'warning',
      says: /will not be pointed/,
      async make(stage) {
        stage.d.kill('SIGSTOP');
        return () => thaw(stage);
      },
    },
    {
      does: 'another replica that has not answered for a while',
      verdict: 'refuse',
      says: /attached and not in step.*acknowledgement [3-9] s ago/s,
      async make(stage) {
        stage.d.kill('SIGSTOP');
        await waitFor(() => stage.a.info('replication'), {
          deadlineMs,
          what: 'its primary to notice',
          until: (info) => Object.values(info).some((text) => /state=online.*lag=[3-9]/.test(text)),
        });
        return () => thaw(stage);
      },
    },
  ],

  sentinel: [
    {
      does: 'a Sentinel that does not answer',
      verdict: 'refuse',
      says: /cannot be told, and would make a failover.*127\.0\.0\.1:1/s,
      wanted: { access: { nodes: [], sentinels: ['valkey://127.0.0.1:1'] } },
    },
  ],

  'min-replicas': [
    {
      does: 'more replicas needed than there will be',
      verdict: 'refuse',
      says: /refuse every write.*5 needed, 2/s,
      make: ({ b }) => setConfig(b, 'min-replicas-to-write', '5'),
    },
  ],

  backlog: [
    {
      does: 'a day away under load',
      verdict: 'warning',
      says: /too small for 86400 s/,
      wanted: { absenceSeconds: 86_400 },
      make: ({ a }) => underLoad(a),
    },
  ],

  'output-buffer': [
    {
      does: 'a smaller buffer than before',
      verdict: 'warning',
      says: /smaller than at the old primary/,
      make: ({ b }) => setConfig(b, 'client-output-buffer-limit', 'replica 1mb 1mb 60'),
    },
  ],

  'full-copy': [
    {
      does: 'repl-diskless-load swapdb',
      verdict: 'warning',
      says: /beside the new.*swapdb/s,
      make: ({ a }) => setConfig(a, 'repl-diskless-load', 'swapdb'),
    },
  ],

  persistence: [
    {
      does: 'a save that failed',
      verdict: 'refuse',
      says: /last save failed.*MISCONF/,
      async make({ b }) {
        const undo = await setConfig(b, 'save', '3600 1');
        // What is to be replaced by the new file is a folder.
        const folder = join(b.dir, 'dump.rdb');
        await rm(folder, { force: true });
        await mkdir(folder);
        await saved(b, 'err');
        return async () => {
          await rm(folder, { recursive: true });
          await saved(b, 'ok');
          await undo();
        };
      },
    },
  ],

  forks: [
    {
      does: 'a slow BGSAVE',
      verdict: 'warning',
      says: /BGSAVE is under way/,
      async make({ a }) {
        const undo = await setConfig(a, 'rdb-key-save-delay', '10000000');
        await a.cli('SET', 'key', 'value');
        await a.cli('BGSAVE');
        return async () => {
          await a.cli('BGSAVE', 'CANCEL');
          await undo();
          await waitFor(() => a.info('persistence'), {
            deadlineMs,
            what: 'the save to end',
            until: ({ rdb_bgsave_in_progress }) => rdb_bgsave_in_progress === '0',
          });
        };
      },
    },
  ],

  'config-file': [{ on: 'odd', does: 'no configuration file', verdict: 'warning', says: /bring back its old role/ }],

  configuration: [
    { on: 'odd', does: 'fewer databases', verdict: 'refuse', says: /fewer databases.*4 instead of 16/s },
    {
      does: 'another timeout',
      verdict: 'warning',
      says: /timeout differs.*"77" instead of "0"/s,
      make: ({ b }) => setConfig(b, 'timeout', '77'),
    },
  ],

  memory: [
    {
      does: 'a limit below what is in use',
      verdict: 'refuse',
      says: /refuse writes as soon as/,
      make: ({ b }) => setConfig(b, 'maxmemory', '500kb'),
    },
    {
      does: 'another policy',
      verdict: 'warning',
      says: /maxmemory-policy differs/,
      make: ({ b }) => setConfig(b, 'maxmemory-policy', 'allkeys-lru'),
    },
  ],

  maxclients: [
    {
      does: 'more clients than the new primary takes',
      verdict: 'refuse',
      says: /not all clients/,
      async make({ a, b }) {
        const undo = await setConfig(b, 'maxclients', '12');
        const leave = await withClients(a, 12, (client) => client.command('PING'));
        return () => Promise.all([undo(), leave()]);
      },
    },
  ],

  acl: [
    {
      does: 'a connected user that the new primary does not have',
      verdict: 'refuse',
      says: /user app is missing.*1 connection /s,
      async make({ a }) {
        await a.cli('ACL', 'SETUSER', 'app', 'on', '>app', '~*', '+@all');
        const client = await connect(a, { username: 'app', password: 'app' });
        return async () => {
          client.close();
          await a.cli('ACL', 'DELUSER', 'app');
        };
      },
    },
    {
      does: 'a user with another password',
      verdict: 'warning',
      says: /user app has other rules or passwords/,
      async make({ a, b }) {
        await a.cli('ACL', 'SETUSER', 'app', 'on', '>one', '~*', '+@all');
        await b.cli('ACL', 'SETUSER', 'app', 'on', '>two', '~*', '+@all');
        return () => Promise.all([a, b].map((node) => node.cli('ACL', 'DELUSER', 'app')));
      },
    },
  ],

  functions: [
    {
      does: 'a library that only the replica has',
      verdict: 'refuse',
      says: /library extra is only at the replica/,
      async make({ b }) {
        const undo = await setConfig(b, 'replica-read-only', 'no');
        const writer = await connect(b);
        await writer.command(
          'FUNCTION',
          'LOAD',
          "#!lua name=extra\nserver.register_function('f', function() return 1 end)",
        );
        return async () => {
          await writer.command('FUNCTION', 'DELETE', 'extra');
          writer.close();
          await undo();
        };
      },
    },
  ],

  modules: [
    {
      on: 'odd',
      does: 'a module that was unloaded',
      verdict: 'refuse',
      says: /module lua is missing/,
      async make({ b }) {
        await b.cli('MODULE', 'UNLOAD', 'lua');
        return async () => {};
      },
    },
  ],

  tls: [
    {
      on: 'encrypted',
      does: 'one node that replicates in plain text',
      verdict: 'refuse',
      says: /replicates over TLS and the other does not/,
      make: ({ b }) => setConfig(b, 'tls-replication', 'no'),
    },
  ],

  'stale-data': [
    {
      does: 'reads that are refused while the link is down',
      verdict: 'warning',
      says: /MASTERDOWN/,
      make: ({ a }) => setConfig(a, 'replica-serve-stale-data', 'no'),
    },
  ],

  clients: [
    {
      does: 'clients that do not follow',
      verdict: 'warning',
      says: /billing \(jedis 5\.1\.0, user default\) would see errors.*3 connections from 127\.0\.0\.1:\d+.*last commands get/s,
      make: ({ a }) =>
        withClients(a, 3, async (client) => {
          await client.command('CLIENT', 'SETINFO', 'lib-name', 'jedis');
          await client.command('CLIENT', 'SETINFO', 'lib-ver', '5.1.0');
          await client.command('CLIENT', 'SETNAME', 'billing');
          await client.command('GET', 'invoice');
        }),
    },
  ],

  insight: [
    {
      does: 'a user that may not see the configuration',
      verdict: 'warning',
      says: /does not tell its config/,
      wanted: { access: { nodes: [], username: 'helper', password: 'helper' } },
      make: (stage) => withUser(stage, 'helper', '-config'),
    },
  ],
};

async function thaw(stage: Stage): Promise<void> {
  stage.d.kill('SIGCONT');
  await inSync(stage);
}

async function withClients(
  server: LabServer,
  count: number,
  prepare: (client: LabClient) => Promise<unknown>,
): Promise<() => Promise<void>> {
  const opened = await Promise.all(Array.from({ length: count }, () => connect(server)));
  await Promise.all(opened.map(prepare));
  return async () => {
    for (const client of opened) client.close();
    await waitFor(() => server.cli('CLIENT', 'LIST'), {
      deadlineMs,
      what: 'the clients to be gone',
      until: (list) => String(list).split('\n').length <= 6,
    });
  };
}

async function withUser({ nodes }: Stage, name: string, ...rules: string[]): Promise<() => Promise<unknown>> {
  for (const node of nodes) await node.cli('ACL', 'SETUSER', name, 'on', `>${name}`, '~*', '&*', '+@all', ...rules);
  return () => Promise.all(nodes.map((node) => node.cli('ACL', 'DELUSER', name)));
}

/** What a replica announces counts from its next connection on. */
async function announced(stage: Stage, port: string): Promise<() => Promise<void>> {
  const undo = await setConfig(stage.b, 'replica-announce-port', port);
  await reconnect(stage, `port=${port},`);
  return async () => {
    await undo();
    await reconnect(stage, `port=${stage.b.port},`);
    await inSync(stage);
  };
}

async function reconnect({ a, b }: Stage, shown: string): Promise<void> {
  await b.cli('CLIENT', 'KILL', 'TYPE', 'MASTER');
  await waitFor(() => a.info('replication'), {
    deadlineMs,
    what: `the replica to be listed with ${shown}`,
    until: (info) => Object.values(info).some((text) => text.includes(`${shown}state=online`)),
  });
}

async function linkUp(server: LabServer): Promise<void> {
  await waitFor(() => server.info('replication'), {
    deadlineMs,
    what: 'the link to be up',
    until: ({ master_link_status }) => master_link_status === 'up',
  });
}

async function followAgain(stage: Stage): Promise<void> {
  await stage.b.follow(stage.a);
  await linkUp(stage.b);
  await inSync(stage);
}

async function saved(server: LabServer, status: 'ok' | 'err'): Promise<void> {
  await server.cli('BGSAVE');
  await waitFor(() => server.info('persistence'), {
    deadlineMs,
    what: `the save to end ${status}`,
    until: (info) => info.rdb_bgsave_in_progress === '0' && info.rdb_last_bgsave_status === status,
  });
}

async function underLoad(server: LabServer): Promise<() => Promise<void>> {
  const client = await connect(server);
  let busy = true;
  const value = Buffer.alloc(10_000, 'x');
  const writing = (async () => {
    while (busy) await client.command('SET', 'load', value);
  })();
  return async () => {
    busy = false;
    await writing;
    client.close();
  };
}
