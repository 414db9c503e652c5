import type { Sample } from '../history.js';
import type { LiveView } from '../live.js';
import type { Browser } from './browser.js';
import type { Charts, Line } from './charts.js';
import type { Sections } from './sections.js';
import type { Words } from './words.js';

/** What the page is made of; each of these functions stands in the page as its source. */
export interface Kit {
  words(): Words;
  charts(page: Browser, words: Words, spanMs: number): Charts;
  sections(page: Browser, words: Words): Sections;
}

/**
 * Asks the gateway once a second and shows what it says. The token is kept for as long as the tab is open, and goes nowhere
 * but into a header of these requests. Runs in the browser: it uses nothing but its arguments.
 */
export function livePage(page: Browser, kit: Kit): void {
  const intervalMs = 1_000;
  const patienceMs = 5_000;
  const spanMs = 5 * 60_000;
  const tokenName = 'segue-admin-token';
  const { document, sessionStorage } = page;
  const words = kit.words();
  const { chart, linear, decades } = kit.charts(page, words, spanMs);
  const parts = kit.sections(page, words);
  const byId = (id: string) => document.getElementById(id)!;

  const rateLine = (name: string, tone: string, value: Line['value']): Line => ({ name, tone, isFilled: true, value });
  const timeLine = (name: string, tone: string, value: Line['value']): Line => ({ name, tone, isFilled: false, value });
  const drawRate = chart({
    id: 'rate',
    lines: [rateLine('commands a second', 'to', (sample) => sample.commands)],
    scale: linear(words.amount, 10),
    format: words.amount,
  });
  const drawTimes = chart({
    id: 'times',
    lines: [
      timeLine('slowest', 'other', (sample) => sample.maxMs),
      timeLine('99 of 100 within', 'from', (sample) => sample.p99Ms),
      timeLine('half within', 'canary', (sample) => sample.p50Ms),
    ],
    scale: decades(words.duration),
    format: words.duration,
  });

  let samples: Sample[] = [];
  let startedAt = 0;
  let answeredAt: number | undefined;
  let timer = 0;

  function take(view: LiveView): void {
    // Another process: its history has nothing to do with what is here.
    if (view.startedAt !== startedAt) samples = [];
    startedAt = view.startedAt;
    const known = samples.at(-1)?.seq ?? 0;
    samples.push(...view.samples.filter(({ seq }) => seq > known));
    samples = samples.slice(-view.samplesMax);
    const marks = view.switches.map(({ at, kind, uncertain, givenUp }) => ({
      at,
      isBad: kind === 'lost' || uncertain + givenUp > 0,
    }));
    parts.show({ ...view, samples });
    drawRate(samples, view.at, marks);
    drawTimes(samples, view.at, marks);
  }

  /** `picture`: what the gateway says. `token`: it asks for one. `silent`: it does not answer. */
  function become(state: 'picture' | 'token' | 'silent', why = ''): void {
    byId('door').hidden = state !== 'token';
    byId('live').hidden = state === 'token' || answeredAt === undefined;
    byId('silent').hidden = state !== 'silent';
    byId('forget').hidden = state === 'token' || sessionStorage.getItem(tokenName) === null;
    document.body.classList.toggle('stale', state === 'silent');
    if (state === 'token') {
      byId('door-why').textContent = why;
      document.title = 'Segue gateway';
    }
    if (state === 'silent') byId('silent').textContent = why;
  }

  function headers(): Record<string, string> {
    const token = sessionStorage.getItem(tokenName);
    return token === null ? {} : { Authorization: `Bearer ${token}` };
  }

  async function ask(): Promise<void> {
    const patience = new page.AbortController();
    const limit = page.setTimeout(() => patience.abort(), patienceMs);
    try {
      const since = samples.at(-1)?.seq ?? 0;
      const answer = await page.fetch(`live?since=${since}&of=${startedAt}`, {
        headers: headers(),
        signal: patience.signal,
        cache: 'no-store',
      });
      if (answer.status === 401) refused();
      else if (!answer.ok) become('silent', `The gateway answered ${answer.status} instead of what it is doing.`);
      else {
        const view = (await answer.json()) as LiveView;
        answeredAt = view.at;
        become('picture');
        take(view);
      }
    } catch {
      const since = answeredAt === undefined ? '' : ` since ${words.clock(answeredAt)}`;
      become('silent', `The gateway has not answered${since}. What is shown here is from then.`);
    } finally {
      page.clearTimeout(limit);
    }
  }

  function refused(): void {
    const isWrong = sessionStorage.getItem(tokenName) !== null;
    sessionStorage.removeItem(tokenName);
    answeredAt = undefined;
    become('token', isWrong ? 'This is not the token.' : '');
    byId('token').focus();
  }

  /** Nobody looks: nothing is asked. While the token is asked for, too. */
  async function tick(): Promise<void> {
    page.clearTimeout(timer);
    if (!document.hidden && byId('door').hidden) await ask();
    page.clearTimeout(timer);
    timer = page.setTimeout(tick, intervalMs);
  }

  byId('door').addEventListener('submit', (event) => {
    event.preventDefault();
    const field = byId('token');
    if (field.value === '') return;
    sessionStorage.setItem(tokenName, field.value);
    field.value = '';
    void ask();
  });
  byId('forget').addEventListener('click', () => {
    sessionStorage.removeItem(tokenName);
    refused();
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void tick();
  });
  void tick();
}
