import fc from 'fast-check';
import { type Reply, ReplyError } from '../../../src/resp/index.js';

/** A RESP frame with what decoding must make of it. */
export interface Sample {
  bytes: string;
  value: Reply;
  /** A top-level frame that stops a count. */
  special?: boolean;
}

const line = fc.string({ unit: fc.constantFrom(...'abcXYZ 019:$*\t;.'), maxLength: 60 });
const text = fc.string({
  unit: fc.constantFrom('a', 'é', '\r', '\n', '\r\n', '$3', '*', ':', '.', ';', '\0'),
  maxLength: 60,
});

const blob = (type: string, body: string): string => `${type}${Buffer.byteLength(body)}\r\n${body}\r\n`;
const plain = (bytes: string, value: Reply): Sample => ({ bytes, value });

const scalar: fc.Arbitrary<Sample> = fc.oneof(
  line.map((s) => plain(`+${s}\r\n`, s)),
  text.map((s) => plain(blob('$', s), s)),
  text.map((s) => plain(blob('=', `txt:${s}`), s)),
  fc.maxSafeInteger().map((n) => plain(`:${n}\r\n`, n)),
  fc.bigInt().map((n) => plain(`(${n}\r\n`, n)),
  fc.double().map((n) => plain(`,${doubleText(n)}\r\n`, n)),
  fc.boolean().map((b) => plain(`#${b ? 't' : 'f'}\r\n`, b)),
  fc.constantFrom('_\r\n', '$-1\r\n', '*-1\r\n').map((bytes) => plain(bytes, null)),
  fc
    .array(text.filter((s) => s !== ''))
    .map((parts) => plain(`$?\r\n${parts.map((part) => blob(';', part)).join('')};0\r\n`, parts.join(''))),
);

const error: fc.Arbitrary<Sample> = fc.oneof(
  line.map((s) => ({ ...plain(`-ERR ${s}\r\n`, new ReplyError(`ERR ${s}`)), special: true })),
  text.map((s) => ({ ...plain(blob('!', `ERR ${s}`), new ReplyError(`ERR ${s}`)), special: true })),
);

const { nested } = fc.letrec<{ nested: Sample }>((tie) => ({
  nested: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    scalar,
    error,
    aggregates(tie('nested')),
    attributed(tie('nested')),
  ),
}));

function aggregates(element: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> {
  const list = fc.array(element, { maxLength: 6 });
  const header = fc.record({ type: fc.constantFrom('*', '~', '%'), streamed: fc.boolean() });
  return fc.tuple(header, list).map(([{ type, streamed }, elements]) => {
    const kept = type === '%' ? elements.slice(0, elements.length & ~1) : elements;
    return plain(wrap(type, kept, streamed), type === '%' ? mapOf(kept) : kept.map(({ value }) => value));
  });
}

function attributed(element: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> {
  return fc
    .tuple(fc.array(fc.tuple(element, element), { maxLength: 2 }), fc.boolean(), element)
    .map(([pairs, streamed, { bytes, value }]) => ({
      bytes: wrap('|', pairs.flat(), streamed) + bytes,
      value,
      special: true,
    }));
}

function wrap(type: string, elements: readonly Sample[], streamed: boolean): string {
  const count = type === '%' || type === '|' ? elements.length / 2 : elements.length;
  return `${type}${streamed ? '?' : count}\r\n${elements.map(({ bytes }) => bytes).join('')}${streamed ? '.\r\n' : ''}`;
}

function mapOf(elements: readonly Sample[]): Map<Reply, Reply> {
  const map = new Map<Reply, Reply>();
  for (let i = 0; i < elements.length; i += 2) map.set(elements[i]!.value, elements[i + 1]!.value);
  return map;
}

function doubleText(n: number): string {
  if (Object.is(n, -0)) return '-0';
  if (Number.isNaN(n)) return 'nan';
  return String(n).replace('Infinity', 'inf');
}

const push: fc.Arbitrary<Sample> = fc.array(nested, { maxLength: 4 }).map((elements) => ({
  bytes: wrap('>', elements, false),
  value: { push: elements.map(({ value }) => value) },
  special: true,
}));

/** A stream of top-level frames of all types. */
export const samples: fc.Arbitrary<Sample[]> = fc.array(
  fc.oneof({ weight: 5, arbitrary: nested }, { weight: 1, arbitrary: push }),
  {
    minLength: 1,
    maxLength: 12,
  },
);

/** Offsets at which to cut; those past the end do nothing. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 1500 }), { maxLength: 60 });
