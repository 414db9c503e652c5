import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { CommandRun, CommandScanner, CommandTable, encodeCommand, RespError } from '../../../src/resp/index.js';
import { property } from './seeded.js';

const table = CommandTable.standard();
/** Some known commands, and one of every kind that is not. */
const NAMES = ['get', 'GET', 'Get', 'set', 'set', 'incr', 'zrangebyscore', 'get\r', 'no.such', ''];

const command = fc
  .tuple(fc.constantFrom(...NAMES), fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 11 }))
  .map(([name, args]) => encodeCommand([name, ...args.map((arg) => Buffer.from(arg))]));
/** Whole commands mostly; and what else may come: lines, no commands at all, and bytes that are wrong. */
const stream = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: command },
    fc
      .constantFrom('PING\r\n', '\r\n', '*0\r\n', '*-1\r\n', '*1\r\n$03\r\nget\r\n', '*1\r\n:3\r\n')
      .map((s) => Buffer.from(s)),
  ),
  { maxLength: 12 },
);
const damage = fc.option(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { freq: 3 });

const situation = fc.record({
  stream,
  damage,
  /** So many bytes of the end have not come yet. */
  missing: fc.nat(30),
  wantedNames: fc.subarray(['get', 'set', 'incr', 'zrangebyscore']),
  most: fc.nat(10),
  commandBytesMax: fc.constantFrom(30, 60, 1000),
});

interface Expected {
  end: number;
  facts: number;
}

describe('runs of commands', () => {
  property(
    'are the beginning of what a scanner finds',
    situation,
    ({ stream, damage, missing, wantedNames, most, commandBytesMax }) => {
      const bytes = Buffer.concat(stream);
      if (damage !== null && bytes.length > 0) bytes[damage.at % bytes.length] = damage.byte;
      const to = Math.max(0, bytes.length - missing);
      const wanted = new Uint8Array(table.flags.length);
      for (const name of wantedNames) wanted[table.idOf(name)] = 1;
      const run = new CommandRun(16);
      run.begin(0);
      const at = run.scan(bytes, 0, to, most, commandBytesMax, { table, wanted });

      const found: Expected[] = [];
      const scanner = new CommandScanner(table, { commandBytesMax });
      for (let end = 0; end < at; ) {
        end = scanner.next(bytes, end, to);
        expect(wanted[scanner.id]).toBe(1);
        found.push({ end, facts: table.flags[scanner.id]! });
      }
      expect(found.at(-1)?.end ?? 0).toBe(at);
      expect(found).toEqual(
        Array.from({ length: run.length }, (_, i) => ({ end: run.ends[i]!, facts: run.facts[i]! })),
      );
      expect(run.allFacts).toBe(found.reduce((all, { facts }) => all | facts, 0));
      expect(run.length).toBeLessThanOrEqual(most);
      if (run.length < most) expect(isUsual(bytes, at, to, commandBytesMax, wanted)).toBe(false);
    },
    3000,
  );
});

/** Whether a run should have taken what stands at `at`. */
function isUsual(bytes: Buffer, at: number, to: number, commandBytesMax: number, wanted: Uint8Array): boolean {
  const scanner = new CommandScanner(table, { commandBytesMax });
  try {
    const end = scanner.next(bytes, at, to);
    if (end < 0 || scanner.inline || scanner.argc === 0 || scanner.argc > 9) return false;
    return table.nameOf(scanner.id).length <= 9 && wanted[scanner.id] === 1;
  } catch (error) {
    expect(error).toBeInstanceOf(RespError);
    return false;
  }
}
