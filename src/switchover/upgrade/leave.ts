import { type ClientFacts, readClients } from '../survey/client-facts.js';
import type { UpgradeNode } from './upgrade-node.js';
import type { UpgradeRun } from './upgrade-run.js';

/**
 * Waits until nobody has work on the old primary. What is on the wire to a server that shuts down can never be answered, so
 * whoever follows the switch must be gone, and whoever stays must have been silent for a second. Resolves with what there
 * is to say about those who stayed; after `leaveTimeoutMs` the upgrade goes on without them.
 */
export async function left(run: UpgradeRun, node: UpgradeNode): Promise<string> {
  let staying: ClientFacts[] = [];
  try {
    await run.until(run.limits.leaveTimeoutMs, async () => {
      const clients = readClients(String(await node.visit((ask) => ask('CLIENT', 'LIST', 'TYPE', 'normal'))));
      staying = clients.filter((client) => !client.name.startsWith('segue-'));
      const busy = staying.filter(({ idleSeconds }) => idleSeconds < 1).length;
      return busy > 0 ? `${busy} clients still work on ${node.name}` : undefined;
    });
  } catch (error) {
    run.checkInterrupted();
    run.warn(`${(error as Error).message}: ${describe(staying)}; its restart disconnects them`);
  }
  return staying.length === 0 ? 'nobody is left' : `${staying.length} idle clients stay until its restart`;
}

const shownMax = 5;

function describe(clients: readonly ClientFacts[]): string {
  const shown = clients.slice(0, shownMax).map(({ addr, name, libName, command }) => {
    const who = [name, libName].filter((text) => text !== '').join(' ');
    return `${addr}${who === '' ? '' : ` ${who}`} (${command})`;
  });
  const more = clients.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
