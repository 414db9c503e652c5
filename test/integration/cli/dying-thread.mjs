// A thread that begins to watch and is dead before it is asked what it saw.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ id, name }) => {
  parentPort.postMessage({ id, value: undefined });
  if (name === 'begin') setImmediate(() => process.exit(7));
});
