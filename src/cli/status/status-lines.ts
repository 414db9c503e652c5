import { isReached, type NodeSurvey, type ReachedNode, type Survey } from '../../switchover/survey/index.js';
import { bytes, count, familyName, plural } from '../format.js';
import type { Style } from '../style.js';
import { tableLines } from '../table.js';
import { type ClientGroup, clientGroups } from './client-groups.js';

/** A survey as people read it. */
export function statusLines(survey: Survey, style: Style): string[] {
  const nodes = nodeLines(survey.nodes, style);
  // The reasons are in the lines of the nodes; there is nothing else to tell.
  if (!survey.nodes.some(isReached)) return [...nodes, '', `  ${style.bad('no node could be asked')}`];
  return [
    ...nodes,
    ...(survey.trouble === undefined ? [] : ['', `  ${style.bad(survey.trouble)}`]),
    ...sentinelLines(survey, style),
    ...clientLines(clientGroups(survey), style),
  ];
}

/** The same in one line, for logs. */
export function statusLine(survey: Survey): string {
  const nodes = survey.nodes.map((node) => {
    if (!isReached(node)) return `${node.name} not reached (${node.why})`;
    return [node.name, roleOf(node), behindOf(node)].filter((part) => part !== '').join(' ');
  });
  const groups = clientGroups(survey);
  const stranded = total(groups.filter(({ follows }) => follows === 'no'));
  const clients = `${plural(total(groups), 'client')}, ${count(stranded)} of them would see errors`;
  return `${survey.takenAt.toISOString()} ${[...nodes, clients].join('; ')}`;
}

function nodeLines(nodes: readonly NodeSurvey[], style: Style): string[] {
  const columns = [
    { title: 'node' },
    { title: 'role' },
    { title: 'version' },
    { title: 'offset', align: 'right' as const },
    { title: 'behind' },
    { title: 'link' },
  ];
  const reached = nodes
    .filter(isReached)
    .map((node) => [
      node.name,
      node.role === 'primary' ? style.accent(roleOf(node)) : roleOf(node),
      `${familyName(node.family)} ${node.version}`,
      count(node.offset),
      paintBehind(node, style),
      paintLink(node, style),
    ]);
  const lost = nodes.flatMap((node) => (node.reachable ? [] : [`  ${style.bad(node.reason)}`]));
  return [...(reached.length > 0 ? tableLines(columns, reached, style) : []), ...lost];
}

function roleOf({ role, loading }: ReachedNode): string {
  return loading === undefined ? role : `${role}, loading`;
}

function behindOf({ lagBytes, lagSeconds }: ReachedNode): string {
  if (lagBytes === undefined) return '';
  const heard = lagSeconds === undefined ? '' : `, heard ${lagSeconds === 0 ? 'just now' : `${lagSeconds} s ago`}`;
  return `${lagBytes === 0 ? 'in step' : `${bytes(lagBytes)} behind`}${heard}`;
}

function paintBehind(node: ReachedNode, style: Style): string {
  const text = behindOf(node).replace(' behind', '');
  return node.lagBytes === 0 ? style.good(text) : text;
}

function paintLink({ role, link, replicas }: ReachedNode, style: Style): string {
  if (role === 'primary') return style.dim(replicas.length === 0 ? 'no replica' : plural(replicas.length, 'replica'));
  if (link === undefined) return style.bad('none');
  if (link.up) return `up, to ${link.primary}`;
  const since = link.downSeconds === undefined ? '' : ` for ${link.downSeconds} s`;
  return style.bad(`down${link.syncing ? ' (full copy under way)' : since}, to ${link.primary}`);
}

function sentinelLines({ sentinels }: Survey, style: Style): string[] {
  if (sentinels.length === 0) return [];
  const rows = sentinels.map((sentinel) =>
    sentinel.reachable
      ? [sentinel.name, sentinel.watches.map(({ service, primary }) => `${service} at ${primary}`).join(', ')]
      : [sentinel.name, style.bad(sentinel.reason)],
  );
  return ['', ...tableLines([{ title: 'Sentinel' }, { title: 'watches' }], rows, style)];
}

function clientLines(groups: readonly ClientGroup[], style: Style): string[] {
  if (groups.length === 0) return ['', style.dim('  no application is connected')];
  const columns = [
    { title: 'clients', align: 'right' as const },
    { title: 'library' },
    { title: 'comes through a switch' },
  ];
  const paint = { yes: style.good, perhaps: style.accent, no: style.bad } as const;
  const rows = groups.map(({ library, count: clients, follows, why, examples }) => [
    count(clients),
    library,
    `${paint[follows](follows)}: ${why}${follows === 'yes' ? '' : style.dim(` (${examples.join(', ')})`)}`,
  ]);
  return ['', ...tableLines(columns, rows, style)];
}

function total(groups: readonly ClientGroup[]): number {
  return groups.reduce((sum, group) => sum + group.count, 0);
}
