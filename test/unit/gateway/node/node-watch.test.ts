import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeWatch, type Verdict } from '../../../../src/gateway/node/node-watch.js';
import { CommandScanner, CommandTable, commandArgs } from '../../../../src/resp/index.js';
import {
  type ManualClock,
  type MemoryConnection,
  type MemoryTransport,
  manualClock,
  memoryTransport,
} from '../../../../src/transport/index.js';

const address = { kind: 'tcp', host: 'a', port: 1 } as const;
const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const info = (...lines: readonly string[]): string => bulk(lines.join('\r\n'));
const PRIMARY = info('role:master', 'master_failover_state:no-failover', 'master_replid:x');
const REPLICA = info('role:slave', 'master_host:B', 'master_port:2', 'slave_read_only:1');
const FAILING = info('role:slave', 'master_host:B', 'master_port:2', 'master_failover_state:failover-in-progress');

let time: ManualClock;
let network: MemoryTransport;
let table: CommandTable;
let watch: NodeWatch;
/** What the node is; undefined: it does not answer. */
let says: string | undefined;
/** Who waits in BLPOP. */
let blocked: MemoryConnection[];
let asked: number;
/** The connection on which it was asked last. */
let asking: MemoryConnection;

beforeEach(() => {
  time = manualClock();
  network = memoryTransport({ clock: time });
  table = new CommandTable();
  says = PRIMARY;
  blocked = [];
  asked = 0;
  network.listen(address, (connection) => {
    const scanner = new CommandScanner(table);
    connection.onData = (chunk) => {
      for (let from = 0, end = scanner.next(chunk, 0, chunk.length); end > 0; ) {
        answer(connection, commandArgs(chunk, from, end).map(String));
        from = end;
        end = scanner.next(chunk, from, chunk.length);
      }
    };
  });
});

afterEach(() => watch.close());

function answer(connection: MemoryConnection, args: readonly string[]): void {
  const name = args.slice(0, 2).join(' ');
  if (args[0] === 'BLPOP') blocked.push(connection);
  else if (name === 'INFO replication') {
    asked++;
    asking = connection;
    if (says !== undefined) connection.write(says);
  } else if (args[0] === 'COMMAND') {
    connection.write(`*1\r\n*3\r\n${bulk('mod.read')}:-2\r\n*1\r\n+readonly\r\n`);
  } else connection.write('+OK\r\n');
}

function start(): void {
  watch = new NodeWatch({
    conversation: { address, connectTimeoutMs: 1000, transport: network, clock: time },
    table,
    clock: time,
  });
}

/** Lets everything happen that is due. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** What `confirm` tells. */
function confirmed(): Verdict[] {
  const told: Verdict[] = [];
  watch.confirm((verdict) => told.push(verdict));
  return told;
}

describe('the watch of a node', () => {
  it('learns role, commands and arity', async () => {
    start();
    expect(watch.standing.role).toBe('unknown');
    expect(watch.unready).toBeDefined();
    await quiet();
    expect(watch.standing).toEqual({ role: 'primary' });
    expect(watch.unready).toBeUndefined();
    expect([watch.arityOf('mod.read'), watch.arityOf('nosuch'), watch.knowsCommands]).toEqual([-2, undefined, true]);
    expect(table.idOf('mod.read')).toBeGreaterThan(0);
  });

  it('asks in intervals', async () => {
    start();
    await quiet();
    says = REPLICA;
    time.advance(99);
    await quiet();
    expect(watch.standing.role).toBe('primary');
    time.advance(1);
    await quiet();
    expect(watch.standing).toEqual({ role: 'replica', primary: { host: 'B', port: 2 }, readOnly: true });
    expect(watch.named).toEqual({ host: 'B', port: 2 });
  });

  it('takes nothing for granted from the moment in which the tripwire is thrown out', async () => {
    start();
    await quiet();
    expect(blocked).toHaveLength(1);
    const seen: string[] = [];
    watch.onChange(() => seen.push(watch.standing.role));
    says = REPLICA;
    blocked[0]!.write(
      '-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n',
    );
    blocked[0]!.end();
    await quiet();
    expect(seen).toEqual(['unknown', 'replica']);
    says = PRIMARY;
    time.advance(100);
    await quiet();
    expect(blocked).toHaveLength(2);
  });

  it('confirms only by an answer that was asked for afterwards', async () => {
    start();
    await quiet();
    says = undefined;
    time.advance(100);
    await quiet();
    const before = asked;
    const told = confirmed();
    asking.write(PRIMARY);
    await quiet();
    // That was the answer to a question from before; another one has been asked.
    expect([told, asked]).toEqual([[], before + 1]);
    asking.write(REPLICA);
    await quiet();
    expect(told).toMatchObject([{ standing: { role: 'replica' }, silent: false }]);
  });

  it('says what was so before when the node is silent', async () => {
    says = REPLICA;
    start();
    await quiet();
    says = undefined;
    const told = confirmed();
    await quiet();
    time.advance(199);
    expect(told).toEqual([]);
    time.advance(1);
    expect(told).toMatchObject([{ standing: { role: 'replica' }, silent: true }]);
  });

  it('waits for the end of a failover', async () => {
    says = FAILING;
    start();
    await quiet();
    expect(watch.standing.role).toBe('failing-over');
    const told = confirmed();
    for (let ms = 0; ms < 1000; ms += 10) {
      time.advance(10);
      await quiet();
    }
    expect(told).toEqual([]);
    says = REPLICA;
    time.advance(10);
    await quiet();
    expect(told).toMatchObject([{ standing: { role: 'replica' }, silent: false }]);
  });

  it('tells everybody at once when the node is gone, and comes back with it', async () => {
    start();
    await quiet();
    says = undefined;
    const told = confirmed();
    await quiet();
    asking.cut();
    await quiet();
    expect(told).toMatchObject([{ standing: { role: 'primary' }, silent: true }]);
    expect(watch.standing.role).toBe('unknown');
    expect(watch.unready).toBeDefined();
    says = PRIMARY;
    time.advance(100);
    await quiet();
    expect([watch.standing.role, watch.unready]).toEqual(['primary', undefined]);
  });
});
