import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface ExampleOutput {
  readonly lines: readonly string[];
  readonly stderr: string;
  readonly code: number | null;
}

/**
 * Runs a file of examples/ against the built package, with the server at `port` instead of 6379. It is evaluated in the
 * package's folder, so that `valkey-segue/ioredis` is what users would import. `onLine`: each line as it comes.
 */
export async function runExample(
  name: string,
  port: number,
  onLine: (line: string) => void = () => {},
): Promise<ExampleOutput> {
  const example = await readFile(`${root}examples/${name}`, 'utf8');
  const here = example.replace('port: 6379', `port: ${port}`);
  if (here === example) throw new Error(`examples/${name} names no port: 6379`);
  const child = spawn(process.execPath, ['--input-type=module', '--eval', here], { cwd: root });
  const lines: string[] = [];
  let stderr = '';
  let half = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (half + text).split('\n');
    half = parts.pop()!;
    for (const line of parts) {
      lines.push(line);
      onLine(line);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    return { lines, stderr, code };
  } finally {
    child.kill('SIGKILL');
  }
}
