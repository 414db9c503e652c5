import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

const bulk = (length: number, char = 'x') => `$${length}\r\n${char.repeat(length)}`;

describe('a reply larger than replyBytesMax', () => {
  it('is passed on as it comes', () => {
    const stage = Stage.flowing({ replyBytesMax: 100 });
    let bytes = 0;
    stage.onDeliver = (chunk) => {
      bytes += chunk.length;
    };
    stage.client('GET a', 'GET b');
    const reply = Buffer.from(`${bulk(1_000)}\r\n${bulk(1)}\r\n`);
    for (let at = 0; at < reply.length; at += 64) {
      stage.at('A').handlers.onData(reply.subarray(at, at + 64));
      expect(bytes).toBeGreaterThanOrEqual(Math.min(at + 64, 1_009) - 164);
    }
    expect(stage.received()).toEqual([bulk(1_000), bulk(1)]);
    expect(stage.session.unanswered).toBe(0);
  });

  it('lost half-way, ends the session: nobody can take back half an answer', () => {
    const stage = Stage.flowing({ replyBytesMax: 100 });
    stage.client('GET a');
    stage.at('A').handlers.onData(Buffer.from(bulk(1_000).slice(0, 500)));
    stage.at('A').lose();
    expect(stage.ended).toBe('the connection was lost in the middle of a reply');
  });

  it('that does not end while its node is being left, ends the session, too', () => {
    const stage = Stage.flowing({ replyBytesMax: 100, drainTimeoutMs: 1_000 });
    stage.client('GET a');
    stage.at('A').handlers.onData(Buffer.from(bulk(1_000).slice(0, 500)));
    stage.primary('B');
    stage.wait(1_100);
    expect(stage.ended).toBe('the connection was lost in the middle of a reply');
    expect(stage.connections.length).toBe(1);
  });

  it('is awaited when its node is being left', () => {
    const stage = Stage.flowing({ replyBytesMax: 100 });
    stage.client('GET a');
    const reply = Buffer.from(`${bulk(1_000)}\r\n`);
    stage.at('A').handlers.onData(reply.subarray(0, 500));
    stage.primary('B');
    expect(stage.at('A').closed).toBe(false);
    stage.at('A').handlers.onData(reply.subarray(500));
    expect(stage.connections[0]!.closed).toBe(true);
    stage.at('B').accept();
    stage.client('GET b');
    stage.at('B').answer(bulk(1));
    expect(stage.received()).toEqual([bulk(1_000), bulk(1)]);
  });

  it('to an EVAL is kept to its end, since a refusal may hide inside', () => {
    const stage = Stage.flowing({ replyBytesMax: 100 });
    stage.client('EVAL x 0');
    stage.at('A').handlers.onData(Buffer.from(`*2\r\n${bulk(1_000)}\r\n`));
    expect(stage.received()).toEqual([]);
    stage.at('A').handlers.onData(Buffer.from(`${bulk(1)}\r\n`));
    expect(stage.received()).toEqual([`*2\r\n${bulk(1_000)}\r\n${bulk(1)}`]);
  });
});

describe('a client that writes while it is being given an answer', () => {
  it('is not answered in the middle of it', () => {
    const stage = Stage.flowing();
    stage.client('GET a');
    const reply = Buffer.from(`${bulk(10)}\r\n`);
    let first = true;
    stage.onDeliver = () => {
      if (first) stage.client('CLIENT REPLY ON');
      first = false;
    };
    stage.at('A').handlers.onData(reply.subarray(0, 5));
    stage.at('A').handlers.onData(reply.subarray(5));
    expect(stage.received()).toEqual([bulk(10), '+OK']);
  });

  it('may close the session', () => {
    const stage = Stage.flowing();
    stage.client('GET a', 'GET b');
    stage.onDeliver = () => stage.session.close();
    stage.at('A').handlers.onData(Buffer.from(`${bulk(1)}\r\n-ERR x\r\n${bulk(1)}\r\n`));
    expect(stage.session.state.at).toBe('closed');
  });
});
