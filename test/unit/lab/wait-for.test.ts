import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/lab/wait-for.js';

describe('waitFor', () => {
  it('resolves with what was seen', async () => {
    let looks = 0;
    const look = (): string | undefined => {
      looks += 1;
      return looks > 3 ? `look ${looks}` : undefined;
    };
    expect(await waitFor(look, { deadlineMs: 5_000, what: 'four looks' })).toBe('look 4');
  });

  it('looks at once', async () => {
    let looks = 0;
    await waitFor(() => (looks += 1), { deadlineMs: 0, what: 'one look' });
    expect(looks).toBe(1);
  });

  it('takes a condition, so that falsy values can be awaited', async () => {
    let left = 3;
    expect(await waitFor(() => (left -= 1), { deadlineMs: 5_000, what: 'zero', until: (value) => value === 0 })).toBe(
      0,
    );
  });

  it('counts a look that throws as not yet', async () => {
    let looks = 0;
    const look = (): string => {
      looks += 1;
      if (looks < 3) throw new Error('refused');
      return 'there';
    };
    expect(await waitFor(look, { deadlineMs: 5_000, what: 'it' })).toBe('there');
  });

  it('says at the deadline what was awaited and what was seen last', async () => {
    const error = await waitFor(() => ({ state: 'sync' }), {
      deadlineMs: 5,
      what: 'the link to be up',
      until: () => false,
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'SEGUE_LAB_TIMEOUT',
      message: "waited 5 ms for the link to be up; last seen: { state: 'sync' }",
    });
  });

  it('says which error was seen last', async () => {
    const look = (): never => {
      throw new Error('connection refused');
    };
    await expect(waitFor(look, { deadlineMs: 5, what: 'an answer' })).rejects.toThrow(
      /last seen: Error: connection refused/,
    );
  });

  it('does not wait longer for a look that never ends', async () => {
    await expect(waitFor(() => new Promise(() => {}), { deadlineMs: 20, what: 'an answer' })).rejects.toThrow(
      /no answer/,
    );
  });
});
