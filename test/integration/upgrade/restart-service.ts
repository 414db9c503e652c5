import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { LabServer, ServerVersion } from '../../../src/lab/servers/index.js';

/**
 * A service manager for lab servers, to be reached by a shell command: SIGTERM, then the same command line with the program
 * of another version. `node` is restarted as what `version` says then.
 */
export class RestartService {
  version: ServerVersion;
  /** Whom it restarted as what it was called: `replica 127.0.0.1:1234`. */
  readonly restarted: string[] = [];
  private readonly listener: Server;
  private busy: Promise<void> = Promise.resolve();

  private constructor(
    private readonly nodes: readonly LabServer[],
    version: ServerVersion,
    private readonly folder: string,
  ) {
    this.version = version;
    this.listener = createServer({ allowHalfOpen: true }, (socket) => {
      let text = '';
      socket.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      socket.on('error', () => {});
      socket.on('end', () => {
        this.restart(text).then(
          () => socket.end('done'),
          (error: Error) => socket.end(error.message),
        );
      });
    });
  }

  /** Its socket and script stand in `folder`. */
  static async start(nodes: readonly LabServer[], version: ServerVersion, folder: string): Promise<RestartService> {
    const service = new RestartService(nodes, version, folder);
    await new Promise<void>((resolve) => service.listener.listen(service.socketPath, resolve));
    await writeFile(service.scriptPath, script(service.socketPath));
    return service;
  }

  /** What `--restart` is given. */
  get command(): string {
    return `"${process.execPath}" "${this.scriptPath}" {host}:{port} {role}`;
  }

  close(): void {
    this.listener.close();
  }

  private get socketPath(): string {
    return join(this.folder, 'service.sock');
  }

  private get scriptPath(): string {
    return join(this.folder, 'restart.mjs');
  }

  /** One after the other, as service managers do. */
  private restart(request: string): Promise<void> {
    const turn = this.busy.then(() => this.carryOut(request));
    this.busy = turn.catch(() => {});
    return turn;
  }

  private async carryOut(request: string): Promise<void> {
    const [address, role] = request.split(' ');
    const node = this.nodes.find((one) => one.address === address);
    if (node === undefined) throw new Error(`nobody is at ${address}`);
    this.restarted.push(`${role} ${address}`);
    node.kill('SIGTERM');
    await node.exited;
    await node.restart({ version: this.version, replicaOf: null });
  }
}

function script(socketPath: string): string {
  return `
import { connect } from 'node:net';
const socket = connect(${JSON.stringify(socketPath)});
socket.end(process.argv.slice(2).join(' '));
let answer = '';
socket.setEncoding('utf8').on('data', (part) => { answer += part; });
socket.on('end', () => { console.log(answer); process.exitCode = answer === 'done' ? 0 : 1; });
`;
}
