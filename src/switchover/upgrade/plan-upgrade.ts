import { isReached, type ReachedNode, type Survey } from '../survey/index.js';
import { parseVersion } from './server-version.js';
import type { UpgradePlan } from './stage.js';
import { UpgradeError } from './upgrade-error.js';
import type { UpgradeOptions } from './upgrade-options.js';

/** Decides who is restarted when and who becomes primary. Throws UpgradeError (SEGUE_UPGRADE_CHECK) when there is no way. */
export function planUpgrade(
  survey: Survey,
  options: Pick<UpgradeOptions, 'to' | 'expect' | 'switchBack' | 'restMs'>,
): UpgradePlan {
  const refuse = (reason: string): UpgradeError => new UpgradeError('SEGUE_UPGRADE_CHECK', reason);
  const { primary } = survey;
  if (primary === undefined) throw refuse(survey.trouble ?? 'there is no primary');
  const lost = survey.nodes.find((node) => !node.reachable);
  if (lost !== undefined) throw refuse(`${lost.name} cannot be reached`);
  const replicas = survey.nodes.filter(isReached).filter((node) => node !== primary);
  if (replicas.length === 0) throw refuse(`${primary.name} has no replica that could take over meanwhile`);
  const down = replicas.find(({ role, link }) => role !== 'replica' || link?.up !== true);
  if (down !== undefined) throw refuse(`${down.name} is not connected to its primary`);
  const target = targetOf(replicas, options.to);
  if (target === undefined) throw refuse(`${options.to} is no replica of ${primary.name}`);
  const { expect } = options;
  if (expect !== undefined && parseVersion(expect, primary.family) === undefined) {
    throw refuse(`no version: "${expect}"; write it like valkey-9.1 or 9.1.2`);
  }
  const others = replicas.filter((node) => node !== target).map(({ name }) => name);
  return {
    primary: primary.name,
    target: target.name,
    replicas: [...others, target.name],
    switchBack: options.switchBack ?? false,
    restMs: options.restMs ?? 0,
    expect,
  };
}

/** The one that was wanted, else the one that is most in step and may be promoted. */
function targetOf(replicas: readonly ReachedNode[], wanted: string | undefined): ReachedNode | undefined {
  if (wanted !== undefined) return replicas.find(({ names }) => names.includes(wanted));
  const fit = replicas.filter(({ priority }) => priority !== 0);
  return (fit.length > 0 ? fit : replicas).toSorted((one, other) => (one.lagBytes ?? 0) - (other.lagBytes ?? 0))[0];
}
