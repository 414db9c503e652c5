import type { SwitchPlan } from '../journal/plan.js';
import type { NodeNow } from './node-now.js';

/** What is left to do of a switch that was broken off, and why. */
export interface Decision {
  readonly kind: /** The new primary is one: everything that follows a promotion. */
    | 'finish'
    /** It was one, and was restarted as the replica it once was, with its data. */
    | 'promote-again'
    /** It never was one. */
    | 'undo'
    /** It was one, and has lost what it had; the old primary has it. */
    | 'take-back'
    /** Only a person can know. */
    | 'leave';
  readonly because: string;
}

type Following = 'nobody' | 'its partner' | 'somebody else';

/**
 * Whether the promotion has happened is the whole question. A server process that is still the same one knows it; of one
 * that was restarted, its data know it: the promotion is the last thing before the first write, and leaves its mark there.
 */
export function decide(plan: SwitchPlan, from: NodeNow, to: NodeNow): Decision {
  const [a, b] = [plan.from.name, plan.to.name];
  const fromFollows = following(from, to, [b, plan.to.knownAs]);
  const toFollows = following(to, from, [a, plan.from.knownAs]);
  if (fromFollows === 'somebody else') return leave(`${a} follows ${from.follows}, which the switch knows nothing of`);
  if (toFollows === 'somebody else') return leave(`${b} follows ${to.follows}, which the switch knows nothing of`);
  if (to.role === 'primary') return besidePrimary(a, b, from, to);
  if (to.ticket === 'promoted') {
    return { kind: 'promote-again', because: `${b} had been promoted, and was restarted as a replica with its data` };
  }
  if (from.role === 'replica') {
    return { kind: 'take-back', because: `${b} is no primary any more, and ${a} has what it had` };
  }
  return besideReplica(a, b, from, to);
}

function besidePrimary(a: string, b: string, from: NodeNow, to: NodeNow): Decision {
  if (from.role === 'replica') return { kind: 'finish', because: `${b} is primary, and ${a} follows it` };
  if (!to.restarted || to.ticket === 'promoted') return { kind: 'finish', because: `${b} has been promoted` };
  return leave(`${b} was restarted and calls itself primary, but its data do not show that it was promoted`);
}

function besideReplica(a: string, b: string, from: NodeNow, to: NodeNow): Decision {
  if (from.restarted && !from.hasData && to.hasData) {
    return leave(`${a} was restarted without its data; ${b} still has them: stop ${a}, or load its data`);
  }
  if (to.restarted && !to.linkUp && to.ticket === 'unknown') {
    return leave(`${b} was restarted as a replica; whether it had been promoted before cannot be seen`);
  }
  return { kind: 'undo', because: `${b} has not been promoted` };
}

function leave(because: string): Decision {
  return { kind: 'leave', because };
}

/** Nodes may call each other by names that we do not know; then the common history tells. */
function following(node: NodeNow, partner: NodeNow, names: readonly (string | undefined)[]): Following {
  if (node.role === 'primary') return 'nobody';
  const isPartner = names.includes(node.follows) || (node.linkUp && node.replid === partner.replid);
  return isPartner ? 'its partner' : 'somebody else';
}
