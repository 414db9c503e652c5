import type { Finding } from '../checks/index.js';
import type { ReachedNode } from '../survey/index.js';
import { unpersisted } from './persist.js';
import { canCopy, canLoad, parseVersion, type ServerVersion, versionText } from './server-version.js';
import type { UpgradePlan } from './stage.js';

/** What speaks against restarting these nodes one after the other, as far as it can be known before. Pure. */
export function checkUpgrade(plan: UpgradePlan, nodes: readonly ReachedNode[], restartSetsRole: boolean): Finding[] {
  const primary = nodes.find(({ name }) => name === plan.primary)!;
  const replicas = plan.replicas.map((name) => nodes.find((node) => node.name === name)!);
  return [
    ...checkVersions(plan, primary, replicas),
    ...(restartSetsRole ? [] : [primary, ...replicas].flatMap(checkPersisted)),
    ...[primary, ...replicas].flatMap((node) => checkQuorum(node, replicas.length)),
  ];
}

function checkVersions(plan: UpgradePlan, primary: ReachedNode, replicas: readonly ReachedNode[]): Finding[] {
  const check = 'upgrade-version';
  if (plan.expect === undefined) {
    const reason = 'without the version that is expected, a version that cannot sync shows only when a replica is back';
    return [{ check, verdict: 'warning', reason, remedy: 'name it: --expect valkey-9.1' }];
  }
  const findings: Finding[] = [];
  for (const node of [...replicas, primary]) {
    const is = versionOf(node);
    const wanted = parseVersion(plan.expect, is.family)!;
    if (!canLoad(is, wanted)) {
      const reason = `${versionText(wanted)} cannot load what ${versionText(is)} has written: it would not start`;
      findings.push({ check, verdict: 'refuse', node: node.name, reason, remedy: noWayBack });
    } else if (node !== primary && !canCopy(versionOf(primary), wanted)) {
      const reason = `${versionText(wanted)} cannot take a copy from ${versionText(versionOf(primary))}`;
      findings.push({ check, verdict: 'refuse', node: node.name, reason, remedy: noWayBack });
    }
  }
  const [old, next] = [versionOf(primary), parseVersion(plan.expect, primary.family)!];
  if (findings.length === 0 && !canCopy(next, old)) {
    const reason = `after the switch there is no way back: ${versionText(old)} cannot take a copy from ${versionText(next)}`;
    findings.push({ check, verdict: 'warning', node: primary.name, reason });
  }
  return findings.length > 0 ? findings : [{ check, verdict: 'ok', reason: `all nodes can become ${plan.expect}` }];
}

const noWayBack = 'upgrade to a version that reads what the nodes have now, or move the data by other means';

function checkPersisted({ name, configFile }: ReachedNode): Finding[] {
  if (configFile !== undefined) return [];
  const reason = unpersisted(name, 'it runs without a configuration file');
  return [{ check: 'upgrade-role', verdict: 'refuse', node: name, reason }];
}

/** While one node restarts, its primary has one replica less. */
function checkQuorum({ name, config }: ReachedNode, replicas: number): Finding[] {
  const needed = Number(config.get('min-replicas-to-write') ?? 0);
  if (needed <= replicas - 1) return [];
  const reason = `min-replicas-to-write is ${needed}, and while a node restarts its primary has ${replicas - 1}: it would refuse all writes`;
  const remedy = `CONFIG SET min-replicas-to-write ${replicas - 1} on all nodes until the upgrade is over`;
  return [{ check: 'upgrade-quorum', verdict: 'refuse', node: name, reason, remedy }];
}

function versionOf({ family, version }: ReachedNode): ServerVersion {
  return { family, number: version };
}
