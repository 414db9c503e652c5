import { encodeCommand } from '../resp/index.js';
import type { Intake } from './intake.js';

const CAPA = encodeCommand(['CLIENT', 'CAPA', 'redirect']);

export interface CapabilityHost {
  /** Sends what was taken. */
  flush(): void;
}

/** Whether the node knows that this client understands redirects. Some refuse to hear it before AUTH. */
export class Capability {
  /** `due`: it would hear it now. */
  #at: 'told' | 'refused' | 'due' = 'told';

  constructor(
    private readonly intake: Intake,
    private readonly host: CapabilityHost,
  ) {}

  /** A node was joined. `capable`: it has heard it. */
  joined(capable: boolean): void {
    this.#at = capable ? 'told' : 'refused';
  }

  /** The node is one by now that should hear it. */
  missing(): void {
    this.#at = 'due';
    this.announce();
  }

  /** The client has shown who it is. */
  authenticated(): void {
    if (this.#at === 'refused') this.#at = 'due';
    this.announce();
  }

  /** Says it, if it is due, as soon as it is not in the way of a transaction. */
  announce(): void {
    if (this.#at !== 'due' || !this.intake.between) return;
    this.#at = 'told';
    this.intake.inject(CAPA, { is: 'own' });
    this.host.flush();
  }
}
