import { type Finding, type Verdict, worstOf } from '../../switchover/checks/index.js';
import { plural } from '../format.js';
import { padEnd, type Style } from '../style.js';
import { wrap } from '../table.js';

const worstFirst: readonly Verdict[] = ['refuse', 'warning', 'ok'];
const marks: Readonly<Record<Verdict, string>> = { refuse: '✗', warning: '!', ok: '✓' };

/** One finding after the other, the worst first, each with what was measured and what to do. */
export function findingLines(findings: readonly Finding[], style: Style, columns: number): string[] {
  const widest = Math.max(0, ...findings.map(({ check }) => check.length));
  const sorted = worstFirst.flatMap((verdict) => findings.filter((finding) => finding.verdict === verdict));
  const width = Math.max(40, columns - widest - 8);
  return sorted.flatMap((finding) => {
    const [first = '', ...others] = [
      ...wrap(sentenceOf(finding), width),
      ...(finding.remedy === undefined || finding.verdict === 'ok'
        ? []
        : wrap(`→ ${finding.remedy}`, width, '  ').map(style.dim)),
    ];
    const paint = painterOf(finding.verdict, style);
    const head = `  ${paint(`${marks[finding.verdict]} ${padEnd(finding.check, widest)}`)}  `;
    return [`${head}${first}`, ...others.map((line) => `${' '.repeat(widest + 6)}${line}`)];
  });
}

/** The one sentence at the end. */
export function verdictLine(findings: readonly Finding[], style: Style): string {
  const count = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length;
  const warnings = count('warning') === 0 ? '' : `, with ${plural(count('warning'), 'warning')}`;
  if (count('refuse') === 0) return painterOf(worstOf(findings), style)(`  fit for a switch${warnings}`);
  return style.bad(
    `  not fit for a switch: ${plural(count('refuse'), 'check')} ${count('refuse') === 1 ? 'refuses' : 'refuse'}${warnings}`,
  );
}

function sentenceOf({ node, reason, measured }: Finding): string {
  return `${node === undefined ? '' : `${node}: `}${reason}${measured === undefined ? '' : ` (${measured})`}`;
}

function painterOf(verdict: Verdict, style: Style): (text: string) => string {
  return { refuse: style.bad, warning: style.accent, ok: style.good }[verdict];
}
