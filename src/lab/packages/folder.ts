import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where fetched servers are kept: `.servers` in the checkout unless SEGUE_SERVERS_DIR says otherwise. */
export function serversFolder(): string {
  return process.env.SEGUE_SERVERS_DIR ?? join(checkout(), '.servers');
}

/** Where everything else that was fetched is kept. */
export function packagesFolder(): string {
  return join(serversFolder(), 'packages');
}

/** However deep the compiled files lie: it is where package.json is. */
function checkout(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}
