// `npm run soak -- --switches 200`: many switches back and forth under the full load, on each server version.

import { runDist } from './run-dist.mjs';
import { runScript, setup } from './setup.mjs';

runScript(async () => {
  setup();
  process.exit(await runDist('cli/soak.js', process.argv.slice(2)));
});
