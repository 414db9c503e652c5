import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where fetched servers are kept: `.servers` in the checkout unless SEGUE_SERVERS_DIR says otherwise. */
export function serversFolder(): string {
  const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
  return process.env.SEGUE_SERVERS_DIR ?? join(packageRoot, '.servers');
}

/** Where everything else that was fetched is kept. */
export function packagesFolder(): string {
  return join(serversFolder(), 'packages');
}
