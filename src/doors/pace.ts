const MS_PER_PIECE = 2;
const PIECES_MAX = 512;

/**
 * How many pieces of work that can wait are done in one turn of the event loop: one, so that those who are served
 * meanwhile get the rest; more when turns are long, or a busy process would take for ever. `turnMs`: how long the last
 * turn was.
 */
export function piecesPerTurn(turnMs: number): number {
  return Math.max(1, Math.min(PIECES_MAX, Math.floor(turnMs / MS_PER_PIECE)));
}
