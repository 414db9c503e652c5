// An application with Segue's sessions in a process of its own, which can be killed and stopped. argv: folder of the
// compiled sources, options. Tells { ready }, { acked } for each entry of its diary, and { error } for each error that it
// sees. Told 'stop' it ends its work and answers { settled }; told { verify } it compares its accounts with those nodes.
import { pathToFileURL } from 'node:url';

const [, , folder, optionsText] = process.argv;
const { host, port, name, addressMap } = JSON.parse(optionsText);
const { LoadRun, mergeVerdicts, openClient } = await import(pathToFileURL(`${folder}/lab/load/index.js`).href);

const tell = (message) => process.connected && process.send(message);
const failed = (error) => tell({ error: error.stack ?? String(error) });

const client = openClient({ library: 'ioredis6', host, port, segue: true, segueOptions: { addressMap } });
const diary = client.duplicate();
diary.on('error', failed);
const load = new LoadRun(client, {
  keyPrefix: name,
  seed: 1,
  workloads: ['single', 'pipeline', 'multi', 'script', 'blpop', 'watch'],
  paceMs: 2,
});

let state = 'writing';
const writing = (async () => {
  for (let entry = 0; state === 'writing'; entry += 1) {
    const length = await diary.rpush(`${name}:diary`, String(entry));
    if (length !== entry + 1) throw new Error(`entry ${entry} of the diary was answered with ${length}`);
    if (entry === 0) tell({ ready: true });
    tell({ acked: length });
  }
})().catch(failed);

async function stop() {
  state = 'stopping';
  const [isSettled] = await Promise.all([load.stop(), writing]);
  for (const example of load.meter.report().examples) tell({ error: example });
  tell({ settled: isSettled });
}

async function verify(nodes) {
  const verdicts = [];
  for (const node of nodes) {
    const reader = openClient({ library: 'ioredis6', ...node, segue: false });
    verdicts.push(await load.verify(reader));
    reader.disconnect();
  }
  tell({ verdict: mergeVerdicts(verdicts) });
}

process.on('message', (message) => {
  if (message === 'stop') stop().catch(failed);
  else verify(message.verify).catch(failed);
});
process.on('disconnect', () => process.exit());
