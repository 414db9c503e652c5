/** Token kinds. Those of lines whose bytes are restricted are their bits in `lineBytes`. */
export const Kind = {
  Invalid: 0,
  Text: 1,
  Integer: 2,
  Double: 4,
  Bool: 8,
  Null: 16,
  StreamEnd: 32,
  Blob: 64,
  Aggregate: 65,
} as const;

export const Byte = {
  LF: 10,
  CR: 13,
  Dollar: 0x24,
  Percent: 0x25,
  Star: 0x2a,
  Plus: 0x2b,
  Minus: 0x2d,
  Dot: 0x2e,
  Zero: 0x30,
  Semicolon: 0x3b,
  Question: 0x3f,
  Pipe: 0x7c,
} as const;

/** Kind of the token that a type byte begins. */
export const tokenKinds = byteTable({
  '+-': Kind.Text,
  ':(': Kind.Integer,
  ',': Kind.Double,
  '#': Kind.Bool,
  _: Kind.Null,
  '$!=': Kind.Blob,
  '*~>%|': Kind.Aggregate,
});

/** Top-level frames that a reply counter must not swallow: errors, pushes, and attributes (which belong to what follows). */
export const specialTypes = byteTable({ '-!>|': 1 });

/** Bytes that may stand in a restricted line, signs of integers apart. */
export const lineBytes = byteTable({
  '0123456789': Kind.Integer | Kind.Double,
  '+-.eEinfa': Kind.Double,
  tf: Kind.Bool,
});

/** How many places a header of `length` adds to those outstanding; the aggregate itself fills one, an attribute none. */
export function declared(type: number, length: number): number {
  if (type === Byte.Pipe) return 2 * length;
  return type === Byte.Percent ? 2 * length - 1 : length - 1;
}

function byteTable(rows: Record<string, number>): Uint8Array {
  const table = new Uint8Array(256);
  for (const [bytes, value] of Object.entries(rows)) {
    for (const byte of Buffer.from(bytes)) table[byte]! |= value;
  }
  return table;
}
