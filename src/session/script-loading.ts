import { decodeReply } from '../resp/index.js';
import { loadSteps, type RestoreStep, scriptSteps } from './restore.js';
import type { ScriptCache } from './script-cache.js';

const ARRAY = 0x2a;

/** Gets the scripts that sessions have used into a node, over a connection that is being joined: asks, and loads what it lacks. */
export class ScriptLoading {
  /** Those that the node was asked about, or given. */
  #shas: readonly string[] = [];
  /** Of the cache, when it was last compared with these. */
  #revision = 0;
  /** Whoever the connection was logged in as may not ask for scripts, or load them. */
  #refused = false;
  #missing: Buffer[] = [];
  #loaded = 0;

  constructor(private readonly cache: ScriptCache) {}

  /** The question that comes first. */
  ask(): RestoreStep[] {
    this.#shas = this.cache.shas();
    this.#revision = this.cache.revision;
    return scriptSteps(this.#shas);
  }

  /** An answer to one of these steps. Borrowed. */
  answered(frame: Buffer): void {
    if (frame[0] !== ARRAY) {
      this.#loaded++;
      return;
    }
    const known = decodeReply(frame)?.value;
    if (!Array.isArray(known)) return;
    const missing = this.#shas.filter((_, index) => Number(known[index]) === 0);
    this.#missing = missing.flatMap((sha) => this.cache.body(sha) ?? []);
  }

  refused(): void {
    this.#refused = true;
  }

  /** Loads what the node said it lacks. */
  loadMissing(): RestoreStep[] {
    const missing = this.#missing;
    this.#missing = [];
    return loadSteps(missing);
  }

  /** Loads what has been used for the first time since the node was asked. */
  loadNew(): RestoreStep[] {
    if (this.cache.revision === this.#revision) return [];
    const known = new Set(this.#shas);
    this.#shas = this.cache.shas();
    this.#revision = this.cache.revision;
    return loadSteps(this.#shas.flatMap((sha) => (known.has(sha) ? [] : (this.cache.body(sha) ?? []))));
  }

  /** Somebody else logs in, who may be allowed to. */
  allowAgain(): void {
    if (!this.#refused) return;
    this.#refused = false;
    this.#shas = [];
    this.#revision = -1;
  }

  /** Scripts loaded since this was last asked. */
  takeLoaded(): number {
    const loaded = this.#loaded;
    this.#loaded = 0;
    return loaded;
  }
}
