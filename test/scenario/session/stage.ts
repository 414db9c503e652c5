import { CommandScanner, CommandTable, commandArgs, encodeCommand, ReplyScanner } from '../../../src/resp/index.js';
import {
  type Primary,
  ScriptCache,
  Session,
  type SessionEvent,
  type SessionOptions,
  type SessionPorts,
  type UpstreamHandlers,
} from '../../../src/session/index.js';

/** One connection of the session to a node, played by the test. */
export class Connection {
  /** Commands that came and are not yet answered. */
  readonly commands: string[] = [];
  closed = false;
  writable = true;
  paused = false;
  queued = false;
  #pending = Buffer.alloc(0);
  readonly #scanner = new CommandScanner(CommandTable.standard());

  constructor(
    readonly node: string,
    readonly handlers: UpstreamHandlers,
  ) {}

  write(chunk: Buffer): void {
    let bytes = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      this.#scanner.reset();
      const end = this.#scanner.next(bytes, 0, bytes.length);
      if (end < 0) break;
      if (this.#scanner.argc > 0) this.commands.push(commandArgs(bytes, 0, end).join(' '));
      bytes = bytes.subarray(end);
    }
    this.#pending = bytes;
  }

  cork(): void {}
  uncork(): void {}
  spent(): void {}

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(): void {
    this.closed = true;
  }

  retire(): void {
    this.closed = true;
  }

  /** Answers the first open commands, in order. */
  answer(...replies: string[]): void {
    if (replies.length > this.commands.length) throw new Error(`only [${this.commands}] are open`);
    this.commands.splice(0, replies.length);
    this.send(...replies);
  }

  /** Bytes that answer nothing. */
  send(...frames: string[]): void {
    this.handlers.onData(Buffer.from(frames.map((frame) => `${frame}\r\n`).join('')));
  }

  lose(): void {
    this.closed = true;
    this.handlers.onClose(new Error('connection lost'));
  }

  /** Those who were dialled before have made room. */
  turn(): void {
    this.queued = false;
    this.handlers.onTurn?.();
  }

  /** Opens, and answers the handshake as a primary (or not) would. */
  accept(role: 'master' | 'slave' = 'master'): void {
    this.handlers.onOpen();
    this.restore(role);
  }

  /** Answers what is open as a handshake. */
  restore(role: 'master' | 'slave' = 'master'): void {
    const replies = this.commands.map((command) => handshakeReply(command, role));
    this.commands.length = 0;
    this.send(...replies);
  }
}

function handshakeReply(command: string, role: string): string {
  const [name, second, ...rest] = command.split(' ');
  if (name === 'ROLE') return `*2\r\n$${role.length}\r\n${role}\r\n:0`;
  if (name === 'HELLO') return '%1\r\n+proto\r\n:3';
  if (name === 'SCRIPT' && second === 'EXISTS') return `*${rest.length}${rest.map(() => '\r\n:0').join('')}`;
  return '+OK';
}

/** A session between a client and nodes that the test plays, with a clock that the test winds. */
export class Stage {
  now = 0;
  readonly connections: Connection[] = [];
  readonly events: SessionEvent[] = [];
  readonly seeks: { refusedBy: string | undefined; hint: unknown }[] = [];
  readonly asked: string[] = [];
  /** What the world answers when a session asks who will probably be next. */
  prospect: Primary | undefined;
  /** Whether a dial of this node waits until the test says `turn`. */
  queues: (node: string) => boolean = () => false;
  ended: string | undefined;
  /** How often the session has said that it stands still, or that a preparation is over. */
  standstills = 0;
  /** What the client does at each chunk that it is given. */
  onDeliver: (chunk: Buffer) => void = () => {};
  #received = '';
  readonly #timers = new Map<number, { at: number; fire: () => void }>();
  #timerId = 0;
  readonly session: Session<Primary>;

  /** Markers that the session has asked for. */
  readonly lit: string[] = [];
  #refuse: (reason: string) => void = () => {};

  /** `channel`: of markers, if they can be published. `places`: where to read from. */
  constructor(
    options: Partial<SessionOptions> = {},
    channel?: string,
    more: Pick<SessionPorts<Primary>, 'places' | 'writesRefused'> = {},
  ) {
    this.session = new Session<Primary>(
      {
        deliver: (chunk) => {
          this.#received += chunk.toString('latin1');
          this.onDeliver(chunk);
        },
        ended: (reason) => {
          this.ended = reason ?? 'in order';
        },
        dial: (view, handlers) => {
          const connection = new Connection(view.node, handlers);
          connection.queued = this.queues(view.node);
          this.connections.push(connection);
          return connection;
        },
        prospect: () => this.prospect,
        onStandstill: () => {
          this.standstills++;
        },
        seek: (refusedBy, hint) => {
          this.seeks.push({ refusedBy, hint });
        },
        now: () => this.now,
        setTimer: (ms, fire) => {
          this.#timers.set(++this.#timerId, { at: this.now + ms, fire });
          return this.#timerId;
        },
        clearTimer: (id) => {
          this.#timers.delete(id as number);
        },
        unknownCommand: (name) => {
          this.asked.push(name);
        },
        onEvent: (event) => {
          this.events.push(event);
        },
        ...(channel === undefined ? {} : { beacon: { channel, light: (refused) => this.#light(refused) } }),
        ...more,
        table: CommandTable.standard(),
        scripts: new ScriptCache(),
      },
      options,
    );
  }

  #light(refused: (reason: string) => void): string {
    this.#refuse = refused;
    const text = String(this.lit.length + 1);
    this.lit.push(text);
    return text;
  }

  /** The marker cannot be published. */
  refuseMarker(reason: string): void {
    this.#refuse(reason);
  }

  /** With node A, ready for commands. */
  static flowing(options: Partial<SessionOptions> = {}): Stage {
    const stage = new Stage(options);
    stage.session.open({ node: 'A', term: 1 });
    stage.at('A').accept();
    return stage;
  }

  /** The latest connection, which must be to `node`. */
  at(node: string): Connection {
    const latest = this.connections.at(-1);
    if (latest?.node !== node) throw new Error(`the session is at ${latest?.node}, not at ${node}`);
    return latest;
  }

  /** The client sends commands in one chunk. */
  client(...commands: string[]): void {
    this.session.take(Buffer.concat(commands.map((command) => encodeCommand(command.split(' ')))));
    this.session.flush();
  }

  /** Bytes as they are, in one chunk. */
  raw(bytes: string | Buffer): void {
    this.session.take(bytes);
    this.session.flush();
  }

  /** The topology says so. */
  primary(node: string, term = 2): void {
    this.session.primaryIs({ node, term });
  }

  /** What the client received since the last call, a frame each. */
  received(): string[] {
    const bytes = Buffer.from(this.#received, 'latin1');
    const frames: string[] = [];
    const scanner = new ReplyScanner();
    let at = 0;
    while (at < bytes.length) {
      const end = scanner.finish(bytes, at, bytes.length);
      if (end < 0) throw new Error(`half a frame reached the client: ${bytes.subarray(at)}`);
      frames.push(bytes.toString('latin1', at, end - 2));
      at = end;
    }
    this.#received = '';
    return frames;
  }

  /** The first words of what the client received since the last call: enough for errors, whose text may change. */
  words(): string[] {
    return this.received().map((frame) => frame.split(/[ \r]/, 1)[0]!);
  }

  /** Winds the clock, firing timers in their order. */
  wait(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= until).sort((a, b) => a[1].at - b[1].at)[0];
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.now = Math.max(this.now, due[1].at);
      due[1].fire();
    }
    this.now = until;
  }
}
