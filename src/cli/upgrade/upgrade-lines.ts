import type { Stage, UpgradePreview, UpgradeReport } from '../../switchover/upgrade/index.js';
import { findingLines } from '../check/finding-lines.js';
import { time } from '../format.js';
import type { Style } from '../style.js';
import { tableLines } from '../table.js';

/** A stage as a sentence of what is done. */
export function stageText(stage: Stage): string {
  switch (stage.kind) {
    case 'restart':
      return `restart ${stage.node} and wait until it is in step`;
    case 'switch':
      return `switch: ${stage.node} becomes primary`;
    case 'leave':
      return `wait until nobody works on ${stage.node}`;
    case 'rest':
      return `go on as it is for ${time(stage.ms)}`;
    case 'prove':
      return 'check all nodes';
  }
}

/** What speaks against it, and what would be done. */
export function previewLines({ stages, findings }: UpgradePreview, style: Style, columns: number): string[] {
  const notable = findings.filter(({ verdict }) => verdict !== 'ok');
  return [
    ...findingLines(notable, style, columns),
    ...(notable.length > 0 ? [''] : []),
    ...stages.map((stage, index) => `  ${index + 1}. ${stageText(stage)}`),
  ];
}

export function reportLines(report: UpgradeReport, style: Style): string[] {
  const columns = [
    { title: 'node' },
    { title: 'was' },
    { title: 'is' },
    { title: 'away', align: 'right' },
    { title: 'in step after', align: 'right' },
    { title: 'resync' },
  ] as const;
  const rows = report.nodes.map((node) => [
    node.node,
    node.before,
    node.after,
    time(node.awayMs),
    time(node.syncMs),
    node.resync ?? 'unknown',
  ]);
  const waits = report.switches.map(({ to, unwritableMs }) => `${to}: writes waited ${time(unwritableMs ?? 0)}`);
  return [
    ...(rows.length > 0 ? tableLines(columns, rows, style) : []),
    ...waits.map((wait) => `  switch to ${wait}`),
    ...report.warnings.map((warning) => `  ${style.accent('warning')} ${warning}`),
    `  ${style.good('done')} in ${time(report.durationMs)}, primary is ${report.primary}`,
  ];
}
