import type { Target } from '../../switchover/checks/index.js';
import type { ReachedNode } from '../../switchover/survey/index.js';
import { familyName } from '../format.js';
import { padEnd, type Style } from '../style.js';

export interface PlanFacts {
  readonly target: Target;
  readonly method: 'manual' | 'failover';
  readonly notice: boolean;
  readonly canary: boolean;
  readonly journal: string;
  /** How many watch the pair. */
  readonly sentinels: number;
}

/** What would be done, before anybody is asked. */
export function planLines({ target, method, notice, canary, journal, sentinels }: PlanFacts, style: Style): string[] {
  const { from, to, others } = target;
  const rows: [string, string][] = [
    ['primary now', `${describe(from)}, becomes a replica`],
    ['primary then', describe(to)],
    ...others.map((node): [string, string] => ['another replica', `${describe(node)}, will follow ${to.name}`]),
    [
      'how',
      method === 'manual'
        ? 'step by step; writes wait a few milliseconds'
        : 'FAILOVER; writes wait about half a second',
    ],
    ['clients on Segue', notice ? 'are told to hold' : 'are not told (--no-notice); they follow all the same'],
    ...(sentinels > 0
      ? [['Sentinels', `${sentinels}; they are told right after the promotion`] as [string, string]]
      : []),
    ['canary', canary ? 'writes to a key segue:canary:… meanwhile, and deletes it (--no-canary)' : 'none'],
    ['journal', journal],
  ];
  return rows.map(([what, value]) => `  ${style.dim(padEnd(what, 18))}${value}`);
}

function describe({ name, family, version }: ReachedNode): string {
  return `${name} (${familyName(family)} ${version})`;
}
