/** Replies as text on the wire. Nil and confirmations depend on the protocol of the connection. */
export type Protocol = 2 | 3;

export const OK = '+OK\r\n';
export const QUEUED = '+QUEUED\r\n';
export const integer = (value: number): string => `:${value}\r\n`;
export const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
export const array = (elements: readonly string[]): string => `*${elements.length}\r\n${elements.join('')}`;
export const push = (protocol: Protocol, elements: readonly string[]): string =>
  `${protocol === 3 ? '>' : '*'}${elements.length}\r\n${elements.join('')}`;
export const error = (text: string): string => `-${text}\r\n`;
export const nil = (protocol: Protocol): string => (protocol === 3 ? '_\r\n' : '$-1\r\n');
export const nilArray = (protocol: Protocol): string => (protocol === 3 ? '_\r\n' : '*-1\r\n');

/** In what the naive server says: any integer, and any reply of BLPOP, because other sessions have a say in it. */
export const ANY_INTEGER = ':<any>\r\n';
export const ANY_POP = '<pop>\r\n';

/** Whether the observed frame is what the naive server expects. */
export function matches(expected: string, observed: string): boolean {
  if (expected === ANY_POP) return /^(_|\*-1|\*2\r\n)/.test(observed);
  const [first, ...parts] = expected.split(ANY_INTEGER);
  if (!observed.startsWith(first!)) return false;
  let rest = observed.slice(first!.length);
  for (const part of parts) {
    const [any] = /^:\d+\r\n/.exec(rest) ?? [];
    if (any === undefined || !rest.startsWith(part, any.length)) return false;
    rest = rest.slice(any.length + part.length);
  }
  return rest === '';
}
