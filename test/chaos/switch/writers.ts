import { LabClient, type LabServer } from '../../../src/lab/servers/index.js';

interface Acknowledged {
  readonly key: string;
  readonly sentAt: number;
  readonly ackedAt: number;
}

/** A client that writes to one node, and to no other, as fast as it answers, whatever it is. */
export class Writer {
  readonly acknowledged: Acknowledged[] = [];
  private readonly client: LabClient;
  private readonly writing: Promise<void>;
  private state: 'writing' | 'stopping' = 'writing';

  constructor(
    readonly server: LabServer,
    private readonly prefix: string,
  ) {
    this.client = new LabClient({ host: server.host, port: server.port });
    this.writing = this.write();
  }

  /** What is still waiting then is nobody's. */
  async stop(): Promise<void> {
    this.state = 'stopping';
    this.client.close();
    await this.writing;
  }

  private async write(): Promise<void> {
    for (let at = 0; this.state === 'writing'; at += 1) {
      const key = `${this.prefix}:${this.server.port}:${at}`;
      const sentAt = performance.now();
      try {
        await this.client.command('SET', key, at);
        this.acknowledged.push({ key, sentAt, ackedAt: performance.now() });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }
}

/** Keys that the old primary took although the new one had taken some before they were sent. */
export function takenBesides(old: Writer, now: Writer): string[] {
  const first = Math.min(...now.acknowledged.map(({ ackedAt }) => ackedAt));
  return old.acknowledged.filter(({ sentAt }) => sentAt > first).map(({ key }) => key);
}

/** Acknowledged keys that `server` does not have. */
export async function missingAt(server: LabServer, writers: readonly Writer[]): Promise<string[]> {
  const keys = writers.flatMap(({ acknowledged }) => acknowledged.map(({ key }) => key));
  const missing: string[] = [];
  for (let at = 0; at < keys.length; at += 500) {
    const some = keys.slice(at, at + 500);
    const values = (await server.cli('MGET', ...some)) as unknown[];
    missing.push(...some.filter((_key, index) => values[index] === null));
  }
  return missing;
}
