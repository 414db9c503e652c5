import type { CommandScanner } from '../../resp/index.js';
import { Copies } from './copies.js';

/** The beginning of a command. It goes nowhere before the rest has come. */
export class Carry extends Copies {
  /** `scanner`: stands behind all parts. The carry's own. */
  constructor(readonly scanner: CommandScanner) {
    super();
  }
}
