import type { ChartData } from './chart-data.js';

/** The little of a browser that the charts need: this package is compiled without its types. */
interface Element {
  textContent: string;
  readonly clientWidth: number;
  append(child: Element): void;
  replaceChildren(): void;
  setAttribute(name: string, value: string): void;
  addEventListener(event: string, listener: () => void): void;
  querySelector(selector: string): Element | null;
  readonly classList: { add(name: string): void; remove(name: string): void; contains(name: string): boolean };
}
interface Browser {
  readonly document: {
    readonly documentElement: Element;
    getElementById(id: string): Element | null;
    createElement(name: string): Element;
  };
  getComputedStyle(element: Element): { getPropertyValue(name: string): string };
  matchMedia(query: string): { addEventListener(event: string, listener: () => void): void };
  addEventListener(event: string, listener: () => void): void;
  readonly devicePixelRatio: number;
}
interface Brush {
  fillStyle: string;
  font: string;
  textAlign: string;
  save(): void;
  restore(): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  measureText(text: string): { readonly width: number };
}
interface Plot {
  readonly ctx: Brush;
  readonly bbox: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  readonly cursor: { readonly idx: number | null | undefined };
  valToPos(value: number, scale: string, canvas: boolean): number;
  setScale(scale: string, range: { readonly min: number; readonly max: number }): void;
  setSize(size: { readonly width: number; readonly height: number }): void;
  destroy(): void;
}
interface Plotter {
  new (options: object, data: unknown, target: Element): Plot;
  join(tables: unknown): unknown[][];
  paths: { stepped(options: object): unknown; bars(options: object): unknown };
}

/**
 * Runs in the reader's browser: the report carries its source. So it uses nothing but its arguments, and everything it
 * needs stands inside it.
 */
