import fc from 'fast-check';
import { describe, expect } from 'vitest';
import {
  argSpan,
  CommandScanner,
  CommandTable,
  commandArgs,
  encodeCommand,
  RespError,
} from '../../../src/resp/index.js';
import { traceCommands } from '../../unit/resp/cuts.js';
import { property } from './seeded.js';
import { cuts } from './values.js';

const table = CommandTable.standard();

const anyCase = (name: string): fc.Arbitrary<string> =>
  fc.mixedCase(fc.constant(name), { toggleCase: (char) => char.toUpperCase() });
const name = fc.oneof(
  fc.constantFrom('get', 'set', 'blpop', 'eval_ro', 'georadiusbymember_ro').chain(anyCase),
  fc.string({ maxLength: 50 }),
);
const argument = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.constantFrom('', '\r\n', '*1\r\n', '$3\r\n', 'a b').map((s) => Buffer.from(s)),
);

interface Sample {
  args: Buffer[];
  bytes: Buffer;
  inline: boolean;
}

const inArray = fc.tuple(name, fc.array(argument, { maxLength: 8 })).map(([first, rest]): Sample => {
  const args = [Buffer.from(first), ...rest.map((arg) => Buffer.from(arg))];
  return { args, bytes: encodeCommand(args), inline: false };
});

/** An argument as a person or a script may write it in an inline command. */
const written = fc
  .tuple(fc.uint8Array({ maxLength: 30 }), fc.constantFrom('hex', 'single', 'bare'))
  .map(([raw, style]): [Buffer, string] => {
    if (style === 'hex')
      return [Buffer.from(raw), `"${[...raw].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`];
    const text = [...raw].map((byte) => 'abcXYZ019$*+-:.'[byte % 15]).join('') || 'x';
    return [Buffer.from(text), style === 'single' ? `'${text}'` : text];
  });

const inLine = fc
  .tuple(fc.array(written, { maxLength: 6 }), fc.constantFrom(' ', '  ', '\t'), fc.constantFrom('\r\n', '\n'))
  .filter(([args]) => !args[0]?.[1].startsWith('*'))
  .map(
    ([args, space, end]): Sample => ({
      args: args.map(([arg]) => arg),
      bytes: Buffer.from(args.map(([, text]) => text).join(space) + end),
      inline: true,
    }),
  );

const commands = fc.array(fc.oneof({ weight: 3, arbitrary: inArray }, inLine), { minLength: 1, maxLength: 8 });

function expectedEnds(stream: readonly Sample[]): string[] {
  let offset = 0;
  return stream.map(({ args, bytes, inline }) => {
    offset += bytes.length;
    const first = args[0]?.toString('latin1') ?? '';
    return `${table.nameOf(table.idOf(first)) || '?'} ${args.length}${inline ? ' inline' : ''} ${offset}`;
  });
}

describe('valid commands', () => {
  property('are found, named and counted, however they are cut', fc.tuple(commands, cuts), ([stream, places]) => {
    const bytes = Buffer.concat(stream.map((command) => command.bytes));
    const expected = { ends: expectedEnds(stream), open: false };
    expect(traceCommands(bytes, [])).toEqual(expected);
    expect(traceCommands(bytes, places)).toEqual(expected);
    expect(traceCommands(bytes, Array.from(bytes.keys()))).toEqual(expected);
  });

  property('give back their arguments', commands, (stream) => {
    const bytes = Buffer.concat(stream.map((command) => command.bytes));
    const scanner = new CommandScanner(table);
    let start = 0;
    for (const { args, inline } of stream) {
      const end = scanner.next(bytes, start, bytes.length);
      expect(commandArgs(bytes, start, end)).toEqual(args);
      for (let i = 0; !inline && i < args.length; i++) {
        const span = argSpan(bytes, start, end, i);
        expect(bytes.subarray(span.start, span.end)).toEqual(
          Buffer.concat([Buffer.from(`$${args[i]!.length}\r\n`), args[i]!, Buffer.from('\r\n')]),
        );
      }
      start = end;
    }
  });
});

const noise = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        ...'$*-0123456789"\'\\ x\r\n',
        '\r\n',
        '*2\r\n',
        '*1\r\n',
        '$3\r\nGET\r\n',
        '$1\r\na\r\n',
        'GET a\r\n',
      ),
    )
    .map((parts) => Buffer.from(parts.join(''))),
  fc.tuple(commands, fc.nat(), fc.nat({ max: 255 })).map(([stream, place, byte]) => {
    const bytes = Buffer.concat(stream.map((command) => command.bytes));
    bytes[place % bytes.length] = byte;
    return bytes;
  }),
);

describe('any bytes', () => {
  const limits = { commandBytesMax: 200, argumentsMax: 6, inlineBytesMax: 40 };

  property(
    'end in the same commands and the same error, however they are cut',
    fc.tuple(noise, cuts),
    ([noisy, places]) => {
      const bytes = Buffer.from(noisy);
      const whole = traceCommands(bytes, [], limits);
      expect(traceCommands(bytes, places, limits)).toEqual(whole);
      expect(traceCommands(bytes, Array.from(bytes.keys()), limits)).toEqual(whole);
    },
    3000,
  );

  property(
    'that a scanner accepts can be taken apart',
    noise,
    (noisy) => {
      const bytes = Buffer.from(noisy);
      const scanner = new CommandScanner(table);
      try {
        for (let start = 0, end = 0; end !== -1 && start < bytes.length; start = end) {
          end = scanner.next(bytes, start, bytes.length);
          if (end !== -1) expect(commandArgs(bytes, start, end)).toHaveLength(scanner.argc);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(RespError);
      }
    },
    3000,
  );
});
