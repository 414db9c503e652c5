import { beforeEach, describe, expect, it } from 'vitest';
import { ReplyScanner } from '../../../src/resp/index.js';
import { FrameReader, type FrameSink } from '../../../src/session/frame-reader.js';

const FRAME_BYTES_MAX = 1024 * 1024;

/** Keeps what it is given, by reference. */
class Keeper implements FrameSink {
  readonly plain = 100;
  readonly reading = true;
  readonly parts: Buffer[] = [];

  pass(_count: number, parts: readonly Buffer[]): void {
    this.parts.push(...parts);
  }

  look(): void {}
  stream(): void {}

  get text(): string {
    return Buffer.concat(this.parts).toString();
  }
}

describe('FrameReader that lets chunks go', () => {
  let reader: FrameReader;
  let sink: Keeper;

  beforeEach(() => {
    reader = new FrameReader(new ReplyScanner(), FRAME_BYTES_MAX);
    sink = new Keeper();
  });

  const read = (text: string): Buffer => {
    const chunk = Buffer.from(text);
    expect(reader.read(chunk, sink)).toBe(chunk.length);
    return chunk;
  };
  const readAndLetGo = (text: string): void => {
    const chunk = read(text);
    expect(reader.letGo()).toBe(true);
    chunk.fill('x');
  };

  it('keeps the beginning of a frame, though its memory changes', () => {
    readAndLetGo('+OK\r\n$5\r\nhe');
    sink.parts.length = 0;
    readAndLetGo('l');
    read('lo\r\n');
    expect(sink.text).toBe('$5\r\nhello\r\n');
  });

  it('keeps what is still referred to, though more is kept', () => {
    readAndLetGo('$5\r\nhe');
    read('llo\r\n');
    readAndLetGo('$5\r\nworld');
    expect(sink.text).toBe('$5\r\nhello\r\n');
  });

  it('uses the same memory again when nobody refers to what was passed on', () => {
    readAndLetGo('$5\r\nhe');
    read('llo\r\n$5\r\nwo');
    reader.letGo();
    read('rld\r\n');
    const [first, , second] = sink.parts;
    expect([first!.buffer, first!.byteOffset]).toEqual([second!.buffer, second!.byteOffset]);
    expect(second!.toString()).toBe('$5\r\nwo');
  });

  it('leaves where it is what would be much to copy', () => {
    const chunk = read(`$70000\r\n${'v'.repeat(69_990)}`);
    expect(reader.letGo()).toBe(false);
    read(`${'v'.repeat(10)}\r\n`);
    expect(sink.parts[0]!.buffer).toBe(chunk.buffer);
  });
});
