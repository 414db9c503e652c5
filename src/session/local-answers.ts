import { encodeError } from '../resp/index.js';
import type { ClientTransaction } from './client-transaction.js';
import { inadmissible } from './inadmissible.js';
import { type Note, note } from './ledger.js';
import { Mark } from './mark.js';
import { isError } from './refusal.js';
import { EXEC_ABORT, wireError } from './session-error.js';
import type { SessionPorts } from './session-ports.js';
import type { Primary } from './state.js';

/** A command that no node answers, as it goes into the ledger. */
export interface Answered {
  readonly entry: Note;
  readonly marks: number;
}

const OK = Buffer.from('+OK\r\n');
/** One for all: there may be many. */
const LIMIT = wireError('HOLDLIMIT');
const DISCARD = Buffer.from('*1\r\n$7\r\nDISCARD\r\n');
const UNWATCH = Buffer.from('*1\r\n$7\r\nUNWATCH\r\n');

/**
 * What the session answers by itself: commands that are not let through or could not be carried, CLIENT REPLY, the rest of
 * a transaction that was given up, and whatever comes when the log is full.
 */
export class LocalAnswers {
  #reply: 'on' | 'off' | 'skip-next' = 'on';

  constructor(
    private readonly transaction: ClientTransaction,
    private readonly ports: Pick<SessionPorts<Primary>, 'answers'>,
  ) {}

  /** Nothing is answered here, whatever comes but CLIENT. */
  get none(): boolean {
    return this.#reply === 'on' && this.transaction.lost === undefined;
  }

  /** Undefined: a node answers it. */
  answerTo(name: string, args: readonly Buffer[]): Answered | undefined {
    const { lost } = this.transaction;
    if (lost === undefined) {
      const own = this.ports.answers?.(name, args) ?? inadmissible(name, args, this.transaction.open);
      if (own !== undefined && isError(own)) return this.#spoil(own);
      // Within a transaction it has to be queued.
      if (own !== undefined && !this.transaction.open) return { entry: this.muted(answered(own))!, marks: 0 };
      return name === 'client' ? this.#setReply(args) : undefined;
    }
    if (name !== 'reset' && name !== 'quit') return this.#answerLost(name, lost);
    // These two mean the connection, and end the transaction in passing.
    this.transaction.close();
    return undefined;
  }

  /** The log is full: the command's bytes are kept nowhere. */
  refuse(name: string): Answered {
    const { transaction } = this;
    if (transaction.lost !== undefined) return this.#answerLost(name, transaction.lost);
    if (transaction.open && (name === 'exec' || name === 'discard')) {
      // Without its end the transaction would stay open at the node: it is discarded there.
      const entry = note({ is: 'discard' });
      entry.instead = () => DISCARD;
      if (name === 'exec') commitNot(entry, 'abort');
      transaction.dissolve();
      return { entry: this.muted(entry)!, marks: Mark.Transaction };
    }
    if (name === 'multi' && !transaction.open) transaction.lost = LIMIT;
    return this.#spoil(LIMIT);
  }

  /** It is not let through, for this reason. */
  refuseWith(error: Buffer): Answered {
    return this.#spoil(error);
  }

  /** Marks an entry (a new one if there is none) whose answer the client does not want. Once for each command. */
  muted(entry: Note | undefined): Note | undefined {
    if (this.#reply === 'on') return entry;
    if (this.#reply === 'skip-next') this.#reply = 'on';
    const noted = entry ?? note({ is: 'plain' });
    noted.muted = true;
    return noted;
  }

  /** RESET puts CLIENT REPLY on. */
  reset(): void {
    this.#reply = 'on';
  }

  #answerLost(name: string, error: Buffer): Answered {
    const closes = name === 'exec' || name === 'discard';
    const entry = answered(name === 'exec' ? EXEC_ABORT : closes ? OK : error);
    if (closes && this.transaction.watched) {
      // What the node does not hear of does not end a WATCH there.
      entry.resend = true;
      entry.instead = () => UNWATCH;
    }
    if (closes) this.transaction.close();
    return { entry: this.muted(entry)!, marks: 0 };
  }

  /** The node must go on answering, or a refusal would go unseen: the session itself keeps the answers from the client. */
  #setReply(args: readonly Buffer[]): Answered | undefined {
    if (args.length !== 3 || args[1]!.toString('latin1').toLowerCase() !== 'reply') return undefined;
    const mode = args[2]!.toString('latin1').toLowerCase();
    if (mode !== 'on' && mode !== 'off' && mode !== 'skip') return undefined;
    if (this.transaction.open) {
      return this.#spoil(encodeError('ERR', 'CLIENT REPLY is not possible within a transaction'));
    }
    const before = this.#reply;
    this.#reply = mode !== 'skip' ? mode : before === 'off' ? 'off' : 'skip-next';
    const entry = answered(OK);
    entry.muted = mode !== 'on';
    return { entry, marks: 0 };
  }

  #spoil(error: Buffer): Answered {
    const { open } = this.transaction;
    if (open) this.transaction.spoiled = true;
    return { entry: this.muted(answered(error))!, marks: open ? Mark.Transaction : 0 };
  }
}

export function answered(answer: Buffer): Note {
  const entry = note({ is: 'plain' });
  entry.answer = answer;
  return entry;
}

/** EXEC is sent as DISCARD; the client gets nil, as if somebody had changed a watched key, or EXECABORT. */
export function commitNot(entry: Note, why: 'nil' | 'abort'): void {
  entry.role = { is: 'exec', blind: why === 'nil' };
  entry.instead = () => DISCARD;
}
