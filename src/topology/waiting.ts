/** How many commands waited, counted now and then: ms since a beginning, ascending, and commands. */
export type Waiting = readonly (readonly [atMs: number, commands: number])[];

/**
 * At the most `max` of the points (three or more), so that the first, the last and the highest count stay: of two
 * neighbours the higher one is kept.
 */
export function thinned(points: Waiting, max: number): Waiting {
  let kept = points;
  while (kept.length > max) {
    const [first, last] = [kept[0]!, kept.at(-1)!];
    const inner = kept.slice(1, -1);
    const higher = inner.flatMap((point, at) => {
      if (at % 2 === 1) return [];
      const next = inner[at + 1];
      return [next === undefined || point[1] > next[1] ? point : next];
    });
    kept = [first, ...higher, last];
  }
  return kept;
}
