import { CommandScanner, CommandTable, commandArgs } from '../../../../src/resp/index.js';
import type { SimNode } from './node.js';
import type { Protocol } from './reply.js';

const table = CommandTable.standard();

/** A server's side of one connection: its state, and the bytes that came and are not executed yet. */
export class SimClient {
  protocol: Protocol = 2;
  database = 0;
  name = '';
  user: string | undefined;
  capable = false;
  readOnly = false;
  readonly channels = new Set<string>();
  queue: string[][] | undefined;
  /** A command could not be queued: EXEC aborts. */
  spoiled = false;
  readonly watched = new Set<string>();
  /** A watched key was changed: EXEC answers nil. */
  touched = false;
  reply: 'on' | 'off' | 'skip' = 'on';
  /** Blocked in BLPOP. */
  blocked: { key: string; database: number; until: number } | undefined;
  /** Waits for the end of a pause or of a failover; executed from scratch then. */
  postponed: string[] | undefined;
  /** Says nothing more and executes nothing more. */
  closed = false;
  #input: Buffer = Buffer.alloc(0);

  constructor(
    readonly node: SimNode,
    readonly send: (bytes: string) => void,
  ) {}

  feed(bytes: Buffer): void {
    this.#input = Buffer.concat([this.#input, bytes]);
    this.pump();
  }

  /** Executes what has come, until something blocks. */
  pump(): void {
    while (!this.closed && this.blocked === undefined && this.postponed === undefined) {
      const args = this.#next();
      if (args === undefined) return;
      if (args.length > 0) this.execute(args);
    }
  }

  execute(args: string[]): void {
    const answer = this.node.execute(this, args);
    if (answer !== undefined) this.answer(answer);
    this.node.serveBlocked();
  }

  /** The whole answer to a command, in one or several frames, or in none (`''`). */
  answer(answer: string): void {
    const silent = this.reply !== 'on';
    if (this.reply === 'skip') this.reply = 'on';
    if (!silent && answer !== '') this.send(answer);
  }

  #next(): string[] | undefined {
    const scanner = new CommandScanner(table);
    const end = scanner.next(this.#input, 0, this.#input.length);
    if (end < 0) return undefined;
    const args = scanner.argc === 0 ? [] : commandArgs(this.#input, 0, end).map((arg) => arg.toString('latin1'));
    this.#input = this.#input.subarray(end);
    return args;
  }

  /** What a session must carry from node to node. */
  get state(): string {
    const { protocol, database, name, user, readOnly } = this;
    return JSON.stringify({ protocol, database, name, user, readOnly, channels: [...this.channels].sort() });
  }

  reset(): void {
    this.protocol = 2;
    this.database = 0;
    this.name = '';
    this.user = undefined;
    this.readOnly = false;
    this.channels.clear();
    this.endTransaction();
    this.reply = 'on';
  }

  endTransaction(): void {
    this.queue = undefined;
    this.spoiled = false;
    this.unwatch();
  }

  unwatch(): void {
    this.watched.clear();
    this.touched = false;
  }
}
