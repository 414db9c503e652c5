import { Mark } from './mark.js';

/** What the client's side knows of MULTI … EXEC and of WATCH, ahead of the node's answers. */
export class ClientTransaction {
  /** Marks of its commands, together; undefined outside a transaction. */
  marks: number | undefined;
  /** One of its commands was refused here: EXEC must not commit. */
  spoiled = false;
  /** A WATCH came and may be in force. */
  watched = false;
  /** A WATCH was lost with a node: the next EXEC must not commit. */
  blind = false;
  /** It was given up with this error, which the rest of it gets, too; EXEC answers EXECABORT. */
  lost: Buffer | undefined;

  get open(): boolean {
    return this.marks !== undefined;
  }

  unwatch(): void {
    this.blind = false;
    this.watched = false;
  }

  /** EXEC, DISCARD or RESET has come. */
  close(): void {
    this.dissolve();
    this.lost = undefined;
    this.unwatch();
  }

  /** It is none (any more): the node did not accept MULTI, or has been told to forget it. */
  dissolve(): void {
    this.marks = undefined;
    this.spoiled = false;
  }

  /** EXEC has the effect of all that it executes. */
  get execMarks(): number {
    const marks = this.marks ?? 0;
    return (marks & Mark.Definite) !== 0 ? marks & ~Mark.Murky : marks;
  }
}
