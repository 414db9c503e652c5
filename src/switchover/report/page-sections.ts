import type { Finding } from '../checks/finding.js';
import type { NoticeReport, WaitedReport } from '../switch-report.js';
import { type Html, html } from './html.js';
import { type StoryNode, type SwitchStory, stopOfWrites } from './story.js';
import { amount, count, duration, stepPurpose, whoSays } from './words.js';

/** The numbers that a reader looks for first. */
export function keyFigures({ switch: report, canary, tracks }: SwitchStory): Html {
  const figures: Html[] = [];
  const add = (value: string, what: string, tone = ''): void => {
    figures.push(html`<li><b class="${tone}">${value}</b><span>${what}</span></li>`);
  };
  if (report?.unwritableMs !== undefined) add(duration(report.unwritableMs), 'no node took writes');
  if (canary !== undefined) {
    const { missing, doubled, reordered, acknowledged } = canary.sequence;
    const faults = missing + doubled + reordered;
    add(
      duration(canary.latency.maxMs),
      `the longest wait of ${count(acknowledged)} test writes, usually ${duration(canary.latency.p50Ms)}`,
    );
    add(count(faults), 'writes lost, doubled or reordered', faults === 0 && canary.isProven ? 'good' : 'bad');
  }
  const hold = report?.sessions.hold;
  if (hold !== undefined && hold.sessions > 0) {
    add(
      `${count(hold.sessions - hold.late)} of ${count(hold.sessions)}`,
      'sessions on Segue held their commands',
      hold.late === 0 ? 'good' : 'warning',
    );
  }
  if (report?.resync !== undefined) {
    add(report.resync, 'resync of the old primary', report.resync === 'partial' ? 'good' : 'warning');
  }
  const peak = Math.max(0, ...tracks.flatMap(({ commandsPerSecond }) => commandsPerSecond.map((rate) => rate ?? 0)));
  if (peak > 0) add(count(Math.round(peak)), 'commands per second at the peak');
  return figures.length === 0 ? html`` : html`<ul class="figures">${figures}</ul>`;
}

