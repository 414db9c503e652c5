import type { DemoListener, DemoStep, SideProgress } from '../../lab/demo/index.js';
import { count, time } from '../format.js';
import { padEnd, padStart, type Style } from '../style.js';

/** The part of a stream that a view writes to. */
export interface Screen {
  write(text: string): unknown;
  readonly columns?: number | undefined;
}

/** A view that can be ended: what it drew last stays. */
export interface DemoView extends DemoListener {
  close(): void;
}

type Sides = { readonly plain: SideProgress; readonly segue: SideProgress };

/** One line for each thing that ends, and the sides at each of them: for files and pipes. */
export function lineView(screen: Screen, style: Style): DemoView {
  let last: Sides | undefined;
  return {
    begun() {},
    ended(step, durationMs, detail) {
      screen.write(`${stepLine('done', step, durationMs, detail, style)}\n`);
      if (last === undefined || step.name === 'check') return;
      for (const line of sideLines(last, style)) screen.write(`${line}\n`);
    },
    progress(sides) {
      last = sides;
    },
    note(line) {
      screen.write(`    ${line}\n`);
    },
    close() {},
  };
}

/** The same, redrawn in place several times a second. */
export function liveView(screen: Screen, style: Style): DemoView {
  const done: string[] = [];
  let current: { step: DemoStep; begunAt: number } | undefined;
  let note = '';
  let sides: Sides | undefined;
  let drawn = 0;
  let isClosed = false;

  function draw(): void {
    if (isClosed) return;
    const lines = [...done];
    if (current !== undefined) {
      lines.push(stepLine('doing', current.step, performance.now() - current.begunAt, note, style));
      if (sides !== undefined) lines.push('', ...sideLines(sides, style));
    }
    const width = screen.columns || 80; // a terminal that does not know says 0
    const text = lines.map((line) => `\u001b[2K${clip(line, width)}\n`).join('');
    screen.write(`${drawn > 0 ? `\u001b[${drawn}F` : ''}${text}\u001b[0J`);
    drawn = lines.length;
  }

  const timer = setInterval(() => current !== undefined && draw(), 100);
  return {
    begun(step) {
      current = { step, begunAt: performance.now() };
      note = '';
      if (step.name === 'check') sides = undefined; // the load is stopped: nothing written is no stall
      draw();
    },
    ended(step, durationMs, detail) {
      done.push(stepLine('done', step, durationMs, detail, style));
      current = undefined;
      draw();
    },
    progress(now) {
      sides = now;
    },
    note(line) {
      note = line;
    },
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}

function stepLine(state: 'doing' | 'done', step: DemoStep, ms: number, detail: string, style: Style): string {
  const mark = state === 'done' ? style.good('✓') : style.accent('▸');
  const text = detail === '' ? step.title : `${step.title}: ${detail}`;
  return `  ${mark} ${padEnd(text, 62)} ${style.dim(padStart(time(ms), 8))}`;
}

function sideLines({ plain, segue }: Sides, style: Style): string[] {
  const line = (name: string, side: SideProgress): string => {
    const errors = side.errors + side.jobErrors;
    const cells = [
      padStart(`${count(side.writes)} writes`, 16),
      (errors === 0 ? style.good : style.bad)(padStart(`${count(errors)} errors`, 15)),
      padStart(`${count(side.jobsDone)} jobs`, 12),
      side.stallMs >= 500 ? style.bad(`nothing written for ${time(side.stallMs)}`) : '',
    ];
    return `    ${padEnd(name, 10)}${cells.join('  ')}`.trimEnd();
  };
  return [line('plain', plain), line('Segue', segue)];
}

/** A line that is too long would wrap and spoil the count of lines. */
function clip(line: string, width: number): string {
  const text = [...line];
  let [columns, index] = [0, 0];
  while (index < text.length && columns < width - 1) {
    if (text[index] === '\u001b') while (text[index] !== 'm' && index < text.length) index += 1;
    else columns += 1;
    index += 1;
  }
  return index < text.length ? `${text.slice(0, index).join('')}\u001b[0m` : line;
}
