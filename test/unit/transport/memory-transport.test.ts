import { beforeEach, describe, expect, test } from 'vitest';
import {
  type Address,
  type DialOptions,
  type Link,
  type MemoryConnection,
  type MemoryTransport,
  manualClock,
  memoryTransport,
} from '../../../src/transport/index.js';

const address: Address = { kind: 'tcp', host: 'a', port: 1 };
const options: DialOptions = { connectTimeoutMs: 1000 };
let network: MemoryTransport;
let server: MemoryConnection;
let heard: string[];
let received: string;

function dial(to = address): Link {
  return network.dial(
    to,
    {
      onOpen: () => heard.push('open'),
      onData: (chunk) => heard.push(`data ${chunk}`),
      onWritable: () => heard.push('writable'),
      onClose: (error) => heard.push(`close ${error?.code ?? 'in order'}`),
    },
    options,
  );
}

beforeEach(() => {
  network = memoryTransport({ schedule: 'manual' });
  heard = [];
  received = '';
  network.listen(address, (connection) => {
    server = connection;
    connection.onData = (chunk) => {
      received += chunk;
    };
    connection.onClose = () => heard.push('server closed');
  });
});

describe('dial', () => {
  test('nothing happens before the first delivery', () => {
    const link = dial();
    expect([heard, link.writable]).toEqual([[], false]);
    network.run();
    expect([heard, link.writable]).toEqual([['open'], true]);
    expect(network.dialled).toEqual(['a:1']);
  });

  test('nobody listens: refused, once, with the address', () => {
    dial({ kind: 'unix', path: '/x' });
    network.run();
    expect(heard).toEqual(['close SEGUE_LINK_DIAL']);
  });

  test('a black hole ends with the timeout', () => {
    const time = manualClock();
    network = memoryTransport({ schedule: 'manual', clock: time });
    network.blackhole(address);
    dial();
    network.run();
    expect(heard).toEqual([]);
    time.advance(1000);
    network.run();
    expect(heard).toEqual(['close SEGUE_LINK_TIMEOUT']);
  });

  test('close() while dialling', () => {
    dial().close();
    expect(heard).toEqual([]);
    network.run();
    expect(heard).toEqual(['server closed', 'close in order'].slice(1));
  });
});

describe('bytes', () => {
  test('what was written before onOpen arrives after it, as one chunk', () => {
    const link = dial();
    link.write(Buffer.from('x'));
    link.write(Buffer.from('y'));
    network.run();
    expect([received, heard]).toEqual(['xy', ['open', 'writable']]);
  });

  test('memory may be used again once the link is writable', () => {
    const link = dial();
    network.run();
    const chunk = Buffer.from('old');
    link.write(chunk);
    expect(link.writable).toBe(true);
    chunk.write('new');
    network.run();
    expect(received).toBe('old');
  });

  test('a cork joins writes, and is not writable with bytes in it', () => {
    const link = dial();
    network.run();
    link.cork();
    link.write(Buffer.from('x'));
    expect(link.writable).toBe(false);
    link.write(Buffer.from('y'));
    link.uncork();
    expect(link.writable).toBe(true);
    network.run();
    expect([received, heard]).toEqual(['xy', ['open']]);
  });

  test('a stall: not writable after the first write, onWritable once when all has gone', () => {
    const link = dial();
    network.run();
    server.stall();
    link.write(Buffer.from('abcd'));
    expect([link.writable, server.backlogBytes]).toEqual([false, 4]);
    server.unstall(3);
    network.run();
    expect([link.writable, received, heard]).toEqual([false, 'abc', ['open']]);
    server.unstall();
    network.run();
    expect([link.writable, received, heard]).toEqual([true, 'abcd', ['open', 'writable']]);
  });

  test('held bytes stay in order with what comes after', () => {
    const link = dial();
    network.run();
    server.write('1');
    server.hold('toClient');
    server.write('2');
    network.run();
    expect([heard, server.bytesOnTheWay('toClient')]).toEqual([['open'], 2]);
    server.release('toClient');
    server.write('3');
    server.end();
    network.run();
    expect(heard).toEqual(['open', 'data 1', 'data 2', 'data 3', 'server closed', 'close in order']);
    server.hold('toServer');
    link.write(Buffer.from('late'));
    expect(server.open).toBe(false);
  });

  test('pause keeps bytes from the owner until resume', () => {
    const link = dial();
    network.run();
    link.pause();
    server.write('1');
    server.write('2');
    network.run();
    expect([heard, server.paused]).toEqual([['open'], true]);
    link.resume();
    network.run();
    expect(heard).toEqual(['open', 'data 1', 'data 2']);
  });
});

describe('the end', () => {
  test('cut() drops what is under way in both directions', () => {
    const link = dial();
    network.run();
    link.write(Buffer.from('x'));
    server.write('y');
    server.cut();
    expect(link.writable).toBe(false);
    network.run();
    expect([received, heard]).toEqual(['', ['open', 'server closed', 'close SEGUE_LINK_LOST']]);
  });

  test('close() by the owner: no data any more, onClose once', () => {
    const link = dial();
    network.run();
    server.write('y');
    link.close();
    link.close();
    link.write(Buffer.from('x'));
    network.run();
    expect(heard).toEqual(['open', 'server closed', 'close in order']);
  });

  test('a server that hangs up inside onConnection', () => {
    network.listen(address, (connection) => connection.cut('go away'));
    dial();
    network.run();
    expect(heard).toEqual(['close SEGUE_LINK_LOST']);
  });
});

test('with microtasks it runs by itself', async () => {
  network = memoryTransport();
  network.listen(address, (connection) => {
    connection.onData = (chunk) => connection.write(`echo ${chunk}`);
  });
  const reply = new Promise<string>((resolve) => {
    const link = network.dial(
      address,
      {
        onOpen: () => link.write(Buffer.from('hi')),
        onData: (chunk) => resolve(String(chunk)),
        onWritable() {},
        onClose() {},
      },
      options,
    );
  });
  expect(await reply).toBe('echo hi');
});

test('an endless exchange is reported', () => {
  network.listen(address, (connection) => {
    connection.onData = (chunk) => connection.write(chunk);
  });
  const link = network.dial(
    address,
    { onOpen: () => link.write(Buffer.from('x')), onData: (chunk) => link.write(chunk), onWritable() {}, onClose() {} },
    options,
  );
  expect(() => network.run(1000)).toThrow(/not quiet after 1000/);
});
