/** A gateway in a process of its own: `node gateway-process.js <url of a node>`. Tells its port, and what it has cost so far. */
import { Gateway } from '../../src/gateway/index.js';

export type GatewayNews = { readonly port: number } | { readonly cpuUs: number };

const tell = (news: GatewayNews): void => {
  process.send?.(news);
};

const gateway = new Gateway({ nodes: [process.argv[2]!], listeners: [{ listen: '127.0.0.1:0' }] });
await gateway.start();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  tell({ cpuUs: user + system });
});
process.on('disconnect', () => process.exit());
const { address } = gateway.listeners[0]!.entrance;
if (address.kind === 'tcp') tell({ port: address.port });
