import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/lab/wait-for.js';
import {
  type AcceptedHandlers,
  type AcceptedLink,
  ListenError,
  type Listening,
  listen,
} from '../../../src/transport/index.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const anywhere = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
const until = (look: () => unknown, what: string): Promise<unknown> => waitFor(look, { deadlineMs: 5_000, what });

/** A listening socket, and what its connections tell. */
class Stage {
  readonly links: AcceptedLink[] = [];
  readonly told: string[] = [];
  bytes = 0;
  onData: AcceptedHandlers['onData'] = () => {};
  listening!: Listening;

  async open(takeOver?: Listening): Promise<this> {
    const accept = (link: AcceptedLink): AcceptedHandlers => {
      this.links.push(link);
      return {
        onData: (chunk) => {
          this.bytes += chunk.length;
          this.onData(chunk);
        },
        onEnd: () => this.told.push('end'),
        onWritable: () => this.told.push(`writable ${link.writable}`),
        onClose: (error) => this.told.push(error === undefined ? 'close' : 'lost'),
      };
    };
    this.listening = await listen(takeOver?.address ?? anywhere, accept, takeOver === undefined ? {} : { takeOver });
    closers.push(() => {
      for (const link of this.links) link.close();
      return this.listening.close();
    });
    return this;
  }

  get port(): number {
    const { address } = this.listening;
    return address.kind === 'tcp' ? address.port : 0;
  }

  /** A client, when it has been accepted. */
  async client(): Promise<Socket> {
    const before = this.links.length;
    const socket = connect({ port: this.port, allowHalfOpen: true });
    socket.on('error', () => {});
    closers.push(() => socket.destroy());
    await until(() => this.links.length > before, 'a connection');
    return socket;
  }
}

describe('accepted connections', () => {
  it('give what came, borrowed: the buffer is used again', async () => {
    const stage = await new Stage().open();
    const kept: Buffer[] = [];
    const copies: string[] = [];
    stage.onData = (chunk) => {
      kept.push(chunk);
      copies.push(chunk.toString());
    };
    const client = await stage.client();
    expect(stage.links[0]!.remote).toBe(`127.0.0.1:${client.localPort}`);
    client.write('first');
    await until(() => copies.length === 1, 'the first');
    client.write('other');
    await until(() => copies.length === 2, 'the other');
    expect(copies).toEqual(['first', 'other']);
    expect(kept[0]!.buffer).toBe(kept[1]!.buffer);
  });

  it('a client that ends its side is told of, and can still be answered', async () => {
    const stage = await new Stage().open();
    const client = await stage.client();
    let answer = '';
    client.on('data', (chunk) => {
      answer += chunk;
    });
    client.end('question');
    await until(() => stage.told.includes('end'), 'the end');
    stage.links[0]!.write(Buffer.from('answer'));
    stage.links[0]!.end();
    await until(() => stage.told.includes('close'), 'the close');
    expect([answer, stage.bytes, stage.told]).toEqual(['answer', 8, ['end', 'close']]);
  });

  it('paused ones are felt by the client, and go on', async () => {
    const stage = await new Stage().open();
    const client = await stage.client();
    const link = stage.links[0]!;
    link.pause();
    const size = 32 * 1024 * 1024;
    let flushed = false;
    client.write(Buffer.alloc(size), () => {
      flushed = true;
    });
    await until(() => client.bytesWritten > 0 && client.writableLength > 0, 'a backlog at the client');
    expect([flushed, stage.bytes < size]).toEqual([false, true]);
    link.resume();
    await until(() => stage.bytes === size, 'all of it');
  });

  it('tell when a backlog is gone, once', async () => {
    const stage = await new Stage().open();
    const client = await stage.client();
    client.pause();
    const link = stage.links[0]!;
    link.write(Buffer.alloc(16 * 1024 * 1024));
    expect(link.writable).toBe(false);
    client.resume();
    await until(() => stage.told.length > 0, 'writable');
    expect(stage.told).toEqual(['writable true']);
    link.cork();
    link.write(Buffer.from('a'));
    link.write(Buffer.from('b'));
    expect(link.writable).toBe(false);
    link.uncork();
    expect(link.writable).toBe(true);
  });

  it('end behind a backlog: all of it is sent, without an error', async () => {
    const stage = await new Stage().open();
    const client = await stage.client();
    client.pause();
    const link = stage.links[0]!;
    const size = 16 * 1024 * 1024;
    link.write(Buffer.alloc(size));
    link.write(Buffer.alloc(size));
    link.end();
    let bytes = 0;
    client.on('data', (chunk) => {
      bytes += chunk.length;
    });
    client.on('end', () => client.end());
    client.resume();
    await until(() => stage.told.includes('close'), 'the close');
    expect([bytes, stage.told.filter((told) => told.startsWith('close'))]).toEqual([2 * size, ['close']]);
  });

  it('end once: by us without an error, by a reset with one', async () => {
    const stage = await new Stage().open();
    await stage.client();
    stage.links[0]!.close();
    stage.links[0]!.write(Buffer.from('nothing'));
    await until(() => stage.told.length > 0, 'the close');
    const client = await stage.client();
    client.resetAndDestroy();
    await until(() => stage.told.length > 1, 'the loss');
    expect(stage.told).toEqual(['close', 'lost']);
  });
});

describe('a listening socket', () => {
  it('stops letting in; who is in stays', async () => {
    const stage = await new Stage().open();
    const client = await stage.client();
    await stage.listening.close();
    await stage.listening.close();
    const late = connect({ port: stage.port });
    const refused = await new Promise<Error>((resolve) => late.once('error', resolve));
    expect(refused.message).toContain('ECONNREFUSED');
    client.write('still here');
    await until(() => stage.bytes === 10, 'its bytes');
  });

  it('is taken over: whoever comes meanwhile is let in, by the new one; who is in stays with the old one', async () => {
    const old = await new Stage().open();
    const before = await old.client();
    // The kernel lets it in before either can know.
    const meanwhile = connect({ port: old.port });
    closers.push(() => meanwhile.destroy());
    const fresh = await new Stage().open(old.listening);
    await until(() => fresh.links.length === 1, 'the one that came meanwhile');
    expect(fresh.port).toBe(old.port);
    await old.listening.close();
    await fresh.client();
    before.write('x');
    await until(() => old.bytes === 1, 'bytes');
    expect([old.links.length, fresh.links.length, old.told]).toEqual([1, 2, []]);
    await fresh.listening.close();
    const late = connect({ port: old.port });
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => late.once('error', resolve));
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('says what it cannot listen on', async () => {
    const stage = await new Stage().open();
    const again = listen({ ...anywhere, port: stage.port }, () => ({}) as AcceptedHandlers);
    await expect(again).rejects.toThrow(ListenError);
    await expect(again).rejects.toThrow(`cannot listen on 127.0.0.1:${stage.port}`);
    const nowhere = listen({ kind: 'unix', path: '/nonexistent/socket' }, () => ({}) as AcceptedHandlers);
    await expect(nowhere).rejects.toMatchObject({ code: 'SEGUE_LISTEN' });
  });
});
