import { describe, expect, it } from 'vitest';
import { WatchScreen } from '../../../../src/cli/status/watch-screen.js';

describe('the screen of --watch', () => {
  it('gives the terminal back as it was, with the last picture on it', () => {
    let text = '';
    const screen = new WatchScreen({ write: (part: string) => (text += part), rows: 3 });
    screen.draw(['one', 'two', 'three', 'four']);
    expect(text).toContain('\u001b[?1049h');
    expect(text).not.toContain('three'); // no more than there is room for
    text = '';
    screen.close();
    expect(text).toBe('\u001b[?7h\u001b[?25h\u001b[?1049lone\ntwo\nthree\nfour\n');
    screen.close();
    expect(text.endsWith('four\n')).toBe(true);
  });

  it('does nothing when nothing was drawn', () => {
    let text = '';
    new WatchScreen({ write: (part: string) => (text += part) }).close();
    expect(text).toBe('');
  });
});
