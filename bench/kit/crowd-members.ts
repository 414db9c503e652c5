import { encodeCommand, type Push, type Reply, ReplyError } from '../../src/resp/index.js';
import { LightSession, type SessionOwner, type Target } from './light-session.js';
import { Sequence } from './sequence.js';

/** Where members tell what went wrong. */
export interface CrowdLog {
  /** A client saw something that it should not have seen. */
  error(what: string): void;
  lost(why: string): void;
  /** A message or element came that was not the next; those who receive count them. */
  odd(what: string): void;
  /** A command was answered after so many ms. */
  answered(ms: number): void;
}

/** One client. It is `ready` when it has been answered once, or, if nothing is to be answered yet, when it has asked. */
export abstract class Member implements SessionOwner {
  readonly ready: Promise<void>;
  protected readonly session: LightSession;
  private becomeReady!: () => void;

  constructor(
    target: Target,
    protected readonly log: CrowdLog,
    private readonly opening: Buffer,
    private readonly isAnswered: boolean,
  ) {
    this.ready = new Promise((resolve) => {
      this.becomeReady = resolve;
    });
    this.session = new LightSession(target, this);
  }

  onOpen(session: LightSession): void {
    session.send(this.opening);
    if (!this.isAnswered) this.becomeReady();
  }

  onReply(reply: Reply | Push): void {
    this.becomeReady();
    if (reply instanceof ReplyError) this.log.error(reply.message);
    else this.take(reply);
  }

  onLost(why: string): void {
    this.becomeReady();
    this.log.lost(why);
  }

  close(): void {
    this.session.close();
  }

  protected abstract take(reply: Reply | Push): void;

  protected follow(where: string, numbers: Sequence, number: number): void {
    const { last } = numbers;
    if (!numbers.take(number)) this.log.odd(`${where}: ${number} came after ${last}`);
  }

  protected unexpected(reply: Reply | Push): void {
    this.log.error(`unexpected: ${JSON.stringify(texts(reply)).slice(0, 100)}`);
  }
}

/** Says hello as a library does, and then nothing. */
export class IdleMember extends Member {
  private answers = 0;

  constructor(target: Target, log: CrowdLog) {
    const hello = [['CLIENT', 'SETINFO', 'LIB-NAME', 'crowd'], ['PING']];
    super(target, log, Buffer.concat(hello.map((command) => encodeCommand(command))), true);
  }

  protected take(reply: Reply | Push): void {
    this.answers += 1;
    if (this.answers > 2) this.unexpected(reply);
  }
}

/** Listens to one channel, on which numbers come. */
export class Subscriber extends Member {
  readonly numbers = new Sequence();

  constructor(
    target: Target,
    log: CrowdLog,
    readonly channel: string,
  ) {
    super(target, log, encodeCommand(['SUBSCRIBE', channel]), true);
  }

  protected take(reply: Reply | Push): void {
    const [kind, channel, number] = Array.isArray(reply) ? reply : [];
    if (String(kind) === 'message' && String(channel) === this.channel)
      this.follow(this.channel, this.numbers, Number(number));
    else if (String(kind) !== 'subscribe') this.unexpected(reply);
  }
}

/** Waits in BLPOP for numbers, for ever. */
export class Waiter extends Member {
  readonly numbers = new Sequence();
  private readonly command: Buffer;

  constructor(
    target: Target,
    log: CrowdLog,
    readonly key: string,
  ) {
    const command = encodeCommand(['BLPOP', key, '0']);
    super(target, log, command, false);
    this.command = command;
  }

  protected take(reply: Reply | Push): void {
    const [key, number] = Array.isArray(reply) ? reply : [];
    if (String(key) === this.key) {
      this.follow(this.key, this.numbers, Number(number));
      this.session.send(this.command);
    } else {
      this.unexpected(reply);
    }
  }
}

/** Counts up a number of its own when it is told to. */
export class Counter extends Member {
  private readonly numbers = new Sequence();
  private sentAt = 0;
  private readonly command: Buffer;

  constructor(target: Target, log: CrowdLog, key: string) {
    const command = encodeCommand(['INCR', key]);
    super(target, log, command, true);
    this.command = command;
    this.sentAt = performance.now();
  }

  /** Whether it owes nobody anything; then it counts. */
  count(): boolean {
    if (this.sentAt !== 0) return false;
    this.sentAt = performance.now();
    this.session.send(this.command);
    return true;
  }

  get waits(): boolean {
    return this.sentAt !== 0;
  }

  protected take(reply: Reply | Push): void {
    this.log.answered(performance.now() - this.sentAt);
    this.sentAt = 0;
    const wanted = this.numbers.last + 1;
    if (typeof reply !== 'number' && typeof reply !== 'bigint') this.unexpected(reply);
    else this.numbers.take(Number(reply));
    if (this.numbers.last !== wanted) this.log.error(`INCR gave ${String(reply)}, not ${wanted}: lost or run twice`);
  }
}

/** Sends commands that give a number, as many as it is told to. */
export class Sender extends Member {
  private readonly sentAt: number[] = [];

  constructor(target: Target, log: CrowdLog) {
    super(target, log, encodeCommand(['PING']), true);
    this.sentAt.push(performance.now());
  }

  say(...command: readonly (string | number)[]): void {
    this.sentAt.push(performance.now());
    this.session.send(encodeCommand(command));
  }

  get waits(): boolean {
    return this.sentAt.length > 0;
  }

  protected take(_reply: Reply | Push): void {
    this.log.answered(performance.now() - this.sentAt.shift()!);
  }
}

function texts(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(texts);
  return Buffer.isBuffer(reply) ? reply.toString() : String(reply);
}
