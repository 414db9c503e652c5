// `npm run test:clients [-- --only redis-py,phpredis]`: clients of other languages through the gateway, across switches.

import { join } from 'node:path';
import { runNode } from './run-dist.mjs';
import { ensureCompiled, root, runScript, setup } from './setup.mjs';

const out = '.clients';

runScript(async () => {
  setup();
  ensureCompiled('test/clients/tsconfig.json', ['src', 'test/clients'], out);
  // What was compiled elsewhere does not find the checkout's servers by itself.
  process.env.SEGUE_SERVERS_DIR ??= join(root, '.servers');
  process.exit(await runNode(join(root, out, 'test', 'clients', 'main.js'), process.argv.slice(2)));
});
