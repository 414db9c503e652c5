import { isReached, type NodeSurvey, type Survey } from '../../switchover/survey/index.js';
import { clientGroups } from './client-groups.js';

/** What `segue status --json` prints: the survey without what only the checks need. Its fields keep their names and meanings. */
export function statusJson(survey: Survey): object {
  return {
    takenAt: survey.takenAt.toISOString(),
    primary: survey.primary?.name ?? null,
    trouble: survey.trouble ?? null,
    nodes: survey.nodes.map(nodeJson),
    sentinels: survey.sentinels,
    clients: clientGroups(survey),
  };
}

export function nodeJson(node: NodeSurvey): object {
  if (!isReached(node)) {
    const { name, url, why, reason } = node;
    return { name, url, reachable: false, why, reason };
  }
  const { name, url, role, family, version, mode, replid, offset, lagBytes, lagSeconds, link, replicas } = node;
  const { failover, loading, paused, uptimeSeconds, backlog } = node;
  return {
    name,
    url,
    reachable: true,
    role,
    family,
    version,
    mode,
    uptimeSeconds,
    replid: replid ?? null,
    offset,
    lagBytes: lagBytes ?? null,
    lagSeconds: lagSeconds ?? null,
    link: link ?? null,
    replicas,
    failover,
    backlog,
    isLoading: loading !== undefined,
    paused: paused ?? null,
  };
}
