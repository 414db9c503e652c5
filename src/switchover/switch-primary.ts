import { type Step, stepsOf } from './steps/index.js';
import { SwitchError } from './switch-error.js';
import type { SwitchOptions } from './switch-options.js';
import type { SwitchReport } from './switch-report.js';
import { type SwitchIo, SwitchRun } from './switch-run.js';
import { undo } from './undo.js';
import { Walk } from './walk.js';

/**
 * Makes `to`, a replica of the primary `from`, the primary, and `from` its replica. Writes wait meanwhile, about a
 * millisecond; none is lost. Before the promotion any failure is undone; after it the switch is finished whatever happens.
 * At no time can two nodes take writes, also when this process or a server ends; see FenceReport for what that rests on.
 *
 * Resolves when roles and links are proven; rejects with a SwitchError whose code says what is the case.
 */
export async function switchPrimary(options: SwitchOptions, io: SwitchIo = {}): Promise<SwitchReport> {
  const run = new SwitchRun(options, io);
  const walk = new Walk(run);
  try {
    for (const step of stepsOf[options.method ?? 'manual']) {
      const failure = await walk.take(step);
      if (failure !== undefined) throw await giveUp(run, step, failure);
    }
    return await walk.end();
  } finally {
    walk.tell();
    await run.close();
  }
}

async function giveUp(run: SwitchRun, step: Step, failure: Error): Promise<SwitchError> {
  const error = (code: SwitchError['code'], reason: string): SwitchError =>
    new SwitchError(code, reason, run.report(), failure);
  const own = failure instanceof SwitchError ? failure : undefined;
  const reason = `${step.name}: ${own?.reason ?? failure.message}`;
  switch (step.phase) {
    case 'untouched':
      await tellGivenUp(run);
      return error(own?.code ?? 'SEGUE_SWITCH_CHECK', reason);
    case 'undoable': {
      if (own?.code === 'SEGUE_SWITCH_UNKNOWN') return error(own.code, reason);
      const left = await undo(run, run.limits.pauseTimeoutMs);
      if (left !== undefined) return error('SEGUE_SWITCH_UNKNOWN', `${reason}; ${leftBehind(run, left)}`);
      await run.journal?.done('undone').catch(() => {});
      await run.sessions.hearOut();
      return error('SEGUE_SWITCH_GIVEN_UP', reason);
    }
    default: {
      if (own !== undefined) return error(own.code, reason);
      const state = `${run.to.name} is primary, and ${run.from.name} did not become its replica`;
      return error('SEGUE_SWITCH_UNKNOWN', `${state}: ${failure.message}`);
    }
  }
}

/** Sessions that were told to get ready need not be. */
async function tellGivenUp(run: SwitchRun): Promise<void> {
  if (run.from.connected) await run.from.askAll(run.sessions.releaseOrders('given-up')).catch(() => {});
}

function leftBehind(run: SwitchRun, trouble: string): string {
  const restoring = run.fence.lowerOrders().map((order) => order.join(' '));
  const byHand = [...restoring, 'CLIENT UNPAUSE'].join(', ');
  const remedy = run.journal === undefined ? `give it ${byHand}` : 'resume the switch';
  const what = `${run.to.name} was not promoted, but not everything could be undone`;
  return `${what} (${trouble}): when ${run.from.name} answers, ${remedy}`;
}
