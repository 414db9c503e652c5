import type { Sample } from '../history.js';
import type { Browser, Element } from './browser.js';
import type { Words } from './words.js';

/** What a chart shows of each sample, the line that lies above first. */
export interface Line {
  readonly name: string;
  readonly tone: string;
  readonly isFilled: boolean;
  value(sample: Sample): number | null;
}

export interface Scale {
  /** Where a value lies, from 0 at the bottom to 1 at the top. */
  place(value: number): number;
  readonly marks: readonly { readonly at: number; readonly text: string }[];
}

export interface ChartLook {
  readonly id: string;
  readonly lines: readonly Line[];
  scale(values: readonly number[]): Scale;
  format(value: number): string;
}

/** Times at which something is marked, in ms since 1970. */
export interface Mark {
  readonly at: number;
  readonly isBad: boolean;
}

/**
 * Draws the last minutes as lines. Runs in the browser: the page carries its source, so it uses nothing but its arguments.
 * SVG with colours of the style sheet: it needs no redrawing when light turns to dark, or the window changes.
 */
export function charts(page: Browser, words: Words, spanMs: number) {
  const { document } = page;
  const space = 'http://www.w3.org/2000/svg';
  const [width, height] = [1_000, 100];

  function shape(name: string, attributes: Record<string, string>): Element {
    const element = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  function label(text: string, name: string, share: number): Element {
    const element = document.createElement('span');
    element.textContent = text;
    element.className = name;
    element.style.setProperty('--at', `${(share * 100).toFixed(2)}%`);
    return element;
  }

  /** From zero to a round number above all of them. */
  function linear(format: (value: number) => string, least: number) {
    return (values: readonly number[]): Scale => {
      const max = values.reduce((a, b) => Math.max(a, b), least);
      const power = 10 ** Math.floor(Math.log10(max));
      const top = power * ([1, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= max * 1.001) ?? 20);
      const marks = [0, 0.5, 1].map((at) => ({ at, text: format(at * top) }));
      return { place: (value) => value / top, marks };
    };
  }

  /** Whole powers of ten, two at the least: what takes long does not hide what is quick. */
  function decades(format: (value: number) => string) {
    return (values: readonly number[]): Scale => {
      const known = values.filter((value) => value > 0);
      const low = Math.floor(Math.log10(known.reduce((a, b) => Math.min(a, b), 0.3)));
      const high = Math.max(low + 2, Math.ceil(Math.log10(known.reduce((a, b) => Math.max(a, b), 0.1) * 1.05)));
      const marks = [];
      for (let power = low; power <= high; power++) {
        marks.push({ at: (power - low) / (high - low), text: format(10 ** power) });
      }
      return { place: (value) => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low), marks };
    };
  }

  /** A path per stretch without gaps; `floor`: closed at the bottom, to be filled. */
  function path(points: readonly (readonly [x: number, y: number] | undefined)[], floor: boolean): string {
    let text = '';
    let first: number | undefined;
    let last = 0;
    const close = () => {
      if (first !== undefined && floor) text += `V${height}H${first.toFixed(1)}Z`;
      first = undefined;
    };
    for (const point of points) {
      if (point === undefined) close();
      else {
        const [x, y] = [point[0], height - Math.min(Math.max(point[1], 0), 1) * height];
        text += `${first === undefined ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(2)}`;
        first ??= x;
        last = x;
      }
    }
    // One point alone is a short line.
    if (first === last) text += `h1`;
    close();
    return text;
  }

  /** A chart in the figure with this id. The returned function draws it. */
  function chart({ id, lines, scale, format }: ChartLook) {
    const figure = document.getElementById(id)!;
    const plot = figure.querySelector('.plot')!;
    const readout = figure.querySelector('output')!;
    const svg = shape('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img' });
    const cursor = shape('line', { class: 'cursor', y1: '0', y2: String(height) });
    const labels = document.createElement('div');
    let shown: readonly Sample[] = [];
    let end = 0;
    let pointed: number | undefined;
    plot.replaceChildren(svg, labels);

    const x = (at: number): number => (1 - (end - at) / spanMs) * width;

    function read(): void {
      const at = pointed === undefined ? undefined : end - (1 - pointed) * spanMs;
      const sample =
        at === undefined
          ? undefined
          : shown.find((one, index) => one.at >= at || (index === shown.length - 1 && at - one.at < 3_000));
      cursor.setAttribute('visibility', sample === undefined ? 'hidden' : 'visible');
      readout.textContent = sample === undefined ? '' : sentence(sample);
      if (sample === undefined) return;
      cursor.setAttribute('x1', x(sample.at).toFixed(1));
      cursor.setAttribute('x2', x(sample.at).toFixed(1));
    }

    function sentence(sample: Sample): string {
      const parts = lines.flatMap((line) => {
        const value = line.value(sample);
        return value === null ? [] : [`${line.name} ${format(value)}`];
      });
      return `${words.clock(sample.at)}: ${parts.length === 0 ? 'nothing was asked' : parts.join(', ')}`;
    }

    plot.addEventListener('pointermove', (event) => {
      const { left, width: wide } = plot.getBoundingClientRect();
      pointed = (event.clientX - left) / wide;
      read();
    });
    plot.addEventListener('pointerleave', () => {
      pointed = undefined;
      read();
    });

    return (samples: readonly Sample[], now: number, marks: readonly Mark[]): void => {
      shown = samples;
      end = now;
      const values = samples.flatMap((sample) => lines.map((line) => line.value(sample) ?? 0));
      const { place, marks: levels } = scale(values);
      const drawn = levels.map(({ at }) => {
        const y = String(height - at * height);
        return shape('line', { class: 'level', x1: '0', x2: String(width), y1: y, y2: y });
      });
      for (const mark of marks) {
        const at = x(mark.at).toFixed(1);
        if (mark.at > end - spanMs) {
          drawn.push(shape('line', { class: mark.isBad ? 'mark bad' : 'mark', x1: at, x2: at, y1: '0', y2: '100' }));
        }
      }
      for (const line of lines) {
        const points = samples.map((sample) => {
          const value = line.value(sample);
          return value === null || sample.at < end - spanMs ? undefined : ([x(sample.at), place(value)] as const);
        });
        if (line.isFilled) drawn.push(shape('path', { class: `area ${line.tone}`, d: path(points, true) }));
        drawn.push(shape('path', { class: `line ${line.tone}`, d: path(points, false) }));
      }
      svg.replaceChildren(...drawn, cursor);
      labels.replaceChildren(...levels.map(({ at, text }) => label(text, 'level', at)));
      const last = samples.at(-1);
      svg.setAttribute('aria-label', last === undefined ? 'nothing yet' : `at ${sentence(last)}`);
      read();
    };
  }

  return { chart, linear, decades };
}

export type Charts = ReturnType<typeof charts>;
