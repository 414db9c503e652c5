import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** A file to which whole lines are appended; each is on the disk, and so is the file's name, before the next thing happens. */
export class LineFile {
  private constructor(private readonly file: FileHandle) {}

  /** Begins an empty file; folders that are missing are made. Rejects with the system's error. */
  static async create(path: string): Promise<LineFile> {
    await mkdir(dirname(resolve(path)), { recursive: true });
    const lines = new LineFile(await open(path, 'w', 0o600));
    const folder = await open(dirname(resolve(path)), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return lines;
  }

  /** Goes on behind the last whole line. */
  static async reopen(path: string): Promise<LineFile> {
    const text = await readFile(path);
    const file = await open(path, 'r+');
    await file.truncate(text.lastIndexOf(0x0a) + 1);
    const lines = new LineFile(file);
    lines.end = text.lastIndexOf(0x0a) + 1;
    return lines;
  }

  private end = 0;

  async append(...lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    await this.file.write(bytes, 0, bytes.length, this.end);
    this.end += bytes.length;
    await this.file.sync();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
