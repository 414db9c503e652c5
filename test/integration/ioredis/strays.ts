import { type LabServer, waitFor } from '../../../src/lab/servers/index.js';
import { netTransport } from '../../../src/transport/index.js';
import { DEMOTED } from './operator.js';

/** What the applications of these tests send. */
export const DATA: ReadonlySet<string> = new Set([
  'set',
  'get',
  'incr',
  'rpush',
  'blpop',
  'eval',
  'evalsha',
  'publish',
  'watch',
  'multi',
  'exec',
]);
/** `1700000000.123456 [0 127.0.0.1:50000] "set" "k" "v"` */
const LINE = /\[\d+ ([^\]]+)\] "([^"]+)"(.*)$/;

export interface Strays {
  /** Commands of applications that the node was sent after it had become a replica. */
  seen(): string[];
  stop(): void;
}

/** Watches a node, by MONITOR, that is about to become a replica of `next`. */
export async function watchForStrays(node: LabServer, next: LabServer): Promise<Strays> {
  let text = '';
  const link = netTransport.dial(
    { kind: 'tcp', host: node.host, port: node.port },
    {
      onOpen: () => link.write(Buffer.from('MONITOR\r\n')),
      onData: (chunk) => {
        text += chunk.toString('latin1');
      },
      onWritable() {},
      onClose() {},
    },
    { connectTimeoutMs: 5_000 },
  );
  await waitFor(() => text.startsWith('+OK'), { deadlineMs: 5_000, what: 'MONITOR' });
  return { seen: () => straysIn(text, next), stop: () => link.close() };
}

function straysIn(text: string, next: LabServer): string[] {
  const commands = text.split('\r\n').flatMap((line) => {
    const [, source = '', name = '', rest = ''] = LINE.exec(line) ?? [];
    return name === '' ? [] : [{ source, name: name.toLowerCase(), rest }];
  });
  const demotedAt = commands.findIndex(({ name, rest }) => name === 'echo' && rest === ` "${DEMOTED}"`);
  if (demotedAt < 0) throw new Error('the demotion was not seen');
  // What the new primary replicates comes from its address; what a script does, from the script.
  return commands
    .slice(demotedAt + 1)
    .filter(({ source, name }) => DATA.has(name) && source !== next.address && source !== 'lua')
    .filter(({ rest }) => !rest.includes('segue:'))
    .map(({ source, name, rest }) => `${source} ${name}${rest}`);
}
