import { describe, expect, it } from 'vitest';
import { html, scriptValue } from '../../../../src/switchover/report/html.js';
import { reportPage, type SwitchStory, verdict } from '../../../../src/switchover/report/index.js';
import { story, storyOfHeld } from './story-fixture.js';

/** What a reader sees: without the libraries, the style, the data and the tags. */
function textOf(page: string): string {
  return page
    .replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
}

describe('the page', () => {
  it('tells the whole story in words', () => {
    const text = textOf(reportPage(story()));
    for (const part of [
      'switched and proven',
      '10.0.0.2:6379 took over from 10.0.0.1:6379 in 2.00 ms; of 1,053 writes made meanwhile none was lost, doubled or reordered.',
      '2026-11-23, 04:50:37 UTC',
      '12 of 12 sessions on Segue held their commands',
      'let writes at the old primary wait',
      '+0.40 ms',
      '−25.0 ms',
      '2 of 2 processes answered within 4.60 ms, with 12 sessions, in which 44 commands waited',
      'also after a restart',
      'segue:canary:0011',
      'READONLY once',
      'READONLY 10.0.0.1:6379 2',
      'one would see errors (1)',
      'give it Segue',
      'Made by segue 1.2.3',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('asks nobody for anything', () => {
    const page = reportPage(story());
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/\b(src|href)=/);
    expect(page).not.toMatch(/@import|url\(|fetch\(|XMLHttpRequest|WebSocket/);
    expect(page.length).toBeLessThan(200_000);
  });

  it('is text all the way: whatever a server says stays harmless', () => {
    const evil = '</script><img src=x onerror=alert(1)>';
    const findings = [
      { check: 'lag', verdict: 'warning' as const, reason: evil, node: evil, measured: evil, remedy: evil },
    ];
    const base = story();
    const page = reportPage({
      ...base,
      reason: evil,
      from: evil,
      findings,
      tracks: [{ ...base.tracks[0]!, node: evil }],
    });
    expect(page).not.toContain('<img');
    expect(page.match(/<\/script>/g)).toHaveLength(2);
  });

  it('has no pictures where nothing was seen, and says why there is no canary', () => {
    const page = reportPage(story({ canary: undefined, canaryTrouble: 'NOPERM no permission', tracks: [] }));
    expect(page).not.toContain('<script');
    expect(textOf(page)).toContain('There was no canary: NOPERM no permission');
  });

  it('says of a switch that was ended later that it was, and counts its steps from their beginning', () => {
    const { switch: report } = story();
    const steps = [{ name: 'demote' as const, startedMs: 3, durationMs: 1 }];
    const resumed = { ...report!, steps, unwritableMs: undefined, pausedMs: undefined };
    const unseen = { canary: undefined, tracks: [], resumed: 'the other has been promoted' };
    const text = textOf(reportPage(story({ ...unseen, switch: resumed })));
    expect(text).toContain('It had been broken off, and was ended later: the other has been promoted.');
    expect(text).toContain('Times count from the beginning.');
    expect(text).not.toContain('writes began to wait');
  });

  it('draws what waited in the sessions, by whose count', () => {
    const page = reportPage(storyOfHeld());
    expect(page).toContain('id="held-chart"');
    const text = textOf(page);
    expect(text).toContain("Commands held by Segue's sessions as 2 processes counted it");
    expect(text).toContain('91 commands waited at the most, for 5.50 ms at the longest, as 2 processes counted it');
    expect(textOf(reportPage(storyOfHeld({ answered: 1 })))).toContain('as 1 of 2 processes counted it');
  });

  it.each<[string, SwitchStory, string]>([
    ['nobody has said it', storyOfHeld({ answered: 0, waiting: [] }), 'of 2 processes that held none said it in time'],
    ['nobody held', story(), "No process with Segue's sessions held"],
    [
      'nobody was told',
      story({ switch: { ...story().switch!, sessions: { silent: 'turned off' } } }),
      'they were not told (turned off)',
    ],
  ])('says in words that there is nothing to draw where %s', (_name, told, words) => {
    const page = reportPage(told);
    expect(page).not.toContain('id="held-chart"');
    expect(textOf(page).replaceAll('&#39;', "'")).toContain(words);
  });

  it('says why nothing was counted', () => {
    const text = textOf(reportPage(story({ tracks: [], gaugeTrouble: 'the thread ended with code 1' })));
    expect(text).toContain('Commands per second were not counted: the thread ended with code 1');
  });

  it('claims no absence of errors where nobody could look any more', () => {
    expect(textOf(reportPage(story({ after: [], errors: [] })))).not.toContain('Errors that the servers gave');
  });

  it.each([
    ['refused', 'The switch from 10.0.0.1:6379 to 10.0.0.2:6379 was not begun: the link is down.'],
    ['given-up', 'The switch from 10.0.0.1:6379 to 10.0.0.2:6379 was given up, and nothing has changed.'],
    [
      'unproven',
      '10.0.0.2:6379 took over from 10.0.0.1:6379 in 2.00 ms, but not everything that should follow could be shown.',
    ],
    ['unknown', 'A person must look at 10.0.0.1:6379 and 10.0.0.2:6379: the link is down.'],
  ] as const)('says of %s what is the case, and why', (outcome, sentence) => {
    const told = story({ outcome, reason: 'the link is down' });
    expect(verdict(told)).toBe(sentence);
    expect(textOf(reportPage(told))).toContain('the link is down');
  });

  it('does not claim what the canary could not show', () => {
    const { canary } = story();
    const text = verdict(story({ canary: { ...canary!, isProven: false } }));
    expect(text).toContain('whether all 1,053 writes made meanwhile are there could not be shown');
  });
});

describe('html', () => {
  it('takes values for text, and only its own for HTML', () => {
    expect(html`<b title="${'"'}">${'<&>'}${html`<i>${1}</i>`}${undefined}${['a', html`<br>`]}</b>`.text).toBe(
      '<b title="&quot;">&lt;&amp;&gt;<i>1</i>a<br></b>',
    );
  });

  it('lets no value end a script', () => {
    expect(scriptValue({ a: '</script>\u2028' }).text).toBe('{"a":"\\u003c/script>\\u2028"}');
  });
});
