import { classifyError, encodeCommand, timeoutIndex } from '../../resp/index.js';
import { isError, wrongArity } from './answers.js';
import type { Command } from './command.js';
import type { ConnectionState } from './connection-state.js';
import { type Decision, decide } from './decide.js';
import type { Expectation, Expectations } from './expectations.js';
import type { NodeHost } from './node-host.js';
import type { Verdict } from './node-watch.js';
import type { Replies } from './replies.js';
import { isBarrier, PLAIN, type Role, roleOf } from './role.js';
import { type Waiting, WaitingCommands } from './waiting-commands.js';

const MULTI = encodeCommand(['MULTI']);
const DISCARD = encodeCommand(['DISCARD']);
const FORWARD = { do: 'forward' } as const;

/** What the dispatcher needs of the client that it works for. */
export interface DispatchPort {
  readonly state: ConnectionState;
  readonly expectations: Expectations;
  readonly replies: Replies;
  /** To the node. */
  write(bytes: Buffer): void;
  /** Nothing may be sent at this time. */
  readonly halted: boolean;
  /** From here on the node speaks no RESP. */
  becameRaw(): void;
  /** Commands may have been sent, or answered without the node. */
  dispatched(): void;
}

/** Sends a client's commands to the node, one after the other as `decide` says. */
export class Dispatcher {
  readonly #waiting = new WaitingCommands();
  /** Commands that have come so far. */
  commands = 0;
  raw = false;
  #pumping = false;
  /** The node said this after command `for` had come. */
  #verdict: { readonly verdict: Verdict; readonly for: number } | undefined;
  #asking = false;
  /** Nothing is sent before this is settled. */
  #barrier: Expectation | undefined;
  /** The open transaction holds what changes the rules. */
  #touchy = false;
  /** Stands between MULTI and DISCARD. */
  #wrapped: Command | undefined;
  #wrapping = false;
  #inspecting = false;

  constructor(
    private readonly port: DispatchPort,
    private readonly host: NodeHost,
  ) {}

  /** Commands that have not been sent. */
  get length(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#waiting.bytes;
  }

  /** A command that comes now can be sent at once. */
  get free(): boolean {
    return this.#waiting.length === 0 && !this.#blocked;
  }

  add(command: Command): void {
    const spot = this.host.table.timeoutOf(command.id);
    const mayBlock = spot !== undefined && timeoutIndex(command.args, spot) !== undefined;
    this.#waiting.push({ command, role: roleOf(command, mayBlock), number: ++this.commands });
    this.pump();
  }

  /** An answer has come that something may have waited for. */
  settled(expected: Expectation): void {
    if (this.#barrier === expected) this.#barrier = undefined;
    if (expected.as === 'closed') this.#wrapping = false;
  }

  /** What comes next depends on an answer that is owed. */
  get #blocked(): boolean {
    return this.#barrier !== undefined || this.#wrapping || this.#inspecting || this.port.halted;
  }

