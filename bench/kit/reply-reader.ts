import { decodeReply, type Reply } from '../../src/resp/index.js';

const nothing = Buffer.alloc(0);

/** Makes replies of the chunks that one connection brings. Nothing is kept between replies. */
export class ReplyReader {
  private unread: Buffer = nothing;

  /** The chunk is borrowed. */
  read(chunk: Buffer, take: (reply: Reply) => void): void {
    const bytes = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
    let from = 0;
    for (let one = decodeReply(bytes, from); one !== undefined; one = decodeReply(bytes, from)) {
      from = one.end;
      take(one.value);
    }
    this.unread = from === bytes.length ? nothing : Buffer.from(bytes.subarray(from));
  }
}