/** The steps with their bars; the ones after writes began to wait are drawn to scale, what came before is only marked. */
export function stepTable({ switch: report }: SwitchStory): Html {
  const steps = report?.steps ?? [];
  if (steps.length === 0) return html``;
  const stop = stopOfWrites(steps);
  const zero = stop?.startedMs ?? 0;
  const end =
    Math.max(report?.pausedMs ?? 0, report?.unwritableMs ?? 0) ||
    Math.max(...steps.map(({ startedMs, durationMs }) => startedMs + durationMs)) - zero;
  const percent = (ms: number): string => Math.min(100, Math.max(0, (ms / Math.max(end, 0.001)) * 100)).toFixed(2);
  const rows = steps.map(({ name, startedMs, durationMs, error }) => {
    const [from, to] = [startedMs - zero, startedMs + durationMs - zero];
    const isInside = to >= 0 && from <= end;
    const kind = error === undefined ? '' : 'failed';
    const bar = isInside
      ? html`<i class="${kind}" style="left:${percent(from)}%;width:${(Number(percent(to)) - Number(percent(from))).toFixed(2)}%"></i>`
      : html`<i class="before ${kind}" style="left:${to < 0 ? '0' : '99'}%;width:1%"></i>`;
    const note = error === undefined ? undefined : html`<br><span class="bad">${error}</span>`;
    return html`<tr><td class="name">${name}</td><td>${stepPurpose[name] ?? ''}${note}</td>
      <td class="number">${from < 0 ? '−' : '+'}${duration(Math.abs(from))}</td><td class="number">${duration(durationMs)}</td><td class="bar">${bar}</td></tr>`;
  });
  const scale =
    stop === undefined
      ? html`Times count from the beginning.`
      : html`Times count from the moment at which writes began to wait. The bars show the ${duration(end)} from then until everybody went on.`;
  return html`<h2>What was done, step by step</h2>
    <p>${scale}</p>
    <div class="scroll"><table><thead><tr><th>step</th><th></th><th class="number">began</th><th class="number">took</th><th></th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

export function nodeTable({ before, after }: SwitchStory): Html {
  const part = (when: string, nodes: readonly StoryNode[]): Html | undefined =>
    nodes.length === 0
      ? undefined
      : html`<tbody><tr><th colspan="6" scope="rowgroup">${when}</th></tr>${nodes.map(nodeRow)}</tbody>`;
  return html`<h2>The nodes</h2>
    <div class="scroll"><table><thead><tr><th>node</th><th>role</th><th>version</th><th class="number">offset</th>
    <th class="number">bytes behind</th><th>link</th></tr></thead>${part('before', before)}${part('after', after)}</table></div>`;
}

function nodeRow({ name, role, version, offset, lagBytes, link }: StoryNode): Html {
  return html`<tr><td class="name">${name}</td><td>${role}</td><td>${version}</td>
    <td class="number">${offset === undefined ? '' : count(offset)}</td>
    <td class="number">${lagBytes === undefined ? '' : count(lagBytes)}</td><td>${link}</td></tr>`;
}

export function canarySection({ canary, canaryTrouble }: SwitchStory): Html {
  const head = html`<h2>The proof</h2>`;
  if (canary === undefined)
    return canaryTrouble === undefined ? html`` : html`${head}<p>There was no canary: ${canaryTrouble}</p>`;
  const { sequence, latency, refusals, key, trouble, longestGap } = canary;
  const refused = Object.entries(refusals).map(
    ([code, times]) => `${code} ${times === 1 ? 'once' : `${count(times)} times`}`,
  );
  const rows: [string, string, boolean?][] = [
    ['acknowledged', count(sequence.acknowledged)],
    ['acknowledged and missing at the new primary', count(sequence.missing), sequence.missing === 0],
    ['there twice', count(sequence.doubled), sequence.doubled === 0],
    ['out of order', count(sequence.reordered), sequence.reordered === 0],
    ['there although never acknowledged', count(sequence.unexpected), sequence.unexpected === 0],
    ['connection lost before the answer', count(sequence.uncertain)],
    ['refused, and then written at the new primary', refused.length === 0 ? 'none' : refused.join(', ')],
    [
      'time to answer: median, 99%, 99.9%, longest',
      [latency.p50Ms, latency.p99Ms, latency.p999Ms, latency.maxMs].map(duration).join(', '),
    ],
    ['longest time between two answers', duration(longestGap.lengthMs)],
  ];
  return html`${head}<p>A canary wrote the numbers 1, 2, 3 … one after the other through the whole switch, to the key <code>${key}</code>, as a client
    would that can follow. Afterwards the list at the new primary was compared with what had been acknowledged, and deleted.</p>
    ${trouble === undefined ? undefined : html`<p class="reason">${trouble}</p>`}
    <table><tbody>${rows.map(([what, value, fine]) => html`<tr><td>${what}</td><td class="number ${fine === undefined ? '' : fine ? 'good' : 'bad'}">${value}</td></tr>`)}</tbody></table>
    ${sequence.notes.length === 0 ? undefined : html`<p class="reason">${sequence.notes.join('; ')}</p>`}`;
}

/** What the processes with Segue's sessions said, and what protected the pair. */
export function protectionSection({ switch: report, sentinels }: SwitchStory): Html {
  if (report === undefined) return html``;
  const { sessions, fence, notes } = report;
  const rows: [string, string][] = [];
  for (const [when, notice] of [
    ['asked to get ready', sessions.prepare],
    ['asked to hold', sessions.hold],
  ] as const) {
    if (notice !== undefined) rows.push([`clients on Segue, ${when}`, answersOf(notice)]);
  }
  if (sessions.waited !== undefined) rows.push(['clients on Segue, while they held', waitedWords(sessions.waited)]);
  if (sessions.silent !== undefined) rows.push(['clients on Segue', `were not told: ${sessions.silent}`]);
  const persistent = fence.persistent ? ', also after a restart' : '';
  const armed = fence.armed
    ? `armed: once the new primary was promoted, the old one would have refused writes by itself${persistent}`
    : 'not armed: only the pause kept the old primary from taking writes';
  rows.push(['the fence', [armed, ...fence.notes].join('; ')]);
  for (const { sentinel, service, outcome, note } of sentinels) {
    const said = { told: 'was told at once', knew: 'knew already', failed: 'could not be told' }[outcome];
    rows.push([`Sentinel ${sentinel}`, `${said} (${service})${note === undefined ? '' : `: ${note}`}`]);
  }
  const remarks = notes.length === 0 ? undefined : html`<p class="reason">${notes.join('; ')}</p>`;
  return html`<h2>The clients' part, and the fence</h2>
    <table><tbody>${rows.map(([what, value]) => html`<tr><td class="name">${what}</td><td>${value}</td></tr>`)}</tbody></table>${remarks}`;
}

function answersOf({ expected, answered, sessions, late, held, missing, unable, waitedMs }: NoticeReport): string {
  if (expected === 0) return 'nobody listens: there are none';
  const parts = [
    `${count(answered)} of ${count(expected)} ${expected === 1 ? 'process' : 'processes'} answered within ${duration(waitedMs)}`,
    `with ${count(sessions)} ${sessions === 1 ? 'session' : 'sessions'}`,
    ...(held > 0 ? [`in which ${count(held)} ${held === 1 ? 'command' : 'commands'} waited`] : []),
    ...(late > 0 ? [`${count(late)} of them not in time`] : []),
    ...(missing > 0 ? [`${count(missing)} did not answer`] : []),
    ...unable,
  ];
  return parts.join(', ');
}

function waitedWords(waited: WaitedReport): string {
  if (waited.answered === 0) return 'none has said what waited';
  const { heldMs, commandsMax } = waited;
  return `${amount(commandsMax, 'command')} waited at the most, for ${duration(heldMs)} at the longest, as ${whoSays(waited)} counted it`;
}

export function errorTable({ errors, after }: SwitchStory): Html {
  // Nobody could count.
  if (after.length === 0) return html``;
  const head = html`<h2>Errors that the servers gave</h2>`;
  if (errors.length === 0)
    return html`${head}<p>None, to any client, on any node (the canary's own are in the proof).</p>`;
  const rows = errors.map(
    ({ node, code, before, after }) =>
      html`<tr><td class="name">${code}</td><td>${node}</td><td class="number">${count(after - before)}</td></tr>`,
  );
  return html`${head}<p>Counted by the servers themselves while the switch went on, for all clients together, without the canary. A client that can follow takes
    READONLY and REDIRECT as the news that there is a new primary.</p>
    <div class="scroll"><table><thead><tr><th>error</th><th>node</th><th class="number">times</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

const tones: Readonly<Record<Finding['verdict'], string>> = { ok: 'good', warning: 'warning', refuse: 'bad' };

export function findingTable({ findings }: SwitchStory): Html {
  if (findings.length === 0) return html``;
  const worstFirst = (['refuse', 'warning', 'ok'] as const).flatMap((verdict) =>
    findings.filter((finding) => finding.verdict === verdict),
  );
  const rows = worstFirst.map(
    ({
      check,
      verdict,
      node,
      reason,
      measured,
      remedy,
    }) => html`<tr><td class="name ${tones[verdict]}">${verdict}</td><td class="name">${check}</td>
      <td>${node === undefined ? undefined : html`<span class="muted">${node}</span> `}${reason}${measured === undefined ? undefined : html` <span class="muted">(${measured})</span>`}
      ${remedy === undefined || verdict === 'ok' ? undefined : html`<br><span class="muted">${remedy}</span>`}</td></tr>`,
  );
  return html`<h2>What was checked before</h2><p>Nothing is begun while a check refuses.</p>
    <div class="scroll"><table><tbody>${rows}</tbody></table></div>`;
}
