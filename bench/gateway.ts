/**
 * The gateway beside no gateway, HAProxy (mode tcp, one thread) and twemproxy, with valkey-benchmark. One run, in turn, medians
 * of the rounds. Nothing is pinned: server, load generator and gateway fight for the cores, as they would. Ratios and
 * processor time per command are what counts.
 */
import { cpus } from 'node:os';
import { type LabProxy, startHaproxy, startTwemproxy } from '../src/lab/proxies/index.js';
import { LabError, type LabServer, type ServerVersion, serverVersions, startServer } from '../src/lab/servers/index.js';
import { allCells, fewCells, parseCells } from './kit/cells.js';
import { oneOf, readFlags, runProgramUntilSignal, wholeNumber } from './kit/command-line.js';
import { type Contender, compete } from './kit/contest.js';
import { GatewayChild } from './kit/gateway-child.js';
import { judge, markdownTable, type Row, tableHead, tableLines } from './kit/gateway-table.js';
import { benchmark } from './kit/valkey-benchmark.js';

const help = `npm run bench:gateway -- [options]

  --all               every cell: 1, 10, 50, 200 clients x pipeline 1, 16, 100 x values of 3 B, 1 KB, 16 KB
  --cells <list>      these cells only: clients:pipeline:bytes, as in 50:1:3,200:16:1024
  --rounds <number>   of each cell; default 3. Shown are medians
  --ms <number>       about how long each SET and each GET test takes; default 400
  --version <name>    of the server: ${serverVersions.join(', ')}; default valkey-9.1
  --markdown          at the end the same as one table, for docs/performance.md
  --json              one JSON object on standard output, everything else on standard error
  --help

"gateway ÷ it" is the gateway's throughput divided by that of the line. p50 and p99 are the worse of SET and GET. HAProxy
and twemproxy come from Debian's packages; one that cannot be had is listed as not run.`;

const WARM_UP_COMMANDS = 40_000;

interface NotRun {
  readonly name: string;
  readonly why: string;
}

/** All that stands between clients and one server, and the server. */
class Field {
  readonly proxies: LabProxy[] = [];
  readonly notRun: NotRun[] = [];
  private gateway: GatewayChild | undefined;

  private constructor(readonly server: LabServer) {}

  static async start(server: LabServer, onProgress: (line: string) => void): Promise<Field> {
    const field = new Field(server);
    try {
      await field.add('HAProxy', () => startHaproxy({ target: server, onProgress }));
      await field.add('twemproxy', () => startTwemproxy({ target: server, onProgress }));
      field.gateway = await GatewayChild.start({
        nodes: [`valkey://${server.address}`],
        listeners: [{ listen: '127.0.0.1:0' }],
      });
      return field;
    } catch (error) {
      await field.stop();
      throw error;
    }
  }

  get contenders(): Contender[] {
    return [{ name: 'direct', port: this.server.port }, ...this.proxies, this.gateway!];
  }

  async stop(): Promise<void> {
    await Promise.all([this.gateway?.stop(), ...this.proxies.map((proxy) => proxy.stop())]);
  }

  private async add(name: string, start: () => Promise<LabProxy>): Promise<void> {
    try {
      this.proxies.push(await start());
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      this.notRun.push({ name, why: error.message });
    }
  }
}

async function main(signal: AbortSignal): Promise<void> {
  const flags = readFlags({
    all: 'flag',
    cells: 'value',
    rounds: 'value',
    ms: 'value',
    version: 'value',
    markdown: 'flag',
    json: 'flag',
    help: 'flag',
  });
  if (flags.help) return console.log(help);
  const cells = flags.cells === undefined ? (flags.all ? allCells : fewCells) : parseCells(flags.cells);
  const rounds = wholeNumber('rounds', flags.rounds, 3, 1, 1000);
  const ms = wholeNumber('ms', flags.ms, 400, 10, 60_000);
  const version = oneOf('version', flags.version, serverVersions, 'valkey-9.1');
  const say = flags.json ? console.error : console.log;

  const server = await startServer({ version, onProgress: console.error });
  let field: Field | undefined;
  try {
    field = await Field.start(server, console.error);
    const { contenders, notRun } = field;
    const about = `${version} (${server.fullVersion}), Node ${process.version}, ${cpus().length} cores`;
    say(`${about}, ${cells.length} cells, medians of ${rounds} rounds of about ${2 * ms} ms`);
    for (const { name, why } of notRun) say(`${name}: not run: ${why}`);
    await warmUp(contenders, { version, signal });
    say(tableHead);
    const rows: Row[] = [];
    for (const cell of cells) {
      await server.cli('FLUSHALL');
      const onRound = (round: number) => progress(`cell ${rows.length + 1} of ${cells.length}, round ${round + 1}`);
      const samples = await compete(contenders, cell, { version, serverPid: server.pid, rounds, ms, signal, onRound });
      progress('');
      rows.push(judge(cell, samples));
      for (const line of tableLines(rows.at(-1)!)) say(line);
    }
    const reached = rows.filter(({ below }) => below.length === 0).length;
    say(`${reached} of ${rows.length} cells reach all goals${notRun.length === 0 ? '' : ' that could be measured'}`);
    for (const { name } of notRun) say(`${name}: not run`);
    if (flags.markdown) say(`\n${markdownTable(rows)}`);
    if (flags.json)
      console.log(JSON.stringify({ about: { version, full: server.fullVersion, rounds, ms }, notRun, rows }));
  } finally {
    await field?.stop();
    await server.stop();
  }
}

/** Compilers of all kinds do their work before it counts. */
async function warmUp(
  contenders: readonly Contender[],
  { version, signal }: { version: ServerVersion; signal: AbortSignal },
) {
  for (const cell of parseCells('50:1:3,50:16:3')) {
    for (const { port } of contenders) await benchmark(version, port, cell, WARM_UP_COMMANDS, signal);
  }
}

/** Overwrites itself in a terminal and is silent elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

await runProgramUntilSignal(main);
