import { CommandScanner, CommandTable } from '../../resp/index.js';
import type { SessionEvent, SessionOptions } from '../../session/index.js';
import { type Clock, clock, type Timer } from '../../transport/index.js';
import type { Pair } from '../pair.js';
import type { Rations } from './allowance.js';
import type { Profile } from './profile.js';
import { ShareRules } from './share-rules.js';
import { Trunk } from './trunk.js';

export interface TrunksOptions {
  readonly pair: Pair;
  readonly session: Partial<SessionOptions>;
  /** An answer of the gateway's own, instead of sending the command. */
  answers(name: string, args: readonly Buffer[]): Buffer | undefined;
  onEvent(event: SessionEvent): void;
  readonly clock?: Clock;
  readonly rations?: Rations;
}

/** Users × databases × protocols whose clients share. Those of further ones have connections of their own. */
const TRUNKS_MAX = 64;
/** A trunk without clients stays for a while: the next may come soon, and would wait for the login. */
const LINGER_MS = 5_000;
/** As CLIENT LIST shows it. */
const NAME = 'segue-shared';
/** Bounds of a trunk's session, past what its clients can bring together: they are read no further long before. */
const TRUNK_BYTES_MAX = 4 * 1024 * 1024 * 1024;
const TRUNK_COMMANDS_MAX = 0x7fff_ffff;

const table = CommandTable.standard();

/** The shared connections of one listener: one for each key of a profile, opened when it is first needed. */
export class Trunks {
  readonly rules = new ShareRules(table);
  readonly #trunks = new Map<string, Trunk>();
  readonly #lingering = new Map<string, Timer>();
  readonly #clock: Clock;
  #scanner = new CommandScanner(table);
  #commandBytesMax: number | undefined;

  constructor(private readonly options: TrunksOptions) {
    this.#clock = options.clock ?? clock;
  }

  /** How many are open. */
  get size(): number {
    return this.#trunks.size;
  }

  /** For one who stands at the beginning of a command. Nobody may keep it, unless it is dropped here. */
  scanner(commandBytesMax: number): CommandScanner {
    if (this.#commandBytesMax !== commandBytesMax) {
      this.#commandBytesMax = commandBytesMax;
      this.#scanner = this.newScanner(commandBytesMax);
    }
    return this.#scanner;
  }

  /** It is not to be given to others any more: it is somebody's own, or broken. */
  dropScanner(scanner: CommandScanner): void {
    if (scanner === this.#scanner) this.#commandBytesMax = undefined;
  }

  newScanner(commandBytesMax: number): CommandScanner {
    return new CommandScanner(table, { commandBytesMax });
  }

  /** Undefined: there are too many, and this would be one more. */
  of(profile: Profile): Trunk | undefined {
    const { key } = profile;
    const known = this.#trunks.get(key);
    if (known !== undefined) {
      this.#stay(key);
      return known;
    }
    return this.#trunks.size < TRUNKS_MAX ? this.#open(profile, key) : undefined;
  }

  /**
   * Whether a client that was with `node` may go on over the trunk of its profile: never with a node that was left before,
   * where its own writes may be missing.
   */
  leadsTo(node: string | undefined, profile: Profile): boolean {
    const trunk = this.#trunks.get(profile.key);
    if (profile.anonymous && trunk?.welcome === 'turned-away') return false;
    const state = trunk?.state;
    const to = state === undefined ? this.options.pair.topology.primary?.node : state.node;
    return to !== undefined && to === node && (state === undefined || state.at === 'flowing');
  }

  close(): void {
    for (const trunk of [...this.#trunks.values()]) trunk.end();
  }

  #open(profile: Profile, key: string): Trunk {
    const { pair, answers, onEvent, rations } = this.options;
    let forgetPrimary = () => {};
    const trunk = new Trunk(
      (made) => {
        const session = pair.session(
          {
            deliver: (bytes) => made.deliver(bytes),
            spent: () => made.spent(),
            burden: 'much',
            breathe: () => {},
            ended: () => made.end(),
            faulted: (error) => made.fault(error),
            onEvent,
            answers,
          },
          { ...this.options.session, replayBytesMax: TRUNK_BYTES_MAX, replayCommandsMax: TRUNK_COMMANDS_MAX },
          profile.sharedIdentity(NAME),
        );
        forgetPrimary = pair.keepInformed(session, true);
        session.open(pair.topology.primary);
        return session;
      },
      () => {
        if (!trunk.ended) {
          this.#linger(key, trunk);
          return;
        }
        forgetPrimary();
        this.#stay(key);
        this.#trunks.delete(key);
      },
      this.#clock,
      rations,
    );
    this.#trunks.set(key, trunk);
    if (profile.anonymous) trunk.knock();
    return trunk;
  }

  #linger(key: string, trunk: Trunk): void {
    const timer = this.#clock.setTimer(
      LINGER_MS,
      () => {
        this.#lingering.delete(key);
        if (trunk.clients === 0) trunk.end();
      },
      { unref: true },
    );
    this.#lingering.set(key, timer);
  }

  #stay(key: string): void {
    this.#clock.clearTimer(this.#lingering.get(key));
    this.#lingering.delete(key);
  }
}
