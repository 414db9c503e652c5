import type { Rations } from '../../../../src/doors/gateway/allowance.js';
import { FollowDoor, type FollowDoorOptions, Trunks } from '../../../../src/doors/gateway/index.js';
import type { Pair, SessionPlace } from '../../../../src/doors/pair.js';
import type { Identity, SessionOptions } from '../../../../src/session/index.js';
import type { PrimaryView } from '../../../../src/topology/index.js';
import { manualClock } from '../../../../src/transport/index.js';
import type { Played } from '../../session/sim/planned-oracle.js';
import { encodeLine, type Line } from '../../session/sim/programs.js';
import { type Setting, SimSession, World } from '../../session/sim/world.js';

const NOTHING = Buffer.alloc(0);
const CLOGGED_BYTES = 300 * 1024;
const ROUNDS_MAX = 1_000;

/** A client at its door: what it will write, what it was given, and how fast it reads. */
export class DoorClient {
  readonly door: FollowDoor;
  #taken = '';
  /** Sent and not taken, by reference: it may not change. */
  #waiting: Buffer[] = [];
  backlogBytes = 0;
  paused = false;
  ended: string | undefined;
  at = 0;

  constructor(
    readonly program: Buffer,
    options: FollowDoorOptions,
  ) {
    const client = this;
    this.door = new FollowDoor(
      {
        send: (bytes) => {
          this.#waiting.push(bytes);
        },
        flush: () => {
          if (client.backlogBytes > 0) return this.#waiting.length === 0;
          this.#takeAll();
          return true;
        },
        get backlogBytes() {
          return client.backlogBytes;
        },
        pause: () => {
          this.paused = true;
        },
        resume: () => {
          this.paused = false;
        },
        finish: (why) => {
          this.ended = why ?? 'in order';
          this.door.close();
        },
        fault: (error) => {
          this.ended = `fault: ${error}`;
          this.door.close();
        },
      },
      options,
    );
  }

  get received(): string {
    return this.#taken + Buffer.concat(this.#waiting).toString('latin1');
  }

  #takeAll(): void {
    this.#taken = this.received;
    this.#waiting = [];
  }

  write(bytes: number): void {
    if (this.paused || this.ended !== undefined || this.at >= this.program.length) return;
    const chunk = Buffer.from(this.program.subarray(this.at, this.at + bytes));
    this.at += chunk.length;
    this.door.take(chunk);
    // It was only borrowed.
    chunk.fill(0x21);
  }

  clog(): void {
    this.backlogBytes = CLOGGED_BYTES;
  }

  unclog(): void {
    if (this.backlogBytes === 0) return;
    this.backlogBytes = 0;
    this.#takeAll();
    if (this.ended === undefined) this.door.drained();
  }

  get done(): boolean {
    const { bytes, commands } = this.door.held;
    return this.ended !== undefined || (this.at >= this.program.length && bytes + commands === 0);
  }

  get faults(): string[] {
    return this.ended === undefined ? [] : [`has ended: ${this.ended}`];
  }

  /** As the node should know it, wherever its next command goes. */
  get state(): string {
    const { protocol, database, name, user } = this.door.client;
    return JSON.stringify({ protocol, database: Number(database), name, user, readOnly: false, channels: [] });
  }
}

/** Clients of one listener before two nodes. Sessions are made and ended as the doors see fit. */
export class SharedWorld implements Played {
  readonly world: World;
  readonly clients: DoorClient[];
  /** They say ECHO and go whenever they like. */
  readonly noise: DoorClient[] = [];
  readonly trunks: Trunks;
  readonly #options: FollowDoorOptions;

