import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { Downstream } from '../../../src/doors/gateway/downstream.js';
import { SharedWay, type SharedWayOwner } from '../../../src/doors/gateway/shared-way.js';
import { Trunks } from '../../../src/doors/gateway/trunks.js';
import type { SessionPlace } from '../../../src/doors/pair.js';
import { CommandScanner, CommandTable, commandArgs, encodeCommand } from '../../../src/resp/index.js';
import { type ManualClock, manualClock } from '../../../src/transport/index.js';
import { pairOf } from '../../unit/doors/gateway/pair-of.js';
import { asyncProperty } from '../resp/seeded.js';

const CLIENTS = 4;

/** The trunk's session with a server that says what it is told to say, as many answers at a time as it likes. */
class Echo {
  readonly state = { at: 'flowing', view: { node: 'a' } };
  readonly #answers: string[] = [];
  readonly #scanner = new CommandScanner(CommandTable.standard());
  #pending = Buffer.alloc(0);

  constructor(readonly place: SessionPlace) {}

  get unanswered(): number {
    return this.#answers.length;
  }

  take(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    let from = 0;
    for (let end = 0; from < this.#pending.length; from = end) {
      this.#scanner.reset();
      end = this.#scanner.next(this.#pending, from, this.#pending.length);
      if (end < 0) break;
      const [name, text = ''] = commandArgs(this.#pending, from, end).map(String);
      this.#answers.push(name === 'PING' ? '+PONG\r\n' : `$${text.length}\r\n${text}\r\n`);
    }
    this.#pending = this.#pending.subarray(from);
  }
  takeRun(bytes: Buffer): void {
    this.take(bytes);
  }
  open(): void {}
  flush(): void {}
  close(): void {}

  /** In chunks of so many bytes. */
  answer(count: number, chunkBytes: number): void {
    const text = Buffer.from(this.#answers.splice(0, count).join(''));
    for (let at = 0; at < text.length; at += chunkBytes) {
      this.place.deliver(Buffer.from(text.subarray(at, at + chunkBytes)));
      this.place.spent?.();
    }
  }
}

/** One that writes whenever it likes. */
class Client implements SharedWayOwner {
  readonly expectant = false;
  readonly downstream: Downstream;
  readonly way: SharedWay;
  readonly faults: unknown[] = [];
  received = '';
  expected = '';
  #said = 0;

  constructor(
    readonly name: string,
    trunks: Trunks,
  ) {
    this.downstream = {
      backlogBytes: 0,
      send: (bytes) => {
        this.received += bytes.toString('latin1');
      },
      flush: () => true,
      pause() {},
      resume() {},
      finish: (why) => this.faults.push(`finished: ${why}`),
      fault: (error) => this.faults.push(error),
    };
    const limits = { clientCommandsMax: 1e6, clientBytesMax: 1e9, outputBytesMax: 1e9 };
    this.way = new SharedWay(this, trunks, { session: {}, limits });
  }

  say(count: number, textBytes: number, chunkBytes: number): void {
    const texts = Array.from({ length: count }, () => `${this.name}${this.#said++}.`.padEnd(textBytes, 'x'));
    this.expected += texts.map((text) => `$${text.length}\r\n${text}\r\n`).join('');
    const bytes = Buffer.concat(texts.map((text) => encodeCommand(['ECHO', text])));
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const chunk = Buffer.from(bytes.subarray(at, at + chunkBytes));
      this.way.take(chunk);
      // It was only borrowed.
      chunk.fill(0x21);
    }
  }

  leave(reach: number): void {
    this.faults.push(`left: ${reach}`);
  }
  pass(bytes: Buffer): void {
    this.way.take(bytes);
  }
  turn(): void {}
}

interface Stage {
  readonly clock: ManualClock;
  readonly clients: Client[];
  readonly server: Echo;
}

const chunkBytes = fc.constantFrom(9, 50, 1_000, 1e6);
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constant('say'), fc.nat(CLIENTS - 1), fc.integer({ min: 1, max: 40 }), chunkBytes),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constant('answer'), fc.constant(0), fc.integer({ min: 1, max: 12 }), chunkBytes),
  },
  { weight: 6, arbitrary: fc.tuple(fc.constant('turn'), fc.constant(0), fc.constant(0), fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('wait'), fc.constant(0), fc.constantFrom(1, 60, 200), fc.constant(0)) },
);
const rations = fc.record({
  busyBytes: fc.constantFrom(0, 600, 3_000, 20_000),
  pieceBytes: fc.constantFrom(0, 100, 3_000),
  pieceCommands: fc.integer({ min: 1, max: 4 }),
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function play({ clock, clients, server }: Stage, [what, client, n, bytes]: [string, number, number, number]) {
  if (what === 'say') clients[client]!.say(n, n % 5 === 0 ? 700 : 10, bytes);
  else if (what === 'answer') server.answer(n, bytes);
  else if (what === 'wait') clock.advance(n);
  else await turn();
}

describe('clients that take turns on a shared connection', () => {
  asyncProperty(
    'are all answered, each in its order, whoever has to wait',
    fc.tuple(rations, fc.array(act, { maxLength: 120, size: 'max' })),
    async ([rations, acts]) => {
      let server!: Echo;
      const pair = pairOf((place) => {
        server = new Echo(place);
        return server;
      });
      const clock = manualClock();
      const trunks = new Trunks({ pair, session: {}, answers: () => undefined, onEvent() {}, clock, rations });
      const clients = Array.from({ length: CLIENTS }, (_, index) => new Client('abcd'[index]!, trunks));
      for (const client of clients) {
        client.say(1, 10, 1e6);
        server.answer(2, 1e6);
        await turn();
      }
      for (const each of acts) await play({ clock, clients, server }, each);
      for (let round = 0; round < 2_000 && clients.some(({ way }) => !way.atRest); round++) {
        server.answer(50, 1e6);
        await turn();
      }
      expect(clients.flatMap(({ faults }) => faults)).toEqual([]);
      for (const { received, expected } of clients) expect(received).toBe(expected);
    },
    150,
  );
});
