// A process that owns servers and ends in the way it is told to; run by guard.test.ts.
const [, , lab, ending] = process.argv;
const { startPair } = await import(lab);
if (ending === 'starting') process.stdout.write('starting\n');
const pair = await startPair({ version: 'valkey-8.1' });
const nodes = pair.nodes.map(({ pid, dir }) => ({ pid, dir }));
process.stdout.write(`${JSON.stringify(nodes)}\n`);
if (ending === 'exit') process.exit(0);
if (ending === 'throw') throw new Error('on purpose');
if (ending === 'stop') await pair.stop();
