import { readReplication } from '../survey/replication-facts.js';
import { SwitchError } from '../switch-error.js';
import type { SwitchRun } from '../switch-run.js';
import { insistPollMs, messageOf } from './insist.js';
import type { Step } from './step.js';

/** The server waits for the replica's next acknowledgement, once a second; with some time for a busy one. */
const ackTimeoutMs = 3_000;
/** FAILOVER itself does not give up a replica that does not answer. */
const handshakeTimeoutMs = 5_000;

/** What the two nodes say of a failover that was begun. */
type Progress = 'waiting' | 'switched' | 'aborted';

/**
 * The server's own FAILOVER instead of pause, comparison, promotion and demotion. Always with TIMEOUT, which also keeps
 * its pings back. It stalls writes until the replica acknowledges: 0.3 to 0.7 s at the median, up to one second.
 */
export const failover: Step = {
  name: 'failover',
  phase: 'undoable',
  async run(run) {
    const waitMs = Math.max(run.limits.catchUpTimeoutMs, ackTimeoutMs);
    const { host, port } = await targetOf(run);
    run.sessions.listenAhead();
    run.pausedAt = run.clock.now();
    run.notes.push('FAILOVER stalls writes until the replica acknowledges, up to a second');
    const begun = run.from.ask('FAILOVER', 'TO', host, port, 'TIMEOUT', waitMs);
    const lost = await begun.then(
      () => undefined,
      (error: unknown) => error,
    );
    const deadline = run.clock.now() + waitMs + handshakeTimeoutMs;
    for (;;) {
      const progress = await progressOf(run).catch(async (error) => {
        await Promise.all(
          [run.from, run.to].map((node) => (node.connected ? undefined : node.connect().catch(() => {}))),
        );
        return messageOf(error);
      });
      if (progress === 'switched') break;
      if (progress === 'aborted')
        throw new Error(`${run.from.name} gave the failover up${lost ? `: ${messageOf(lost)}` : ''}`);
      if (run.clock.now() >= deadline) await abort(run);
      await run.delay(insistPollMs);
    }
    run.promotedAt = run.clock.now();
    run.releasedAt = run.promotedAt;
    await run.to.askAll([...run.sessions.releaseOrders('switched'), ...run.ticket.markOrders()]);
  },
};

/** FAILOVER wants the replica's name exactly as the primary has it. */
async function targetOf(run: SwitchRun): Promise<{ host: string; port: number }> {
  const replicas = readReplication(String(await run.from.ask('INFO', 'replication')), false)?.replicas ?? [];
  const named = replicas.find(({ host, port }) => host === run.target.host && port === run.target.port);
  const only = replicas.length === 1 ? replicas[0] : replicas.filter(({ port }) => port === run.target.port)[0];
  const target = named ?? only;
  if (target === undefined) throw new Error(`${run.from.name} does not know ${run.to.name} by this name`);
  return target;
}

async function progressOf(run: SwitchRun): Promise<Progress> {
  const [from, to, replication] = await Promise.all([run.from.role(), run.to.role(), run.from.info('replication')]);
  if (to.role === 'primary' && from.role === 'replica') return 'switched';
  const state = replication.get('master_failover_state') ?? 'no-failover';
  return state === 'no-failover' && from.role === 'primary' && to.role === 'replica' ? 'aborted' : 'waiting';
}

/**
 * The replica does not answer. Behind a fence the old primary may be called back: should the replica have been promoted
 * after all, it refuses writes. Without one it stays as it is.
 */
async function abort(run: SwitchRun): Promise<never> {
  const isReplica = await run.to.role().then(
    ({ role }) => role === 'replica',
    () => false,
  );
  if (isReplica || run.fence.isArmed) await run.from.ask('FAILOVER', 'ABORT').catch(() => {});
  if (isReplica) throw new Error(`${run.to.name} did not take over, FAILOVER was aborted`);
  const reason = `${run.to.name} may or may not have been promoted, and cannot be asked`;
  throw new SwitchError('SEGUE_SWITCH_UNKNOWN', `${reason}; when it answers, resume the switch`);
}
