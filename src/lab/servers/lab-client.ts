import { createConnection, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { LabError } from './lab-error.js';

/** An answer as the lab reads it (RESP2): strings as UTF-8, errors as values only inside arrays. */
export type LabReply = string | number | null | ServerError | LabReply[];

/** An error that a server answered with. */
export class ServerError extends Error {
  /** First word of the message, for example `READONLY`. */
  readonly code: string;

  constructor(message: string) {
    super(message);
    this.name = 'ServerError';
    this.code = message.split(' ', 1)[0]!;
  }
}

export interface LabClientOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: ConnectionOptions;
  readonly username?: string;
  readonly password?: string;
}

interface Waiting {
  resolve(reply: LabReply): void;
  reject(error: Error): void;
}

/** One control connection: commands are answered in order. Not for load; it connects when it is first used, and again after a loss. */
export class LabClient {
  private socket: Socket | undefined;
  private readonly waiting: Waiting[] = [];
  private received: Buffer = Buffer.alloc(0);

  constructor(private readonly options: LabClientOptions) {}

  /** Rejects with the server's error (ServerError) or with SEGUE_LAB_CONNECTION when the connection failed. */
  async command(...args: readonly (string | number | Uint8Array)[]): Promise<LabReply> {
    const socket = this.socket ?? this.connect();
    const reply = await this.send(socket, args);
    if (reply instanceof ServerError) throw reply;
    return reply;
  }

  close(): void {
    this.socket?.destroy();
    this.lose(this.socket, new Error('closed'));
  }

  private send(socket: Socket, args: readonly (string | number | Uint8Array)[]): Promise<LabReply> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      socket.ref();
      socket.write(encode(args));
    });
  }

  private connect(): Socket {
    const { host, port, tls, username, password } = this.options;
    const socket = tls === undefined ? createConnection({ host, port }) : connectTls({ host, port, ...tls });
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(socket, chunk));
    socket.on('error', (error) => this.lose(socket, error));
    socket.on('close', () => this.lose(socket, new Error('connection closed')));
    if (password !== undefined) {
      const login = username === undefined ? ['AUTH', password] : ['AUTH', username, password];
      this.send(socket, login).catch(() => {}); // a refusal shows in the commands that follow
    }
    return socket;
  }

  private receive(socket: Socket, chunk: Buffer): void {
    if (socket !== this.socket) return;
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    for (;;) {
      const parsed = parse(this.received, 0);
      if (parsed === undefined) return;
      this.received = this.received.subarray(parsed.end);
      this.waiting.shift()?.resolve(parsed.reply);
      if (this.waiting.length === 0) socket.unref();
    }
  }

  private lose(socket: Socket | undefined, error: Error): void {
    if (socket === undefined || socket !== this.socket) return;
    this.socket = undefined;
    this.received = Buffer.alloc(0);
    const { host, port } = this.options;
    const loss = new LabError('SEGUE_LAB_CONNECTION', `${host}:${port}: ${error.message}`, { cause: error });
    for (const { reject } of this.waiting.splice(0)) reject(loss);
  }
}

function encode(args: readonly (string | number | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === 'object' ? arg : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

type Parsed = { reply: LabReply; end: number } | undefined;

function parse(buffer: Buffer, from: number): Parsed {
  const eol = buffer.indexOf('\r\n', from);
  if (eol < 0) return undefined;
  const line = buffer.toString('utf8', from + 1, eol);
  const end = eol + 2;
  switch (buffer[from]) {
    case 0x2b: // +
      return { reply: line, end };
    case 0x2d: // -
      return { reply: new ServerError(line), end };
    case 0x3a: // :
      return { reply: Number(line), end };
    case 0x24: // $
      return parseBulk(buffer, end, Number(line));
    case 0x2a: // *
      return parseArray(buffer, end, Number(line));
    default:
      throw new LabError('SEGUE_LAB_CONNECTION', `unexpected reply type ${String.fromCharCode(buffer[from]!)}`);
  }
}

function parseBulk(buffer: Buffer, from: number, length: number): Parsed {
  if (length < 0) return { reply: null, end: from };
  if (buffer.length < from + length + 2) return undefined;
  return { reply: buffer.toString('utf8', from, from + length), end: from + length + 2 };
}

function parseArray(buffer: Buffer, from: number, length: number): Parsed {
  if (length < 0) return { reply: null, end: from };
  const items: LabReply[] = [];
  let end = from;
  while (items.length < length) {
    const item = parse(buffer, end);
    if (item === undefined) return undefined;
    items.push(item.reply);
    end = item.end;
  }
  return { reply: items, end };
}
