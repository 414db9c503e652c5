import { readToken } from '../../resp/tokens.js';

/**
 * Rewrites the answer to CLIENT LIST or CLIENT INFO as Valkey ≥ 8.1 gives it: each line has `capa=r` if the connection
 * announced `redirect` here, and `capa=` otherwise. `capable`: ids of the former, as the node knows them.
 */
export function withCapa(frame: Buffer, capable: ReadonlySet<string>): Buffer {
  const { type, start, end, length } = readToken(frame, 0);
  // `$`, or `=` in RESP3, whose text begins with `txt:`.
  if ((type !== 0x24 && type !== 0x3d) || length < 0) return frame;
  const lines = frame.toString('latin1', start, end).split('\n');
  const text = Buffer.from(lines.map((line) => withCapaIn(line, capable)).join('\n'), 'latin1');
  const head = Buffer.from(`${String.fromCharCode(type)}${text.length}\r\n`);
  return Buffer.concat([head, text, Buffer.from('\r\n')]);
}

function withCapaIn(line: string, capable: ReadonlySet<string>): string {
  const id = /^(?:txt:)?id=(\d+) /.exec(line)?.[1];
  if (id === undefined) return line;
  const capa = capable.has(id) ? 'r' : '';
  if (!/ capa=\w*/.test(line)) return `${line} capa=${capa}`;
  return capa === '' ? line : line.replace(/ capa=\w*/, ` capa=${capa}`);
}
