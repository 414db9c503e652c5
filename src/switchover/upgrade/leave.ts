import { readClients } from '../survey/client-facts.js';
import { type ClientSurvey, surveyClients } from '../survey/client-survey.js';
import type { UpgradeNode } from './upgrade-node.js';
import type { UpgradeRun } from './upgrade-run.js';

/** Whoever may follow a switch does so in milliseconds. Who is still there, and as before, after this time does not. */
const undecidedMs = 1_500;
const shownMax = 5;

/**
 * Waits until nobody who follows the switch has work on the old primary: what is on the wire to a server that shuts down
 * can never be answered. Clients that do not follow stay until its restart, and nothing helps them. Resolves with what
 * there is to say about those who stayed; after `leaveTimeoutMs` the upgrade goes on without them.
 */
export async function left(run: UpgradeRun, node: UpgradeNode): Promise<string> {
  let staying: readonly ClientSurvey[] = [];
  let undecided = '';
  let undecidedSince = run.clock.now();
  try {
    await run.until(run.limits.leaveTimeoutMs, async () => {
      staying = await applicationsOf(node);
      const busy = staying.filter(({ follows, idleSeconds }) => follows !== 'no' && idleSeconds < 1);
      const now = busy.map(({ id }) => id).join();
      if (now !== undecided) [undecided, undecidedSince] = [now, run.clock.now()];
      const isSettled = run.clock.now() - undecidedSince >= undecidedMs;
      const awaited = isSettled ? busy.filter(({ follows }) => follows === 'yes') : busy;
      return awaited.length > 0 ? `${awaited.length} clients that should follow still work on ${node.name}` : undefined;
    });
  } catch (error) {
    run.checkInterrupted();
    run.warn(`${(error as Error).message}: ${describe(staying)}`);
  }
  return staying.length === 0 ? 'nobody is left' : `${staying.length} connections stay until its restart`;
}

async function applicationsOf(node: UpgradeNode): Promise<readonly ClientSurvey[]> {
  const clients = readClients(String(await node.visit((ask) => ask('CLIENT', 'LIST'))));
  // As if it were primary still: then the survey says who follows.
  return surveyClients(clients, true).filter(({ role }) => role === 'application');
}

function describe(clients: readonly ClientSurvey[]): string {
  const shown = clients.slice(0, shownMax).map(({ addr, name, libName, command }) => {
    const who = [name, libName].filter((text) => text !== '').join(' ');
    return `${addr}${who === '' ? '' : ` ${who}`} (${command})`;
  });
  const more = clients.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
