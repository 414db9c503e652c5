import { type ClientSurvey, type Follows, isReached, type Survey } from '../../switchover/survey/index.js';

/** Connections of one library in one version that would fare alike in a switch. */
export interface ClientGroup {
  readonly library: string;
  readonly count: number;
  readonly follows: Follows;
  readonly why: string;
  /** A few of their addresses, names and last commands, for those who look for them. */
  readonly examples: readonly string[];
}

const examplesMax = 3;
const worstFirst: readonly Follows[] = ['no', 'perhaps', 'yes'];

/** The applications' connections of all nodes, those that would see errors first. */
export function clientGroups(survey: Survey): ClientGroup[] {
  const groups = new Map<string, ClientSurvey[]>();
  for (const client of survey.nodes.filter(isReached).flatMap((node) => node.clients)) {
    if (client.role !== 'application') continue;
    const key = JSON.stringify([libraryOf(client), client.follows, client.why]);
    groups.set(key, [...(groups.get(key) ?? []), client]);
  }
  const found = [...groups.values()].map(groupOf);
  return found.sort(
    (one, other) =>
      worstFirst.indexOf(one.follows) - worstFirst.indexOf(other.follows) ||
      other.count - one.count ||
      one.library.localeCompare(other.library),
  );
}

function groupOf(clients: readonly ClientSurvey[]): ClientGroup {
  const { follows, why } = clients[0]!;
  const examples = clients.slice(0, examplesMax).map(describeClient);
  return { library: libraryOf(clients[0]!), count: clients.length, follows, why, examples };
}

function libraryOf({ libName, libVersion }: ClientSurvey): string {
  return libName === '' ? 'unknown library' : `${libName} ${libVersion}`.trimEnd();
}

function describeClient({ addr, name, command }: ClientSurvey): string {
  return [addr, name === '' ? '' : `"${name}"`, command].filter((part) => part !== '').join(' ');
}
