import { type SwitchStory, verdict } from '../../switchover/report/index.js';
import { count, plural, time } from '../format.js';
import { padEnd, type Style } from '../style.js';

/** The result of a switch for people, the sentence first. */
export function storyLines(story: SwitchStory, style: Style): string[] {
  const paint = {
    switched: style.good,
    unproven: style.accent,
    refused: style.bad,
    'given-up': style.bad,
    unknown: style.bad,
  };
  // Of a switch that was not begun there is nothing to measure.
  const rows = story.outcome === 'refused' ? [] : rowsOf(story);
  return [
    `  ${paint[story.outcome](verdict(story))}`,
    ...(rows.length > 0 ? ['', ...rows.map(([what, value]) => `  ${style.dim(padEnd(what, 20))}${value}`)] : []),
  ];
}

function rowsOf({
  switch: report,
  canary,
  canaryTrouble,
  gaugeTrouble,
  errors,
  sentinels,
}: SwitchStory): [string, string][] {
  const rows: [string, string][] = [];
  if (report?.unwritableMs !== undefined) rows.push(['no node writable', time(report.unwritableMs)]);
  const hold = report?.sessions.hold;
  if (hold?.expected === 0) rows.push(['clients on Segue', 'none listens']);
  if (hold !== undefined && hold.expected > 0) {
    const late = hold.late + hold.missing > 0 ? `, ${plural(hold.late, 'session')} late, ${hold.missing} silent` : '';
    rows.push([
      'clients on Segue',
      `${plural(hold.sessions, 'session')} in ${plural(hold.answered, 'process', 'processes')} held${late}`,
    ]);
  }
  const waited = report?.sessions.waited;
  if (waited !== undefined && waited.answered > 0) {
    rows.push(['commands held', `${count(waited.commandsMax)} at the most, for ${time(waited.heldMs)}`]);
  }
  if (report?.sessions.silent !== undefined) rows.push(['clients on Segue', `not told: ${report.sessions.silent}`]);
  if (report?.fence.armed === false && report.unwritableMs !== undefined) {
    rows.push(['fence', `not armed: ${report.fence.notes.join('; ')}`]);
  }
  if (report?.resync !== undefined) rows.push(['old primary', `follows, by ${report.resync} resync`]);
  for (const { node, resync } of report?.others ?? []) rows.push([node, `follows, by ${resync} resync`]);
  for (const { sentinel, outcome, note } of sentinels) {
    const said = { told: 'told at once', knew: 'knew already', failed: 'could not be told' }[outcome];
    rows.push([`Sentinel`, `${sentinel} ${said}${note === undefined ? '' : `: ${note}`}`]);
  }
  if (canary !== undefined) {
    const { latency, trouble } = canary;
    rows.push(['longest test write', `${time(latency.maxMs)}, usually ${time(latency.p50Ms)}`]);
    if (trouble !== undefined) rows.push(['canary', trouble]);
  } else if (canaryTrouble !== undefined) {
    rows.push(['no canary', canaryTrouble]);
  }
  if (gaugeTrouble !== undefined) rows.push(['nothing counted', gaugeTrouble]);
  for (const { node, code, before, after } of errors) {
    rows.push(['errors given', `${count(after - before)} × ${code} by ${node}`]);
  }
  for (const note of report?.notes ?? []) rows.push(['note', note]);
  return rows;
}