  /** Sends what can be sent. Whatever calls it from within is served by the loop that runs. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#blocked) {
      const next = this.#waiting.first;
      if (next === undefined) break;
      const decision = this.raw ? FORWARD : this.#decide(next);
      if (decision.do === 'wait') {
        if (decision.for === 'verdict') this.#askVerdict();
        break;
      }
      this.#waiting.shift();
      if (this.raw) this.port.write(next.command.bytes);
      else this.#carryOut(next, decision);
    }
    this.#pumping = false;
    this.port.dispatched();
  }

  #carryOut({ command, role }: Waiting, decision: Exclude<Decision, { do: 'wait' }>): void {
    switch (decision.do) {
      case 'forward':
        this.#forward(command, role, decision.instead);
        return;
      case 'wrap':
        this.#wrapped = command;
        this.#wrapping = true;
        this.#send(MULTI, { as: 'opened' });
        return;
      case 'judge':
        if (this.port.state.transaction !== undefined) this.port.state.transaction.poisoned = true;
        this.#send(this.#withoutWaiting(command), { as: 'judged' });
        return;
      case 'answer':
        this.#answer(command, role);
        return;
      case 'discard':
        this.#send(DISCARD, { as: 'discarded', saying: decision.saying });
        return;
      case 'inspect':
        this.#inspect();
        return;
    }
  }

  /** A watched key that was changed makes EXEC answer nil, wherever it is. */
  #inspect(): void {
    this.#inspecting = true;
    this.host.watch.isDirty(this.port.state.nodeId).then((dirty) => {
      this.#inspecting = false;
      if (this.port.halted) return;
      this.#send(DISCARD, { as: 'discarded', saying: dirty === true ? 'nil' : 'redirect' });
      this.pump();
    });
  }

  #decide({ command, role, number }: Waiting): Decision {
    const known = this.#verdict;
    return decide(this.port.state, command, role, {
      standing: this.host.watch.standing,
      verdict: known !== undefined && known.for >= number ? known.verdict : undefined,
      idle: this.port.expectations.count === 0,
    });
  }

  #askVerdict(): void {
    if (this.#asking) return;
    this.#asking = true;
    const count = this.commands;
    this.host.watch.confirm((verdict) => {
      this.#asking = false;
      this.#verdict = { verdict, for: count };
      this.pump();
    });
  }

  #forward(command: Command, role: Role, instead: Buffer | undefined): void {
    const endsTransaction = role.is === 'exec' || role.is === 'discard' || role.is === 'reset';
    const what: Expectation = { as: 'reply', nature: command.nature, role };
    if (isBarrier(role) || (role.is === 'exec' && this.#touchy)) this.#barrier = what;
    if (isBarrier(role)) this.#touchy = true;
    if (endsTransaction) this.#touchy = false;
    if (role.is === 'sync') this.#becomeRaw();
    if (role.is === 'plain') this.port.expectations.pushPlain(command.nature);
    else this.port.expectations.push(what);
    this.port.write(instead ?? command.bytes);
  }

  #send(bytes: Buffer, what: Expectation): void {
    this.port.expectations.push(what);
    this.port.write(bytes);
  }

  #becomeRaw(): void {
    this.raw = true;
    this.#barrier = undefined;
    this.port.becameRaw();
  }

  /** Without asking the node, which knows better but cannot say it now. */
  #answer(command: Command, role: Role): void {
    const arity = this.host.watch.arityOf(command.name);
    const count = command.args.length;
    if (arity === undefined && this.host.watch.knowsCommands) {
      this.#forward(command, role, undefined);
      return;
    }
    if (this.port.state.transaction !== undefined) this.port.state.transaction.poisoned = true;
    const fits = arity === undefined || (arity < 0 ? count >= -arity : count === arity);
    if (this.port.state.takeMute()) return;
    if (fits) this.port.replies.redirect();
    else this.port.replies.give(wrongArity(command.name));
  }

  /** XREAD without its BLOCK: what shall not be executed shall not wait either. */
  #withoutWaiting(command: Command): Buffer {
    const spot = this.host.table.timeoutOf(command.id);
    const index = spot === undefined ? undefined : timeoutIndex(command.args, spot);
    if (index === undefined || typeof spot?.at !== 'object') return command.bytes;
    return encodeCommand(command.args.filter((_, at) => at !== index && at !== index - 1));
  }

  /** MULTI was answered: the command can be checked, or cannot. */
  opened(frame: Buffer): void {
    const command = this.#wrapped!;
    this.#wrapped = undefined;
    if (isError(frame)) {
      this.#wrapping = false;
      if (classifyError(frame).kind === 'no-auth') {
        if (!this.port.state.takeMute()) this.port.replies.give(frame);
        return;
      }
      this.port.state.refusesMulti = true;
      this.#answer(command, PLAIN);
      return;
    }
    this.#send(command.bytes, { as: 'judged' });
    this.#send(DISCARD, { as: 'closed' });
  }
}
