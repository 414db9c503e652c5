import type { StepReport } from '../../switchover/index.js';
import { time } from '../format.js';
import { padEnd, padStart, type Style } from '../style.js';
import type { Screen, Terminal } from '../terminal.js';

const redrawMs = 100;
/** Below that nobody can read what goes on. */
const quietMs = 400;

/** A line for each step that has ended; on a terminal also that something goes on, when it takes longer. */
export class StepView {
  readonly #screen: Screen;
  readonly #style: Style;
  readonly #timer: NodeJS.Timeout | undefined;
  #since = performance.now();
  #isDrawn = false;

  constructor({ err, errStyle, canRedraw }: Terminal) {
    this.#screen = err;
    this.#style = errStyle;
    if (canRedraw) this.#timer = setInterval(() => this.#draw(), redrawMs);
  }

  ended({ name, durationMs, error }: StepReport): void {
    this.#erase();
    const mark = error === undefined ? this.#style.good('✓') : this.#style.bad('✗');
    const took = this.#style.dim(padStart(time(durationMs), 8));
    this.#screen.write(`  ${mark} ${padEnd(name, 12)}${took}${error === undefined ? '' : `  ${error}`}\n`);
    this.#since = performance.now();
  }

  /** Something to know meanwhile. */
  note(text: string): void {
    this.#erase();
    this.#screen.write(`  ${this.#style.accent('!')} ${text}\n`);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #draw(): void {
    const elapsedMs = performance.now() - this.#since;
    if (elapsedMs < quietMs) return;
    this.#erase();
    this.#screen.write(`  ${this.#style.accent('▸')} ${this.#style.dim(`working, ${time(elapsedMs)}`)}`);
    this.#isDrawn = true;
  }

  #erase(): void {
    if (this.#isDrawn) this.#screen.write('\r\u001b[2K');
    this.#isDrawn = false;
  }
}