export function drawCharts(data: ChartData, uPlot: unknown, browser: unknown): void {
  const Chart = uPlot as Plotter;
  const page = browser as Browser;
  const { document } = page;
  const padding = [8, 24, 0, 0]; // the same for all, so that their times stand below each other
  let plots: Plot[] = [];
  let view = data.views[0]!.range;

  const colour = (name: string): string =>
    page.getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const faint = (name: string): string => `color-mix(in srgb, ${colour(name)} 18%, transparent)`;
  const time = (ms: number): string =>
    Math.abs(ms) >= 1_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms * 100) / 100} ms`;
  const amount = (value: number): string => Math.round(value).toLocaleString('en-US');

  const isOnPaper = (): boolean => document.documentElement.classList.contains('on-paper');
  /** Paper is narrower than most screens, and is not laid out yet when the charts are drawn for it. */
  const widthOf = (target: Element): number => (isOnPaper() ? Math.min(target.clientWidth, 640) : target.clientWidth);

  /** Behind everything: the time in which no node took writes. */
  function shade(plot: Plot): void {
    if (data.stall === null) return;
    const from = plot.valToPos(data.stall[0], 'x', true);
    const to = plot.valToPos(data.stall[1], 'x', true);
    plot.ctx.save();
    plot.ctx.fillStyle = colour('stall');
    plot.ctx.fillRect(from, plot.bbox.top, Math.max(to - from, 2 * page.devicePixelRatio), plot.bbox.height);
    plot.ctx.restore();
  }

  /** From far away the steps are one bar; closer by each has its own, in the first row that is free there. */
  function drawSteps(plot: Plot): void {
    const { ctx, bbox } = plot;
    const ratio = page.devicePixelRatio;
    const at = (ms: number): number => plot.valToPos(ms, 'x', true);
    const [first, last] = [data.steps[0]!, data.steps[data.steps.length - 1]!];
    const isFar = at(last.to) - at(first.from) < 240 * ratio;
    const steps = isFar ? [{ name: 'the switch', from: first.from, to: last.to }] : data.steps;
    const bars = data.held === null ? steps : [...steps, data.held];
    const [start, end] = [bbox.left, bbox.left + bbox.width];
    const rows: number[] = [];
    ctx.save();
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    for (const bar of bars) {
      const [left, right] = [
        Math.max(at(bar.from), start),
        Math.min(Math.max(at(bar.to), at(bar.from) + 2 * ratio), end),
      ];
      if (right < left) continue;
      const width = ctx.measureText(bar.name).width;
      const isRight = left + width + 6 * ratio <= end;
      let row = rows.findIndex((taken) => taken < left);
      if (row < 0) row = rows.length;
      rows[row] = Math.max(right, left + width + 10 * ratio);
      const top = bbox.top + row * 20 * ratio;
      const tone = bar === data.held ? 'canary' : 'to';
      ctx.fillStyle = faint(tone);
      ctx.fillRect(left, top, right - left, 17 * ratio);
      ctx.fillStyle = colour(tone);
      ctx.fillRect(left, top, 2 * ratio, 17 * ratio);
      ctx.fillStyle = colour('ink');
      ctx.textAlign = isRight ? 'left' : 'right';
      ctx.fillText(bar.name, isRight ? left + 6 * ratio : left - 4 * ratio, top + 13 * ratio);
    }
    ctx.restore();
  }

  /** Each write as a bar from when it was sent to when it was answered, at the height of the wait. */
  function drawWrites(plot: Plot): void {
    if (data.canary === null) return;
    const { at, worst } = data.canary;
    const ratio = page.devicePixelRatio;
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.fillStyle = colour('canary');
    for (let index = 0; index < at.length; index++) {
      const right = plot.valToPos(at[index]!, 'x', true);
      const left = Math.max(plot.valToPos(at[index]! - worst[index]!, 'x', true), bbox.left);
      if (right < bbox.left || left > bbox.left + bbox.width) continue;
      const width = Math.max(Math.min(right, bbox.left + bbox.width) - left, 3 * ratio);
      ctx.fillRect(left, plot.valToPos(worst[index]!, 'y', true) - 1.5 * ratio, width, 3 * ratio);
    }
    ctx.restore();
  }

  function axes(format: (value: number) => string): object[] {
    const common = {
      stroke: colour('muted'),
      grid: { stroke: colour('line'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    return [
      { ...common, values: (_: unknown, marks: number[]) => marks.map(time), size: 28 },
      { ...common, values: (_: unknown, marks: number[]) => marks.map(format), size: 72 },
    ];
  }

  interface Series {
    readonly label: string;
    readonly colour: string;
    readonly at: readonly number[];
    readonly values: readonly (number | null)[];
  }

  function chart(
    id: string,
    series: readonly Series[],
    look: { height: number; format: (value: number) => string; dots?: boolean; stepped?: 1 | -1 },
  ): void {
    const figure = document.getElementById(id);
    const target = figure?.querySelector('div');
    if (figure === null || target == null) return;
    const output = figure.querySelector('output');
    const table = Chart.join(series.map((one) => [one.at, one.values]));
    const readout = (plot: Plot): void => {
      if (output === null) return;
      const index = plot.cursor.idx;
      const at = index == null ? undefined : (table[0]![index] as number);
      const shown = series.flatMap((one, row) => {
        const value = index == null ? undefined : (table[row + 1]![index] as number | null | undefined);
        return value == null ? [] : [`${one.label} ${look.format(value)}`];
      });
      output.textContent = at === undefined || shown.length === 0 ? '' : `at ${time(at)}: ${shown.join(', ')}`;
    };
    const options = {
      width: widthOf(target),
      height: look.height,
      legend: { show: false },
      padding,
      cursor: { sync: { key: 'switch' }, drag: { x: true, y: false }, points: { size: 7 } },
      scales: {
        x: { time: false, range: (_: unknown, min: number, max: number) => [min, max] },
        y: { range: (_: unknown, __: number, max: number) => [0, (max || 1) * 1.12] },
      },
      axes: axes(look.format),
      series: [
        {},
        ...series.map((one) => ({
          label: one.label,
          stroke: colour(one.colour),
          fill: look.dots ? undefined : faint(one.colour),
          width: look.dots ? 0 : 1.6,
          points: { show: false },
          paths: look.stepped ? Chart.paths.stepped({ align: look.stepped }) : look.dots ? () => null : undefined,
        })),
      ],
      hooks: { drawClear: [shade], draw: look.dots ? [drawWrites] : [], setCursor: [readout] },
    };
    plots.push(new Chart(options, table, target));
  }

  function stepChart(): void {
    const target = document.getElementById('steps-chart')?.querySelector('div');
    if (target == null) return;
    const options = {
      width: widthOf(target),
      height: 140,
      legend: { show: false },
      padding,
      cursor: { sync: { key: 'switch' }, drag: { x: true, y: false }, y: false, points: { show: false } },
      scales: { x: { time: false, range: (_: unknown, min: number, max: number) => [min, max] }, y: { range: [0, 1] } },
      axes: [{ show: false }, { size: 72, stroke: 'transparent', grid: { show: false }, ticks: { show: false } }],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { drawClear: [shade], draw: [drawSteps] },
    };
    plots.push(
      new Chart(
        options,
        [
          [data.whole[0], data.whole[1]],
          [0, 0],
        ],
        target,
      ),
    );
  }

  function draw(): void {
    for (const plot of plots) plot.destroy();
    plots = [];
    stepChart();
    const roles = { from: 'from', to: 'to', other: 'other' } as const;
    const rates = data.nodes.filter(({ rate }) => rate.some((value) => value !== null));
    chart(
      'rate-chart',
      rates.map((node) => ({ label: node.name, colour: roles[node.role], at: node.at, values: node.rate })),
      { height: 190, format: amount, stepped: -1 },
    );
    if (data.canary !== null) {
      const { at, worst } = data.canary;
      chart('latency-chart', [{ label: 'a write took', colour: 'canary', at, values: worst }], {
        height: 190,
        format: time,
        dots: true,
      });
    }
    if (data.waited !== null) {
      const { at, commands } = data.waited;
      chart('held-chart', [{ label: 'commands held', colour: 'canary', at, values: commands }], {
        height: 130,
        format: amount,
        stepped: -1,
      });
    }
    const waiting = data.nodes.filter((node) => node.waiting.some((value) => value > 0));
    chart(
      'waiting-chart',
      waiting.map((node) => ({ label: node.name, colour: roles[node.role], at: node.at, values: node.waiting })),
      { height: 130, format: amount, stepped: 1 },
    );
    show(view);
  }

  function show(range: ChartData['whole']): void {
    view = range;
    for (const plot of plots) plot.setScale('x', { min: range[0], max: range[1] });
  }

  const bar = document.getElementById('views');
  const buttons = data.views.map(({ name, range }, index) => {
    const button = document.createElement('button');
    button.textContent = name;
    button.setAttribute('type', 'button');
    button.addEventListener('click', () => {
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
      show(range);
    });
    button.setAttribute('aria-pressed', String(index === 0));
    bar?.append(button);
    return button;
  });

  draw();
  page.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  page.addEventListener('resize', draw);
  page.addEventListener('beforeprint', () => {
    document.documentElement.classList.add('on-paper');
    draw();
  });
  page.addEventListener('afterprint', () => {
    document.documentElement.classList.remove('on-paper');
    draw();
  });
}