  constructor(
    readonly setting: Setting,
    lines: readonly Line[][],
    session: Partial<SessionOptions>,
    rations: Rations,
  ) {
    this.world = new World(setting, [], {});
    const shared = { pair: this.#pair(), session, answers: () => undefined, onEvent: () => {} };
    this.trunks = new Trunks({ ...shared, clock: manualClock(), rations });
    const limits = { clientCommandsMax: 50, clientBytesMax: 100_000, outputBytesMax: CLOGGED_BYTES };
    this.#options = { ...shared, limits, trunks: this.trunks };
    this.clients = lines.map((program) => new DoorClient(Buffer.concat(program.map(encodeLine)), this.#options));
  }

  get lineage() {
    return this.world.lineage;
  }

  get sessions(): Played['sessions'] {
    return this.clients.map((client) => {
      const own = client.door.shares ? undefined : this.#ownOf(client);
      const faults = [...client.faults, ...(own?.faults ?? [])];
      return { received: client.received, faults, wire: own?.wire ?? { client: { state: client.state } } };
    });
  }

  /** Its session, found by what only it knows of it. */
  #ownOf({ door }: DoorClient): SimSession | undefined {
    return this.world.sessions.find(({ session }) => session.identity === door.identity);
  }

  #pair(): Pair {
    const { world } = this;
    const made = new Map<unknown, SimSession>();
    return {
      topology: {
        get primary(): PrimaryView | undefined {
          const { primary } = world;
          return primary && ({ node: primary.name, term: world.term } as PrimaryView);
        },
      },
      session(place: SessionPlace, options: Partial<SessionOptions>, identity?: Identity) {
        const each = new SimSession(
          world,
          NOTHING,
          options,
          {
            deliver: (bytes) => place.deliver(bytes),
            breathe: () => place.breathe(),
            ended: (reason) => place.ended(reason),
            answers: (name, args) => place.answers?.(name, args),
            relieved: () => place.relieved?.(),
            spent: () => place.spent?.() === true,
            onEvent: (event) => each.hear(event),
          },
          identity,
        );
        made.set(each.session, each);
        return each.session;
      },
      keepInformed(session: unknown) {
        const each = made.get(session)!;
        world.sessions.push(each);
        return () => {
          const index = world.sessions.indexOf(each);
          if (index >= 0) world.sessions.splice(index, 1);
        };
      },
    } as unknown as Pair;
  }

  // ---- what may happen, besides what may happen in any world -----------------------------------------------------

  write(i: number, bytes: number): void {
    this.#client(i).write(bytes);
  }

  clog(i: number): void {
    this.#client(i).clog();
  }

  unclog(i: number): void {
    this.#client(i).unclog();
  }

  /** Somebody comes, says a few things, perhaps half, and stays for a while. */
  visit(i: number, n: number): void {
    const name = `noise${i}`;
    const said = `*2\r\n$4\r\nECHO\r\n$${name.length}\r\n${name}\r\n`.repeat((n % 5) + 1);
    const login = this.setting.password ? '*3\r\n$4\r\nAUTH\r\n$4\r\nuser\r\n$6\r\nsecret\r\n' : '';
    const visitor = new DoorClient(Buffer.from(login + said), this.#options);
    visitor.write(login.length);
    visitor.write(1 + (n % said.length));
    this.noise.push(visitor);
  }

  depart(i: number): void {
    const visitor = this.noise[i % Math.max(1, this.noise.length)];
    visitor?.door.close();
  }

  /** What a visitor was told that it did not ask for. */
  get misdelivered(): string[] {
    return this.noise.flatMap(({ received }) => {
      const own = /^(\+OK\r\n)?(\$6\r\nnoise\d\r\n)*(\$(6(\r(\n(n(o(i(s(e(\d\r?)?)?)?)?)?)?)?)?)?)?$/;
      const names = new Set(received.match(/noise\d/g) ?? []);
      return own.test(received) && names.size <= 1 ? [] : [received];
    });
  }

  #client(i: number): DoorClient {
    return this.clients[i % this.clients.length]!;
  }

  /** Whatever has been written is answered. */
  async rest(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await turn();
      this.world.settle();
    }
  }

  /** Lets everything come to rest. Throws when it does not. */
  async settle(): Promise<void> {
    for (const visitor of this.noise) visitor.door.close();
    for (const client of this.clients) client.unclog();
    for (let round = 0; round < ROUNDS_MAX; round++) {
      this.world.settle();
      await turn();
      if (this.clients.every((client) => client.done) && this.world.sessions.every(({ done }) => done)) return;
      for (const client of this.clients) client.write(10_000);
      await turn();
    }
    const states = this.clients.map(({ door, at, paused }) =>
      JSON.stringify({ ...door.held, ...door.state, at, paused }),
    );
    throw new Error(`the clients do not come to rest: ${states}`);
  }

  close(): void {
    for (const { door } of this.clients) door.close();
    this.trunks.close();
  }
}

/** Lets everything run that is due at the end of the turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
