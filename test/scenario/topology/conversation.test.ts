import { beforeEach, describe, expect, test } from 'vitest';
import { Conversation, type ConversationError, type ConversationOptions } from '../../../src/topology/index.js';
import {
  type Address,
  type ManualClock,
  type MemoryConnection,
  type MemoryTransport,
  manualClock,
  memoryTransport,
} from '../../../src/transport/index.js';

const address: Address = { kind: 'tcp', host: 'a', port: 1 };
let time: ManualClock;
let network: MemoryTransport;
let server: MemoryConnection;
let received: string[];
let closed: (ConversationError | undefined)[];

beforeEach(() => {
  time = manualClock();
  network = memoryTransport({ clock: time });
  received = [];
  closed = [];
  network.listen(address, (connection) => {
    server = connection;
    connection.onData = (chunk) => received.push(String(chunk).replaceAll('\r\n', ' ').trim());
  });
});

function open(options: Partial<ConversationOptions> = {}): Conversation {
  const onClose = (error?: ConversationError) => closed.push(error);
  return new Conversation({ address, connectTimeoutMs: 1000, transport: network, clock: time, onClose, ...options });
}

/** Lets everything happen that is due. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  );

describe('the handshake', () => {
  test('goes out with the first requests in one write', async () => {
    const conversation = open({ username: 'u', password: 'p' });
    const first = conversation.request(['PING']);
    await quiet();
    expect(received).toEqual(['*3 $4 AUTH $1 u $1 p *3 $6 CLIENT $7 SETNAME $14 segue-topology *1 $4 PING']);
    server.write('+OK\r\n+OK\r\n+PONG\r\n');
    expect([await first, await conversation.ready, conversation.pending]).toEqual(['PONG', undefined, 0]);
  });

  test.each([
    [
      'a wrong password',
      '-WRONGPASS invalid\r\n-NOAUTH x\r\n-NOAUTH x\r\n',
      'SEGUE_CONVERSATION_AUTH: a:1: WRONGPASS invalid',
    ],
    [
      'no password given',
      '-NOAUTH Authentication required.\r\n-NOAUTH x\r\n',
      'SEGUE_CONVERSATION_AUTH: a:1: NOAUTH Authentication required.',
    ],
    ['protected mode', '-DENIED go away\r\n', 'SEGUE_CONVERSATION_CLOSED: a:1: DENIED go away'],
    [
      'a full server',
      '-ERR max number of clients reached\r\n',
      'SEGUE_CONVERSATION_CLOSED: a:1: ERR max number of clients reached',
    ],
  ])('%s ends it, and is the reason that all requests give', async (name, reply, reason) => {
    const conversation = open(name === 'a wrong password' ? { password: 'hunter2' } : {});
    const first = outcome(conversation.request(['PING']));
    await quiet();
    server.write(reply);
    expect([await first, await outcome(conversation.ready)]).toEqual([reason, reason]);
    expect(await outcome(conversation.request(['PING']))).toBe(reason);
    expect(closed.map((error) => `${error?.code}: ${error?.message}`)).toEqual([reason]);
    expect(reason).not.toContain('hunter2');
  });

  test('a password that the server does not want, and a name it does not allow, harm nobody', async () => {
    const conversation = open({ password: 'p' });
    await quiet();
    server.write('-ERR AUTH <password> called without any password configured for the default user.\r\n-NOPERM no\r\n');
    await conversation.ready;
    expect(conversation.closed).toBe(false);
  });
});

describe('requests', () => {
  let conversation: Conversation;
  beforeEach(async () => {
    conversation = open();
    await quiet();
    server.write('+OK\r\n');
    await conversation.ready;
    received.length = 0;
  });

  test('are pipelined and answered in order, in whatever chunks', async () => {
    const replies = [['GET', 'a'], ['LRANGE', 'b', 0, 1], ['NOPE']].map((args) => outcome(conversation.request(args)));
    for (const byte of '$1\r\nx\r\n*2\r\n$1\r\ny\r\n:7\r\n-ERR no such thing\r\n') server.write(byte);
    expect(await Promise.all(replies)).toEqual(['x', ['y', 7], 'ERR: ERR no such thing']);
    expect(conversation.closed).toBe(false);
  });

  test('one that is not answered in time ends it', async () => {
    const first = outcome(conversation.request(['A']));
    time.advance(600);
    const second = outcome(conversation.request(['B']));
    server.write('+a\r\n');
    expect(await first).toBe('a');
    time.advance(900);
    expect(conversation.closed).toBe(false);
    time.advance(200);
    expect(await second).toBe('SEGUE_CONVERSATION_TIMEOUT: a:1: no reply within 1000 ms');
    expect(closed.length).toBe(1);
  });

  test('beyond the bound are refused, not sent', async () => {
    const many = Array.from({ length: 1024 }, () => outcome(conversation.request(['PING'])));
    expect(await outcome(conversation.request(['PING']))).toMatch(/^SEGUE_CONVERSATION_FULL/);
    conversation.close();
    expect(new Set(await Promise.all(many))).toEqual(
      new Set(['SEGUE_CONVERSATION_CLOSED: a:1: the connection was closed']),
    );
  });

  test('fail when the connection is lost', async () => {
    const reply = outcome(conversation.request(['PING']));
    await quiet();
    server.cut();
    expect(await reply).toBe('SEGUE_CONVERSATION_CLOSED: a:1: connection lost');
  });

  test('what is not RESP, or answers nothing, ends it', async () => {
    const reply = outcome(conversation.request(['PING']));
    server.write('HTTP/1.1 400 Bad Request\r\n');
    expect(await reply).toMatch(/^SEGUE_CONVERSATION_GARBLED: a:1: not a reply/);
    const other = open();
    await quiet();
    server.write('+OK\r\n+what?\r\n');
    await quiet();
    expect(other.closed).toBe(true);
  });

  test('messages go to their handler, in order with the replies', async () => {
    const heard: unknown[] = [];
    const subscriber = open({ onPush: (message) => heard.push(message) });
    const subscribed = subscriber.request(['SUBSCRIBE', 'x', 'y']);
    await quiet();
    server.write('+OK\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$2\r\nhi\r\n');
    server.write('*3\r\n$9\r\nsubscribe\r\n$1\r\ny\r\n:2\r\n');
    expect(await subscribed).toEqual(['subscribe', 'y', 2]);
    expect(heard).toEqual([['message', 'x', 'hi']]);
  });

  test('an ordinary list that begins with the word is no message', async () => {
    const reply = conversation.request(['LRANGE', 'list', 0, -1]);
    server.write('*1\r\n$7\r\nmessage\r\n');
    expect(await reply).toEqual(['message']);
  });
});

test('a dial that fails', async () => {
  const conversation = open({ address: { kind: 'tcp', host: 'b', port: 2 } });
  expect(await outcome(conversation.request(['PING']))).toBe('SEGUE_CONVERSATION_CLOSED: b:2: cannot connect: refused');
  expect(await outcome(conversation.ready)).toMatch(/^SEGUE_CONVERSATION_CLOSED/);
});
