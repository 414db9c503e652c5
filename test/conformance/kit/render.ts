import { readToken } from '../../../src/resp/tokens.js';

/**
 * A whole reply frame as one line that shows its types: `+OK`, `-ERR …`, `:1`, `$text`, `$-1`, `*-1`, `_`, `[…]` for
 * arrays, `{…}` for maps, `~[…]` and `>[…]` for sets and pushes.
 */
export function render(frame: Buffer): string {
  let at = 0;
  const value = (): string => {
    const token = readToken(frame, at);
    at = token.next;
    const type = String.fromCharCode(token.type);
    const body = frame.toString('latin1', token.start, token.end);
    if (type === '%') return `{${values(2 * token.length)}}`;
    if ('*~>'.includes(type)) {
      if (token.length === -1) return `${type}-1`;
      return `${type === '*' ? '' : type}[${values(token.length)}]`;
    }
    if (type === '$' && token.length === -1) return '$-1';
    return `${type}${body}`;
  };
  const values = (count: number): string => Array.from({ length: count }, value).join(', ');
  return value();
}
