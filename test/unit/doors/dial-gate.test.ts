import { describe, expect, it } from 'vitest';
import { DialGate } from '../../../src/doors/dial-gate.js';
import type { Address, DialOptions, Link, LinkHandlers, Transport } from '../../../src/transport/index.js';

const options: DialOptions = { connectTimeoutMs: 1_000 };

/** Dials that nobody answers but the test. */
class Exchange implements Transport {
  readonly dials: { readonly port: number; readonly handlers: LinkHandlers; closed: boolean; paused: boolean }[] = [];

  dial(address: Address, handlers: LinkHandlers): Link {
    const dial = { port: address.kind === 'tcp' ? address.port : 0, handlers, closed: false, paused: false };
    this.dials.push(dial);
    return {
      writable: true,
      write() {},
      cork() {},
      uncork() {},
      pause() {
        dial.paused = true;
      },
      resume() {
        dial.paused = false;
      },
      spent() {},
      close() {
        dial.closed = true;
      },
      retire() {
        dial.closed = true;
      },
    };
  }

  get ports(): number[] {
    return this.dials.map(({ port }) => port);
  }
}

/** Who dials `port` through `gate`, and what it hears. */
function dial(gate: DialGate, port: number) {
  const heard: string[] = [];
  const handlers: LinkHandlers = {
    onTurn: () => heard.push('turn'),
    onOpen: () => heard.push('open'),
    onData() {},
    onWritable() {},
    onClose: () => heard.push('close'),
  };
  return { heard, link: gate.dial({ kind: 'tcp', host: 'x', port }, handlers, options) };
}

/** Few dials begin in each turn of the event loop. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('a dial gate', () => {
  it('lets only so many dial at a time, the others in their order', async () => {
    const exchange = new Exchange();
    const gate = new DialGate(exchange, 2);
    const callers = [1, 2, 3, 4, 5].map((port) => dial(gate, port));
    await turns();
    expect(exchange.ports).toEqual([1, 2]);
    expect(callers.map(({ link }) => link.queued === true)).toEqual([false, false, true, true, true]);
    exchange.dials[1]!.handlers.onOpen();
    await turns();
    expect(exchange.ports).toEqual([1, 2, 3]);
    exchange.dials[0]!.handlers.onClose();
    exchange.dials[2]!.handlers.onOpen();
    await turns();
    expect(exchange.ports).toEqual([1, 2, 3, 4, 5]);
    expect(callers.map(({ heard }) => heard.join(' '))).toEqual(['close', 'turn open', 'turn open', 'turn', 'turn']);
  });

  it('a connection that has ended after its dial makes room for nobody twice', async () => {
    const exchange = new Exchange();
    const gate = new DialGate(exchange, 1);
    for (const port of [1, 2, 3]) dial(gate, port);
    await turns();
    exchange.dials[0]!.handlers.onOpen();
    exchange.dials[0]!.handlers.onClose();
    await turns();
    expect(exchange.ports).toEqual([1, 2]);
  });

  it('who gives up before its turn is not dialled, and is told the end', async () => {
    const exchange = new Exchange();
    const gate = new DialGate(exchange, 1);
    const [, two, three] = [1, 2, 3].map((port) => dial(gate, port));
    two!.link.close();
    two!.link.close();
    await turns();
    exchange.dials[0]!.handlers.onOpen();
    await turns();
    expect(exchange.ports).toEqual([1, 3]);
    expect([two!.heard, three!.heard]).toEqual([['close'], ['turn']]);
  });

  it('who was paused before its turn is paused behind it', async () => {
    const exchange = new Exchange();
    const gate = new DialGate(exchange, 1);
    const [, two, three] = [1, 2, 3].map((port) => dial(gate, port));
    two!.link.pause();
    three!.link.pause();
    three!.link.resume();
    await turns();
    exchange.dials[0]!.handlers.onOpen();
    await turns();
    exchange.dials[1]!.handlers.onOpen();
    await turns();
    expect(exchange.dials.map(({ paused }) => paused)).toEqual([false, true, false]);
  });
});
