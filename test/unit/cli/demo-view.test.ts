import { describe, expect, it } from 'vitest';
import { type DemoView, lineView, liveView } from '../../../src/cli/demo/demo-view.js';
import { makeStyle } from '../../../src/cli/style.js';
import type { SideProgress } from '../../../src/lab/demo/index.js';

const load = { name: 'load', title: 'put it under load' } as const;
const change = { name: 'switch', title: 'switch' } as const;

function progress(changes: Partial<SideProgress> = {}): SideProgress {
  return { writes: 1000, errors: 0, stallMs: 1, jobsAdded: 12, jobsDone: 10, jobErrors: 0, ...changes };
}

function play(view: DemoView): void {
  view.begun(load);
  view.progress({ plain: progress({ errors: 7, stallMs: 2500 }), segue: progress({ writes: 2000 }) });
  view.ended(load, 3012, '');
  view.begun(change);
  view.note('a remark');
  view.ended(change, 3.21, 'writes waited 1.0 ms');
  view.close();
}

/** The screen after all that was written: knows the two movements that the view makes. */
class Terminal {
  readonly columns = 60;
  private lines: string[] = [''];
  private row = 0;

  write(text: string): void {
    for (const [part] of text.matchAll(new RegExp(`${'\u001b'}\\[\\d*[A-Za-z]|\n|[^\n\u001b]+`, 'g'))) this.take(part);
  }

  private take(part: string): void {
    const move = /\[(\d*)([FJKm])$/.exec(part.startsWith('\u001b') ? part : '');
    if (part === '\n') this.lines[++this.row] ??= '';
    else if (move === null) this.lines[this.row] += part;
    else if (move[2] === 'F') this.row -= Number(move[1]);
    else if (move[2] === 'K') this.lines[this.row] = '';
    else if (move[2] === 'J') this.lines.splice(this.row, Infinity, '');
  }

  get text(): string[] {
    return this.lines;
  }
}

describe('the view for pipes and files', () => {
  it('writes a line for each thing that has ended, and how the sides are', () => {
    let text = '';
    play(lineView({ write: (part: string) => (text += part) }, makeStyle(false)));
    expect(text.split('\n')).toEqual([
      '  ✓ put it under load                                                 3.0 s',
      '    plain         1,000 writes         7 errors       10 jobs  nothing written for 2.5 s',
      '    Segue         2,000 writes         0 errors       10 jobs',
      '    a remark',
      '  ✓ switch: writes waited 1.0 ms                                     3.2 ms',
      '    plain         1,000 writes         7 errors       10 jobs  nothing written for 2.5 s',
      '    Segue         2,000 writes         0 errors       10 jobs',
      '',
    ]);
    expect(text).not.toContain('\u001b');
  });
});

describe('the view for terminals', () => {
  it('leaves one line for each thing that has ended, clipped to the width', () => {
    const terminal = new Terminal();
    play(liveView(terminal, makeStyle(true)));
    expect(terminal.text).toEqual([
      '  ✓ put it under load                                      ',
      '  ✓ switch: writes waited 1.0 ms                           ',
      '',
    ]);
  });

  it('draws nothing once it is closed', () => {
    const terminal = new Terminal();
    const view = liveView(terminal, makeStyle(false));
    play(view);
    const before = [...terminal.text];
    view.begun(change);
    view.ended(change, 1, '');
    expect(terminal.text).toEqual(before);
  });

  it('shows the sides while something goes on', () => {
    const terminal = new Terminal();
    const view = liveView(terminal, makeStyle(false));
    view.begun(load);
    view.progress({ plain: progress(), segue: progress({ writes: 2000 }) });
    view.ended(load, 1, '');
    view.begun(change);
    expect(terminal.text[1]).toContain('▸ switch');
    expect(terminal.text[3]).toContain('plain         1,000 writes');
    expect(terminal.text[4]).toContain('Segue         2,000 writes');
    view.close();
  });
});
