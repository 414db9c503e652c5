import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { classifyError, decodeReply, hasNestedError, ReplyScanner, RespError } from '../../../src/resp/index.js';
import { traceReplies } from '../../unit/resp/cuts.js';
import { property } from './seeded.js';
import { cuts, type Sample, samples } from './values.js';

const bytesOf = (stream: readonly Sample[]): Buffer => Buffer.from(stream.map(({ bytes }) => bytes).join(''));

/** What `traceReplies` must find in a stream of samples. */
function expectedEnds(stream: readonly Sample[]): string[] {
  const ends: string[] = [];
  let offset = 0;
  let plain = 0;
  for (const { bytes, special } of stream) {
    if (special && plain > 0) ends.push(`plain ×${plain} ${offset}`);
    offset += Buffer.byteLength(bytes);
    plain = special ? 0 : plain + 1;
    if (special) ends.push(`special ${offset}`);
  }
  if (plain > 0) ends.push(`plain ×${plain} ${offset}`);
  return ends;
}

describe('valid streams', () => {
  property(
    'random cuts find the frames that were written',
    fc.tuple(samples, cuts, fc.integer({ min: 1, max: 5 })),
    ([stream, places, limit]) => {
      const bytes = bytesOf(stream);
      const expected = { ends: expectedEnds(stream), open: false };
      expect(traceReplies(bytes, [])).toEqual(expected);
      expect(traceReplies(bytes, places, {}, limit)).toEqual(expected);
      expect(traceReplies(bytes, Array.from(bytes.keys()))).toEqual(expected);
    },
  );

  property(
    'every single cut finds the same',
    samples.filter((stream) => bytesOf(stream).length < 400),
    (stream) => {
      const bytes = bytesOf(stream);
      const expected = { ends: expectedEnds(stream), open: false };
      for (const cut of bytes.keys()) expect(traceReplies(bytes, [cut])).toEqual(expected);
    },
    100,
  );

  property('decoding gives back what was encoded, and knows the end', samples, (stream) => {
    const bytes = bytesOf(stream);
    let at = 0;
    for (const { bytes: frame, value } of stream) {
      const decoded = decodeReply(bytes, at);
      expect(decoded).toEqual({ value, end: at + Buffer.byteLength(frame) });
      at = decoded!.end;
    }
  });

  property('errors are classified, and nested ones looked for, in every frame', samples, (stream) => {
    for (const { bytes, value, special } of stream) {
      const frame = Buffer.from(bytes);
      if (special && value instanceof Error) expect(classifyError(frame)).toEqual({ kind: 'other', code: 'ERR' });
      expect(hasNestedError(frame, 'readonly')).toBe(false);
    }
  });
});

/** Bytes that look like RESP more often than noise does. */
const noise = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        ...'+-:$*_,#!=(%~>|.;?0123456789\r\n',
        '\r\n',
        '$3\r\nabc\r\n',
        '*2\r\n',
        '*?\r\n',
        '$?\r\n',
        ';1\r\na\r\n',
        '.\r\n',
        ':1\r\n',
      ),
    )
    .map((parts) => Buffer.from(parts.join(''))),
  fc.tuple(samples, fc.nat(), fc.nat({ max: 255 })).map(([stream, place, byte]) => {
    const bytes = bytesOf(stream);
    bytes[place % bytes.length] = byte;
    return bytes;
  }),
);

describe('any bytes', () => {
  const limits = { bulkBytesMax: 100, lineBytesMax: 30, depthMax: 3, elementsMax: 20 };

  property(
    'end in the same frames and the same error, however they are cut',
    fc.tuple(noise, cuts),
    ([noisy, places]) => {
      const bytes = Buffer.from(noisy);
      const whole = traceReplies(bytes, [], limits);
      expect(traceReplies(bytes, places, limits)).toEqual(whole);
      expect(traceReplies(bytes, Array.from(bytes.keys()), limits)).toEqual(whole);
    },
    1500,
  );

  property(
    'never get anything but a RespError out of the decoder',
    noise,
    (noisy) => {
      try {
        decodeReply(Buffer.from(noisy));
      } catch (error) {
        expect(error).toBeInstanceOf(RespError);
      }
    },
    1500,
  );

  property(
    'declare what they like: what a scanner keeps is bounded',
    fc.array(fc.constantFrom('*1000000\r\n', '%9\r\n', '$500000000\r\n', '*?\r\n', '|7\r\n', '+', '*1\r\n'), {
      maxLength: 100,
    }),
    (parts) => {
      const scanner = new ReplyScanner();
      const bytes = Buffer.from(parts.join(''));
      try {
        for (let i = 0; i < 20; i++) scanner.finish(bytes, 0, bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(RespError);
      }
      expect(JSON.stringify(scanner).length).toBeLessThan(4000);
    },
    200,
  );
});
