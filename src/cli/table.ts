import { padEnd, padStart, type Style, widthOf } from './style.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows under a bold head, two blanks between columns, two before the first. Cells may be painted. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string[] {
  const widths = columns.map(({ title }, at) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[at] ?? ''))));
  const line = (cells: readonly string[]): string => {
    const padded = columns.map(({ align }, at) =>
      (align === 'right' ? padStart : padEnd)(cells[at] ?? '', widths[at]!),
    );
    return `  ${padded.join('  ')}`.trimEnd();
  };
  return [style.bold(line(columns.map(({ title }) => title))), ...rows.map(line)];
}

/** Breaks a sentence into lines of at most `width` columns, the further ones indented. Words are never cut. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? `${lines.length > 0 ? indent : ''}${word}` : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
