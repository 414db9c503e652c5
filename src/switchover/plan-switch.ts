import { chooseTarget, isTarget } from './checks/index.js';
import type { Survey } from './survey/index.js';
import { SwitchError } from './switch-error.js';
import type { SwitchOptions } from './switch-options.js';

/** Who hands over to whom: part of the options of a switch. The URLs have no user information. */
export type PlannedSwitch = Pick<SwitchOptions, 'from' | 'to' | 'others' | 'toKnownAs'>;

/**
 * `to` is any name of the replica that is to be primary; without it there must be one replica only. All other replicas are
 * taken along. Throws a SwitchError (SEGUE_SWITCH_CHECK) that says what to write instead when this is not possible.
 */
export function planSwitch(survey: Survey, wanted: { readonly to?: string } = {}): PlannedSwitch {
  const target = chooseTarget(survey, wanted.to);
  if (!isTarget(target)) {
    const { reason, remedy } = target;
    throw new SwitchError('SEGUE_SWITCH_CHECK', remedy === undefined ? reason : `${reason}; ${remedy}`);
  }
  const { from, to, others } = target;
  return {
    from: from.url,
    to: to.url,
    others: others.map(({ url }) => url),
    ...(to.announced === undefined ? {} : { toKnownAs: to.announced }),
  };
}
