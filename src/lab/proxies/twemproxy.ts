import { randomInt } from 'node:crypto';
import { type LabProxy, type ProxyOptions, type ProxyRecipe, startProxy } from './proxy.js';

/** Debian calls it nutcracker. It reads every command, and all clients share one connection to the server. */
const recipe: ProxyRecipe = {
  name: 'twemproxy',
  packages: { name: 'nutcracker', suite: 'bookworm', packages: ['nutcracker'], programs: ['usr/sbin/nutcracker'] },
  program: 'usr/sbin/nutcracker',
  fileName: 'nutcracker.yml',
  configure: (port, { target }) => `pair:
  listen: 127.0.0.1:${port}
  hash: fnv1a_64
  distribution: ketama
  redis: true
  backlog: 4096
  server_connections: 1
  servers:
    - ${target.host}:${target.port}:1
`,
  args: (file) => [
    '-c',
    file,
    '-o',
    `${file}.log`,
    '-a',
    '127.0.0.1',
    '-s',
    String(randomInt(12_000, 32_000)),
    '-i',
    '60000',
  ],
};

export function startTwemproxy(options: ProxyOptions): Promise<LabProxy> {
  return startProxy(recipe, options);
}
