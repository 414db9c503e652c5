import type { Clock } from '../transport/index.js';

/** How long an answer is awaited without sleep: rather more than those to a pipeline of a hundred take on one machine. */
const ANSWER_PATIENCE_MS = 0.2;
/** The same for the next command, of which nobody knows whether it comes. */
const COMMAND_PATIENCE_MS = 0.06;
/** While so much comes at once, server and client are at work, too, and need the cores. */
const MUCH_BYTES = 32 * 1024;
/** So many clients at the most are waited for; with more, something else is always at hand. */
const COMPANY = 4;
/** Chunks in a row that came from these, before. */
const QUIET_CHUNKS = 8;
/** Waiting in vain so often in a row is a reason to stop trying: first for so many times, in the end for so many. */
const VAIN_MAX = 4;
const REST_MAX = 1024;

/** Whether it has been worth waiting lately. */
class Hope {
  #vain = 0;
  #rest = 0;

  constructor(readonly patienceMs: number) {}

  /** To be asked before each time. */
  dares(): boolean {
    if (this.#rest === 0) return true;
    this.#rest--;
    return false;
  }

  fulfilled(): void {
    this.#vain = 0;
  }

  disappointed(): void {
    this.#vain++;
    if (this.#vain >= VAIN_MAX) this.#rest = Math.min(2 ** this.#vain, REST_MAX);
  }
}

/**
 * Keeps the event loop awake while something is about to come. To fall asleep and be woken costs a process, and who wakes
 * it, more than a server takes for a short answer, and in a virtual machine several times more. So while only a few
 * clients are busy, the loop goes round for a moment instead: after a command for its answer, after an answer for the next
 * command. Who waits in vain tries less and less often.
 */
export class Vigil {
  readonly #answer = new Hope(ANSWER_PATIENCE_MS);
  readonly #command = new Hope(COMMAND_PATIENCE_MS);
  /** What is awaited, and until when. */
  #awaited: Hope | undefined;
  #until = 0;
  #goesRound = false;
  /** The last few clients that were heard, who of them makes room for the next, and for how many chunks it has been these. */
  readonly #company: number[] = new Array(COMPANY).fill(0);
  #next = 0;
  #chunks = 0;

  constructor(
    private readonly clock: Clock,
    private readonly enabled: boolean,
  ) {}

  /** It does not let the event loop sleep now. */
  get awake(): boolean {
    return this.#goesRound;
  }

  /** This client has sent so much. */
  heard(client: number, bytes: number): void {
    if (!this.enabled) return;
    if (bytes > MUCH_BYTES) this.#chunks = 0;
    else if (this.#company.includes(client)) this.#chunks++;
    else {
      this.#company[this.#next] = client;
      this.#next = (this.#next + 1) % COMPANY;
      this.#chunks = 0;
    }
    this.#await(this.#answer);
  }

  /** Something has left for a client. */
  answered(): void {
    if (this.enabled) this.#await(this.#command);
  }

  #await(hope: Hope): void {
    this.#awaited?.fulfilled();
    this.#awaited = undefined;
    if (this.#chunks < QUIET_CHUNKS || !hope.dares()) return;
    this.#awaited = hope;
    this.#until = this.clock.now() + hope.patienceMs;
    if (this.#goesRound) return;
    this.#goesRound = true;
    setImmediate(this.#goRound);
  }

  readonly #goRound = (): void => {
    if (this.#awaited !== undefined && this.clock.now() < this.#until) {
      setImmediate(this.#goRound);
      return;
    }
    this.#goesRound = false;
    this.#awaited?.disappointed();
    this.#awaited = undefined;
  };
}
