// A gateway in a process of its own: told its options (JSON) as argument, it tells where it listens; asked `counts` it tells
// who is there, asked `memory` what it uses after a collection (--expose-gc).
import { Gateway } from '../../../../dist/gateway/index.js';

const gateway = new Gateway(JSON.parse(process.argv[2]));
await gateway.start();
process.on('disconnect', () => process.exit());
process.on('message', (question) => process.send(question === 'memory' ? memory() : counts()));
process.send(Object.fromEntries(gateway.listeners.map(({ name, entrance }) => [name, entrance.address.port])));

function memory() {
  for (let times = 0; times < 3; times++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function counts() {
  const entrances = gateway.listeners.map(({ entrance }) => entrance);
  const sum = (value) => entrances.reduce((total, entrance) => total + value(entrance), 0);
  return {
    clients: sum(({ clients }) => clients.size),
    heldBytes: sum(({ heldBytes }) => heldBytes),
    faults: sum(({ counts }) => counts.closed.get('fault') ?? 0),
    sockets: process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
  };
}
