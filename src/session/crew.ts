import type { Book } from './book.js';
import type { Capability } from './capability.js';
import type { Inlet } from './inlet.js';
import type { Intake } from './intake.js';
import type { SessionOptions } from './options.js';
import type { SessionPorts } from './session-ports.js';
import type { Settler } from './settle.js';
import type { Primary } from './state.js';

/** The parts of a session that the helm sets in motion. */
export interface Crew<P extends Primary> {
  readonly book: Book;
  readonly intake: Intake;
  readonly settler: Settler;
  readonly inlet: Inlet;
  readonly capability: Capability;
  readonly ports: SessionPorts<P>;
  readonly options: SessionOptions;
  /** The session cannot go on; or, without a reason, the client has said good-bye. */
  end(reason?: string): void;
}
