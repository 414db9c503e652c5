import type { Screen } from '../terminal.js';

const csi = '\u001b[';

/** A picture that is drawn again and again on a terminal of its own size, and leaves its last state behind. */
export class WatchScreen {
  #last: readonly string[] = [];
  #isOpen = false;

  constructor(private readonly screen: Screen & { readonly rows?: number | undefined }) {}

  draw(lines: readonly string[]): void {
    // The other screen of the terminal, without a cursor and without wrapping: what was there before comes back at the end.
    if (!this.#isOpen) this.screen.write(`${csi}?1049h${csi}?25l${csi}?7l`);
    this.#isOpen = true;
    this.#last = lines;
    const shown = lines.slice(0, Math.max(1, (this.screen.rows || 24) - 1));
    this.screen.write(`${csi}H${shown.map((line) => `${line}${csi}K\n`).join('')}${csi}J`);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.screen.write(`${csi}?7h${csi}?25h${csi}?1049l${this.#last.map((line) => `${line}\n`).join('')}`);
  }
}
