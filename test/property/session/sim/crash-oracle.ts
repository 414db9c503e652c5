import { ExpectedState } from './expected-state.js';
import { elementsOf, framesOf, isMessage } from './frames.js';
import { increments, type Line, padded, tokenOf } from './programs.js';
import type { World } from './world.js';

export interface Leniency {
  /** Writes may run twice: that was asked for. */
  readonly twice: boolean;
  /** A node refused for a while what came first and executed what came later. */
  readonly reorder: boolean;
}

/** What may be told UNCERTAIN: what changes something, or may have. */
const MAY_BE_UNCERTAIN = /^(SET|INCR|RPUSH|BLPOP|PUBLISH|EVAL|EVALSHA|EXEC|WAIT|NOSUCHCOMMAND)$/;
const UNCERTAIN = /^-UNCERTAIN /;

/** Everything that a client was told and that is not true, after crashes, lost connections and all. */
export function checkCrashes(world: World, lines: readonly Line[][], leniency: Leniency): string[] {
  const wrong: string[] = [];
  const written = new Set(world.wires.flatMap((wire) => wire.written().map(essence)));
  for (const [index, program] of lines.entries()) {
    const told = new Told(world, index, leniency, written);
    program.forEach((line) => {
      told.read(line);
    });
    wrong.push(...told.end());
    wrong.push(...world.sessions[index]!.faults.map((fault) => `s${index} ${fault}`));
  }
  if (!leniency.twice) {
    for (const [token, times] of world.lineage.executed) {
      if (times > 1 && !token.startsWith('incr ')) wrong.push(`${token} was executed ${times} times`);
    }
  }
  return wrong;
}

/** A command as it is on the wire, without a timeout, which may be shorter the second time. */
function essence(command: string): string {
  return command.startsWith('BLPOP') ? 'BLPOP' : command.slice(0, 40);
}

/** The answers to one session, read one after the other. */
class Told {
  readonly #frames: string[];
  readonly #wrong: string[] = [];
  #at = 0;
  /** What stands between MULTI and EXEC and was queued. */
  #queued: Line[] | undefined;
  #watching = false;
  #uncertain = 0;
  /** The counter `n` of the session: how often it was surely incremented, and how often perhaps. */
  #increments = 0;
  #doubtful = 0;
  readonly #pushed: string[] = [];
  readonly #state = new ExpectedState();

  constructor(
    private readonly world: World,
    private readonly index: number,
    private readonly leniency: Leniency,
    private readonly written: ReadonlySet<string>,
  ) {
    this.#frames = framesOf(world.sessions[index]!.received).filter((frame) => !isMessage(frame));
  }

  read(line: Line): void {
    const frame = this.#frames[this.#at++];
    if (frame === undefined) {
      this.#say(line, 'was not answered');
      return;
    }
    const name = line.args[0]!;
    if (UNCERTAIN.test(frame)) this.#readUncertain(line);
    if (name === 'EXEC' || name === 'DISCARD' || name === 'RESET') this.#readEnd(line, frame);
    else if (name === 'MULTI' && this.#queued === undefined && frame.startsWith('+')) this.#queued = [];
    else if (frame.startsWith('+QUEUED')) this.#queued?.push(line);
    else this.#readPlain(line, frame);
  }

  #readUncertain(line: Line): void {
    this.#uncertain++;
    if (!MAY_BE_UNCERTAIN.test(line.args[0]!)) this.#say(line, 'cannot be uncertain');
    if (!this.written.has(essence(line.args.map(padded).join(' '))))
      this.#say(line, 'is UNCERTAIN, and was never written');
  }

