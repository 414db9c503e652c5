import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gaugeIntervalMs } from '../canary/pair-gauge.js';
import { type ChartData, chartData } from './chart-data.js';
import { drawCharts } from './draw-charts.js';
import { Html, html, scriptValue } from './html.js';
import {
  canarySection,
  errorTable,
  findingTable,
  keyFigures,
  nodeTable,
  protectionSection,
  stepTable,
} from './page-sections.js';
import { pageStyle } from './page-style.js';
import type { StoryOutcome, SwitchStory } from './story.js';
import { verdict, whoSays, whyNoLine } from './words.js';

const ends: Readonly<Record<StoryOutcome, readonly [words: string, tone: string]>> = {
  switched: ['switched and proven', ''],
  unproven: ['switched, not proven', 'warning'],
  refused: ['not begun', 'warning'],
  'given-up': ['given up, nothing changed', 'warning'],
  unknown: ['state unknown', 'bad'],
};

/** The story as one HTML page that needs nothing else: no network, no other file. */
export function reportPage(story: SwitchStory): string {
  const [words, tone] = ends[story.outcome];
  const charts = chartData(story);
  // In the sentence already.
  const isReasonTold = story.outcome === 'refused' || story.outcome === 'unknown';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="generator" content="${story.madeBy}">
<title>${story.from} → ${story.to}: ${words}</title>
<style>${new Html(asset('uplot/dist/uPlot.min.css'))}${new Html(pageStyle)}</style>
</head>
<body>
<main>
<header>
<span class="end ${tone}">${words}</span>
<h1>${verdict(story)}</h1>
<p><time datetime="${story.startedAt}">${readable(story.startedAt)}</time></p>
${story.reason === undefined || isReasonTold ? undefined : html`<p class="reason">${story.reason}</p>`}
${story.resumed === undefined ? undefined : html`<p>It had been broken off, and was ended later: ${story.resumed}.</p>`}
</header>
${keyFigures(story)}
${charts === undefined ? undefined : timeline(story, charts)}
${story.gaugeTrouble === undefined ? undefined : html`<p class="reason">Commands per second were not counted: ${story.gaugeTrouble}</p>`}
${stepTable(story)}
${protectionSection(story)}
${nodeTable(story)}
${canarySection(story)}
${errorTable(story)}
${findingTable(story)}
<footer>Made by ${story.madeBy}. This file is complete in itself and asks nobody for anything.</footer>
</main>
${
  charts === undefined
    ? undefined
    : html`<script>${new Html(asset('uplot/dist/uPlot.iife.min.js'))}</script>
<script>(${new Html(drawCharts.toString())})(${scriptValue(charts)}, uPlot, window);</script>`
}
</body>
</html>
`.text;
}

function timeline({ from, to, canary, tracks, switch: report }: SwitchStory, { waited }: ChartData): Html {
  const stallKey =
    report?.unwritableMs === undefined ? undefined : html`<span class="key stall">no node took writes</span>`;
  const nodeKeys = html`<span class="key from">${from}</span><span class="key to">${to}</span>`;
  const isAnybodyWaiting = tracks.some(({ waitingClients }) => waitingClients.some((clients) => clients > 0));
  return html`<h2>What the clients felt</h2>
<p>Zero is the moment at which writes began to wait. Drag across a chart to look closer.</p>
<div class="charts">
<div class="views" id="views"></div>
<figure id="steps-chart"><figcaption><strong>Steps</strong>${stallKey}</figcaption><div></div></figure>
${tracks.length === 0 ? undefined : html`<figure id="rate-chart"><figcaption><strong>Commands per second at the primary</strong><span class="muted">counted every ${gaugeIntervalMs} ms</span>${nodeKeys}<output></output></figcaption><div></div></figure>`}
${canary === undefined ? undefined : html`<figure id="latency-chart"><figcaption><strong>How long a test write took</strong><span class="key canary">the slowest of each millisecond</span><output></output></figcaption><div></div></figure>`}
${waited === null ? html`<p class="muted">${whyNoLine(report?.sessions)}</p>` : html`<figure id="held-chart"><figcaption><strong>Commands held by Segue's sessions</strong><span class="key canary">as ${whoSays(report?.sessions.waited)} counted it</span><output></output></figcaption><div></div></figure>`}
${isAnybodyWaiting ? html`<figure id="waiting-chart"><figcaption><strong>Clients that a server let wait</strong>${nodeKeys}<output></output></figcaption><div></div></figure>` : undefined}
</div>`;
}

function readable(iso: string): string {
  return `${iso.slice(0, 10)}, ${iso.slice(11, 19)} UTC`;
}

/** A file of a package as text that may stand inside a script or style element. */
function asset(name: string): string {
  const text = readFileSync(createRequire(import.meta.url).resolve(name), 'utf8');
  return text.replace(/<\/(script|style)/gi, '<\\/$1');
}
