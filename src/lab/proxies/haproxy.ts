import { type LabProxy, type ProxyOptions, type ProxyRecipe, startProxy } from './proxy.js';

/** One thread and mode tcp: bytes pass unseen, one connection upstream for each client. It never delays small packets. */
const recipe: ProxyRecipe = {
  name: 'HAProxy',
  packages: { name: 'haproxy', suite: 'bookworm', packages: ['haproxy'], programs: ['usr/sbin/haproxy'] },
  program: 'usr/sbin/haproxy',
  fileName: 'haproxy.cfg',
  configure: (port, { target, clientsMax = 1000 }) => `global
  nbthread 1
  maxconn ${clientsMax}

defaults
  mode tcp
  maxconn ${clientsMax}
  timeout connect 10s
  timeout client 1h
  timeout server 1h

listen pair
  bind 127.0.0.1:${port} backlog 4096
  server primary ${target.host}:${target.port}
`,
  args: (file) => ['-f', file, '-db'],
};

export function startHaproxy(options: ProxyOptions): Promise<LabProxy> {
  return startProxy(recipe, options);
}
