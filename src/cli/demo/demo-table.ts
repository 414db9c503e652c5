import type { DemoResult, SideResult } from '../../lab/demo/index.js';
import { count, time } from '../format.js';
import { padEnd, padStart, type Style, widthOf } from '../style.js';

interface Row {
  readonly label: string;
  readonly value: (side: SideResult) => string;
  /** Whether the value is as it should be; without it there is no opinion. */
  readonly fine?: (side: SideResult) => boolean;
}

const rows: readonly Row[] = [
  { label: 'acknowledged writes', value: (side) => count(side.writes) },
  { label: 'errors', value: (side) => count(side.errors), fine: (side) => side.errors === 0 },
  {
    label: 'longest stall of writes',
    value: (side) => `${side.stillStalled ? 'not over after ' : ''}${time(side.longestStallMs)}`,
    fine: (side) => !side.stillStalled,
  },
  { label: 'p99.9 of acknowledged writes', value: (side) => time(side.p999Ms) },
  zero('acknowledged writes lost', (side) => side.lost),
  zero('writes doubled', (side) => side.doubled),
  zero('writes reordered', (side) => side.reordered),
  zero('other wrong answers or data', (side) => side.wrong),
  { label: 'BullMQ jobs done', value: (side) => count(side.jobs.done) },
  zero('BullMQ errors', (side) => side.jobs.errors),
  zero('jobs lost or left undone', (side) => side.jobs.lost),
  zero('jobs doubled', (side) => side.jobs.doubled),
];

function zero(label: string, of: (side: SideResult) => number): Row {
  return { label, value: (side) => count(of(side)), fine: (side) => of(side) === 0 };
}

/** The result as lines for people. */
export function demoTable(result: DemoResult, style: Style): string[] {
  const head: [string, string, string] = ['', 'plain ioredis', 'with Segue'];
  const cells = rows.map((row): [string, string, string] => [
    row.label,
    paint(row, result.plain, style),
    paint(row, result.segue, style),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...[head, ...cells].map((row) => widthOf(row[column]!))));
  const line = ([label, plain, segue]: [string, string, string]): string =>
    `  ${padEnd(label, widths[0]!)}   ${padStart(plain, widths[1]!)}   ${padStart(segue, widths[2]!)}`;
  return [
    style.bold(line(head)),
    ...cells.map(line),
    '',
    `  primary   ${result.primary.address}   ${result.primary.version}`,
    `  replica   ${result.replica.address}   ${result.replica.version}   link ${result.replica.link}, ${
      result.replica.inStep ? 'same data' : style.bad('OTHER DATA')
    }`,
    `  switch    writes waited ${time(result.switch.unwritableMs)}, ${result.switch.resync} resync`,
    '',
    `  ${verdict(result, style)}`,
  ];
}

function paint(row: Row, side: SideResult, style: Style): string {
  const text = row.value(side);
  if (row.fine === undefined) return text;
  return row.fine(side) ? style.good(text) : style.bad(text);
}

function verdict(result: DemoResult, style: Style): string {
  if (result.ok) return style.good('The applications on Segue saw nothing of it.');
  const notes = result.segue.notes.length > 0 ? `\n    ${result.segue.notes.join('\n    ')}` : '';
  return style.bad(`Segue did not keep its promise (seed ${result.seed}).`) + notes;
}
