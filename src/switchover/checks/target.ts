import { isReached, type NodeSurvey, type ReachedNode, type Survey } from '../survey/index.js';
import { type Finding, refuse } from './finding.js';

/** Who hands over to whom, and who must follow the new primary besides. */
export interface Target {
  readonly from: ReachedNode;
  readonly to: ReachedNode;
  /** The other replicas that can be reached from here. */
  readonly others: readonly ReachedNode[];
}

/** Finds the nodes of a switch in the survey, or says why it cannot be one. `to` is any name of the replica. */
export function chooseTarget(survey: Survey, to?: string): Target | Finding {
  const from = survey.primary;
  if (from === undefined) {
    const remedy = 'look at segue status; a switch needs exactly one primary';
    return refusal(survey.trouble ?? 'there is no primary', remedy);
  }
  const replicas = survey.nodes.filter(isReached).filter(({ role }) => role === 'replica');
  const chosen = to === undefined ? onlyOne(replicas) : replicas.find((node) => isNamed(node, to));
  if (chosen !== undefined) return { from, to: chosen, others: replicas.filter((node) => node !== chosen) };
  return to === undefined ? noChoice(replicas, survey) : notThere(to, survey);
}

export function isTarget(result: Target | Finding): result is Target {
  return 'from' in result;
}

function onlyOne(replicas: readonly ReachedNode[]): ReachedNode | undefined {
  return replicas.length === 1 ? replicas[0] : undefined;
}

function isNamed(node: NodeSurvey, name: string): boolean {
  const bare = name.replace(/^[a-z]+:\/\/(.*@)?/i, '');
  return node.name === bare || node.names.includes(bare);
}

function noChoice(replicas: readonly ReachedNode[], survey: Survey): Finding {
  const names = replicas.map(({ name }) => name).join(', ');
  if (replicas.length > 1) return refusal(`there are ${replicas.length} replicas`, `say which: --to, one of ${names}`);
  const lost = survey.nodes.filter((node) => !node.reachable).map((node) => node.reason);
  const why = lost.length === 0 ? 'the primary lists none' : lost.join('; ');
  return refusal(`there is no replica that could become primary: ${why}`, 'attach one and wait until it is in step');
}

function notThere(to: string, survey: Survey): Finding {
  const known = survey.nodes.find((node) => isNamed(node, to));
  const names = survey.nodes.map(({ name }) => name).join(', ');
  if (known === undefined) return refusal(`no node of the pair is called ${to}`, `the pair has ${names}`);
  const why = known.reachable ? `${known.name} is the primary already` : known.reason;
  return refusal(`${to} cannot become primary: ${why}`, 'name a replica that can be reached from here');
}

function refusal(reason: string, remedy: string): Finding {
  return { check: 'target', ...refuse(reason, { remedy }) };
}