  #readPlain(line: Line, frame: string): void {
    if (line.args[0] === 'WATCH' && frame.startsWith('+')) this.#watching = true;
    if (line.args[0] === 'UNWATCH' && frame.startsWith('+')) this.#watching = false;
    if (frame.startsWith('-') && !UNCERTAIN.test(frame)) this.#judge(line, this.#denied(frame));
    else this.#judge(line, UNCERTAIN.test(frame) ? 'perhaps' : 'yes');
    if (!frame.startsWith('-')) this.#state.apply(line);
  }

  #readEnd(line: Line, frame: string): void {
    const queued = this.#queued ?? [];
    const inside = this.#queued !== undefined;
    if (line.args[0] === 'RESET' && frame.startsWith('+')) this.#state.reset();
    if (inside || line.args[0] === 'RESET') this.#queued = undefined;
    if (frame.startsWith('*') && !frame.startsWith('*-1')) this.#readExecuted(line, queued, elementsOf(frame));
    else if (UNCERTAIN.test(frame)) this.#readHalf(line, queued);
    else for (const each of queued) this.#judge(each, this.#denied(frame));
    if (/^(_|\*-1)/.test(frame) && !this.#watching) this.#say(line, 'was answered nil without a WATCH');
    if (inside || line.args[0] === 'RESET') this.#watching = false;
  }

  #readExecuted(line: Line, queued: readonly Line[], elements: readonly string[]): void {
    if (elements.length !== queued.length)
      this.#say(line, `has ${elements.length} elements for ${queued.length} commands`);
    queued.forEach((each, at) => {
      const failed = elements[at]?.startsWith('-') === true;
      this.#judge(each, failed ? 'no' : 'yes');
      if (!failed) this.#state.apply(each);
    });
    const [token] = queued.flatMap(({ args }) => tokenOf(args) ?? []);
    if (token !== undefined && this.#watching && this.world.lineage.blind(token))
      this.#say(line, 'was executed blindly');
  }

  /** What an error says about execution. Where writes may run twice, the node speaks of the second time only. */
  #denied(frame: string): 'no' | 'perhaps' {
    return this.leniency.twice && !/^-(HOLDTIMEOUT|HOLDLIMIT|REDIRECTLOOP) /.test(frame) ? 'perhaps' : 'no';
  }

  /** EXEC is UNCERTAIN: all of it or nothing. */
  #readHalf(line: Line, queued: readonly Line[]): void {
    const tokens = queued.flatMap(({ args }) => tokenOf(args) ?? []);
    const times = new Set(tokens.map((token) => this.#times(token)));
    if (times.size > 1)
      this.#say(line, `was executed in part: ${tokens.map((token) => `${token} ×${this.#times(token)}`)}`);
    for (const each of queued) this.#judge(each, 'perhaps');
  }

  #times(token: string): number {
    return this.world.lineage.executed.get(token) ?? 0;
  }

  /** Whether the command was executed, as the client was told. */
  #judge(line: Line, told: 'yes' | 'no' | 'perhaps'): void {
    const { args } = line;
    if (this.#increment(args)) {
      if (told === 'yes') this.#increments++;
      if (told === 'perhaps') this.#doubtful++;
    }
    const token = tokenOf(args);
    if (token === undefined) return;
    const times = this.#times(token);
    if (told === 'no' && times > 0)
      this.#say(line, `was executed ${times} times, and the client was told that it was not`);
    if (told === 'yes' && times === 0) this.#say(line, 'was not executed, and the client was told that it was');
    if (told === 'yes' && args[0] === 'RPUSH') this.#pushed.push(token);
    if (told === 'yes' && args[0] === 'RPUSH' && !this.#present(args)) this.#say(line, 'is lost');
  }

  #present([, key, token]: readonly string[]): boolean {
    const { lineage, lost } = this.world;
    if (lost.has(token!) || lineage.executed.has(`pop ${token}`)) return true;
    return [0, 1, 2].some((database) => lineage.data.database(database).get(key!)?.includes(token!));
  }

  #increment(args: readonly string[]): boolean {
    const key = `s${this.index}:n`;
    if (args[0] === 'INCR') return args[1] === key;
    if (args[0] === 'EVALSHA') return increments(args[1]!);
    return args[0] === 'EVAL' && args[1]!.includes('incr');
  }

  end(): string[] {
    const surplus = this.#frames.slice(this.#at);
    if (surplus.length > 0) this.#wrong.push(`s${this.index} received too much: ${JSON.stringify(surplus)}`);
    this.#checkCounter();
    if (!this.leniency.reorder && !this.leniency.twice) this.#checkOrder();
    const { session, wire, uncertain } = this.world.sessions[this.index]!;
    if (uncertain !== this.#uncertain) {
      this.#wrong.push(`s${this.index} counts ${uncertain} uncertain, its client ${this.#uncertain}`);
    }
    const state = wire?.client.state ?? '';
    if (session.state.at === 'flowing' && state !== this.#state.text) {
      this.#wrong.push(`s${this.index} is ${state} instead of ${this.#state.text}`);
    }
    return this.#wrong;
  }

  #checkCounter(): void {
    const executed = this.#times(`incr s${this.index}:n`);
    const most = this.leniency.twice ? Number.POSITIVE_INFINITY : this.#increments + this.#doubtful;
    if (executed >= this.#increments && executed <= most) return;
    this.#wrong.push(`s${this.index}:n was incremented ${executed} times, told: ${this.#increments} to ${most}`);
  }

  #checkOrder(): void {
    const { data } = this.world.lineage;
    for (const database of [0, 1, 2]) {
      const list = (data.database(database).get(`s${this.index}:l`) ?? []) as string[];
      const places = list.map((token) => this.#pushed.indexOf(token)).filter((place) => place >= 0);
      if (places.some((place, at) => at > 0 && place < places[at - 1]!)) this.#wrong.push(`overtaken: ${list}`);
    }
  }

  #say(line: Line, what: string): void {
    this.#wrong.push(`s${this.index} ${line.args.join(' ').slice(0, 60)} (answer ${this.#at}) ${what}`);
  }
}
