// `npm start`: sets up what is missing, then shows a rolling upgrade under load.

import { runDist } from './run-dist.mjs';
import { runScript, setup } from './setup.mjs';

runScript(async () => {
  setup();
  process.exit(await runDist('cli/main.js', ['demo', ...process.argv.slice(2)]));
});
