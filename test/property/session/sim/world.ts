import { CommandTable } from '../../../../src/resp/index.js';
import {
  type Identity,
  type Primary,
  type ReadPlaces,
  ScriptCache,
  Session,
  type SessionEvent,
  type SessionOptions,
  type SessionPorts,
} from '../../../../src/session/index.js';
import { Lineage, SimNode, type Version } from './node.js';
import { Wire } from './wire.js';

export interface Setting {
  /**
   * A node is promoted again before the sessions have left it: a pipeline may be refused in its beginning and executed in
   * its end, which nobody can put in order.
   */
  readonly rash: boolean;
  /** The sessions are with A when it begins; else they have only dialled. */
  readonly joined: boolean;
  readonly version: Version;
  readonly password: boolean;
  /** The kernel takes bytes only when told to. */
  readonly slow: boolean;
  /** A client writes its next bytes while it is being given an answer, and sessions dial before they are told to. */
  readonly eager: boolean;
  /** Who ran READONLY reads from the replica. */
  readonly readable: boolean;
}

/** One thing that happens. `i` chooses among sessions, wires or questions, `n` says how much. */
export interface Act {
  readonly do: keyof World['acts'];
  readonly i: number;
  readonly n: number;
}

/** What is on its way from the topology to a session: first the pair is looked at, later the answer arrives. */
interface Question {
  readonly to: SimSession;
  looked: boolean;
  view: Primary | undefined;
}

/** A client with a session: the bytes that it will write, and those that it was given. */
export class SimSession {
  readonly session: Session<Primary>;
  readonly #dialled: Wire[] = [];
  received = '';
  ended: string | undefined;
  /** Commands that the session says it has told so. */
  uncertain = 0;
  /** Bytes of the program written so far. */
  at = 0;
  /** The session's own, not one that it has ready. */
  wire: Wire | undefined;
  /** Bytes were sent although the session was on hold. */
  restless = false;

  constructor(
    readonly world: World,
    readonly program: Buffer,
    options: Partial<SessionOptions>,
    /** Of a door that has the session, instead of what this would do. */
    place: Partial<SessionPorts<Primary>> = {},
    identity?: Identity,
  ) {
    this.session = new Session<Primary>(
      {
        deliver: (chunk) => {
          this.received += chunk.toString('latin1');
          if (world.setting.eager) this.take(7);
        },
        ended: (reason) => {
          this.ended = reason ?? 'in order';
        },
        // A door of its own tells by itself.
        ...(place.deliver === undefined ? { spent: () => true } : {}),
        dial: (view, handlers) => {
          const node = world.nodes.find(({ name }) => name === view.node)!;
          const wire = new Wire(node, handlers, world.setting.slow);
          const { write } = wire;
          wire.write = (chunk) => {
            if (wire === this.wire && this.session.state.at === 'holding') this.restless = true;
            write.call(wire, chunk);
          };
          this.#dialled.push(wire);
          world.wires.push(wire);
          return wire;
        },
        prospect: (refusedBy) => (world.setting.eager ? world.other(refusedBy) : undefined),
        seek: () => {
          world.questions.push({ to: this, looked: false, view: undefined });
        },
        now: () => world.lineage.now,
        setTimer: (ms, fire) => world.setTimer(ms, fire),
        clearTimer: (id) => world.timers.delete(id as number),
        unknownCommand: () => {},
        onEvent: (event) => this.hear(event),
        ...(world.setting.readable ? { places: world.places } : {}),
        table: CommandTable.standard(),
        scripts: world.scripts,
        ...place,
      },
      options,
      identity,
    );
  }

  hear(event: SessionEvent): void {
    if (event.type === 'uncertain' && event.fate === 'answered') this.uncertain += event.commands;
    if (event.type !== 'move') return;
    // A later one to the same node may have been given up again.
    this.wire = this.#dialled.findLast(({ node, state }) => node.name === event.node && state === 'open');
  }

  take(bytes: number): void {
    if (this.at >= this.program.length || this.session.state.at === 'closed') return;
    const chunk = this.program.subarray(this.at, this.at + bytes);
    this.at += chunk.length;
    this.session.take(bytes % 2 === 0 ? chunk : chunk.toString('latin1'));
  }

  /** What must not be, whatever happened. */
  get faults(): string[] {
    const { bytes, commands, notes } = this.session.retained;
    const faults = [];
    if (this.ended !== undefined) faults.push(`has ended: ${this.ended}`);
    if (bytes + commands + notes > 0) faults.push(`keeps ${bytes} bytes, ${commands} commands, ${notes} notes`);
    if (this.restless) faults.push('sent bytes in a hold');
    return faults;
  }

  get done(): boolean {
    return this.at >= this.program.length && this.session.unanswered === 0;
  }
}

/** Two nodes, a few sessions, and everything between them. Nothing happens but by `acts`. */
export class World {
  readonly lineage = new Lineage();
  readonly nodes: [SimNode, SimNode];
  readonly wires: Wire[] = [];
  readonly sessions: SimSession[];
  readonly scripts = new ScriptCache();
  readonly questions: Question[] = [];
  readonly timers = new Map<number, { at: number; fire: () => void }>();
  term = 1;
  /** The steps of a switch that are still to come. */
  #switch: (() => void)[] = [];
  /** Writes that no replica had when their node crashed. */
  readonly lost = new Set<string>();
  #timerId = 0;

  constructor(
    readonly setting: Setting,
    programs: readonly Buffer[],
    options: Partial<SessionOptions>,
  ) {
    const password = setting.password ? 'secret' : undefined;
    this.nodes = [
      new SimNode('A', setting.version, this.lineage, password),
      new SimNode('B', setting.version, this.lineage, password),
    ];
    this.nodes[0].promote();
    this.nodes[1].primary = this.nodes[0];
    this.sessions = programs.map((program) => new SimSession(this, program, options));
    for (const { session } of this.sessions) session.open({ node: 'A', term: 1 });
    while (setting.joined && this.wires.some((wire) => wire.busy)) for (const wire of this.wires) wire.move();
  }

  setTimer(ms: number, fire: () => void): number {
    this.timers.set(++this.#timerId, { at: this.lineage.now + ms, fire });
    return this.#timerId;
  }

  /** The primary as an attentive topology knows it: of two, the one that was promoted last. */
  get primary(): SimNode | undefined {
    const [a, b] = this.nodes;
    const primaries = this.nodes.filter((node) => node.alive && node.role === 'primary');
    return primaries.length < 2 ? primaries[0] : this.#latest === a.name ? a : b;
  }

  #latest = 'A';

  /** A replica will do that has what is wished, however little else. */
  get places(): ReadPlaces<Primary> {
    const world = this;
    return {
      choose: ({ avoid, freshMs = Number.NEGATIVE_INFINITY }) => {
        const fit = world.nodes.find((node) => {
          const isReplica = node.alive && node.role === 'replica' && !node.loading;
          return isReplica && node.name !== avoid && node.freshMs > freshMs;
        });
        return fit && { node: fit.name, term: world.term, replica: true };
      },
      get primary() {
        const primary = world.primary;
        return primary && { node: primary.name, term: world.term };
      },
      answers: (node) => world.nodes.some(({ name, alive }) => name === node && alive),
    };
  }

  /** The node beside `name`. */
  other(name: string): Primary {
    return { node: name === 'A' ? 'B' : 'A', term: this.term };
  }

  /** News may be late, but nobody is behind by two reigns. */
  #promote(node: SimNode): void {
    for (const { session } of this.sessions) session.primaryIs({ node: this.#latest, term: this.term });
    node.promote();
    this.term++;
    this.#latest = node.name;
  }

  // ---- what may happen -------------------------------------------------------------------------------------------

  readonly acts = {
    /** A client writes `n` bytes. */
    take: (i: number, n: number) => this.#session(i).take(n),
    flush: (i: number) => this.#session(i).session.flush(),
    dialled: (i: number) => this.#wire(i)?.open(),
    taken: (i: number) => this.#wire(i)?.kernelTakes(),
    toNode: (i: number, n: number) => this.#wire(i)?.deliverToNode(n),
    toSession: (i: number, n: number) => this.#wire(i)?.deliverToSession(n),
    pause: (i: number) => this.#session(i).session.pause(),
    resume: (i: number) => this.#session(i).session.resume(),
    /** The topology looks at the pair for somebody who has asked, or its answer arrives. */
    answer: (i: number) => this.#answer(i),
    /** The topology has news for everybody. */
    news: () => {
      for (const to of this.sessions) this.questions.push({ to, looked: false, view: undefined });
    },
    /** Where to read from may be different by now. */
    places: (i: number) => this.#session(i).session.placesChanged(),
    /** Notices: a switch is about to happen, it is happening, it is over. */
    prepare: (i: number) => this.#prepare(this.#session(i)),
    hold: (i: number, n: number) => this.#session(i).session.hold(this.lineage.now + (n % 400)),
    release: (i: number) => this.#session(i).session.release(),
    wait: (_i: number, n: number) => this.wait(n),
    replicate: (i: number) => this.nodes[i % 2]!.replicate(),
    /** The next step of a switch; begins one if none is under way. */
    switch: (i: number) => this.#step(i),
    lose: (i: number, n: number) => this.#wire(i)?.lose(n % 2 === 0),
    /** The primary dies; its replica has all that it executed, or what it had at its last replication. */
    crash: (i: number, n: number) => this.#crash(n % 2 === 0, i),
    lonely: (i: number) => {
      this.nodes[i % 2]!.lonely = !this.nodes[i % 2]!.lonely;
    },
    loading: (i: number) => {
      this.nodes[i % 2]!.loading = !this.nodes[i % 2]!.loading;
    },
  };

  #prepare({ session }: SimSession): void {
    session.prepare(this.other('view' in session.state ? session.state.view.node : this.#latest));
  }

  #session(i: number): SimSession {
    return this.sessions[i % this.sessions.length]!;
  }

  #wire(i: number): Wire | undefined {
    const busy = this.wires.filter((wire) => wire.busy || wire.state === 'open');
    return busy[i % busy.length];
  }

  #answer(i: number): void {
    const index = i % this.questions.length;
    const question = this.questions[index];
    if (question === undefined) return;
    if (question.looked) {
      this.questions.splice(index, 1);
      if (question.view !== undefined) question.to.session.primaryIs(question.view);
      return;
    }
    const { primary } = this;
    question.looked = true;
    if (primary !== undefined) question.view = { node: primary.name, term: this.term };
  }

  wait(ms: number): void {
    const until = this.lineage.now + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= until).sort((a, b) => a[1].at - b[1].at)[0];
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.lineage.now = Math.max(this.lineage.now, due[1].at);
      due[1].fire();
    }
    this.lineage.now = until;
    for (const node of this.nodes) node.expireBlocked();
  }

  /** `kind` even: by hand, with a pause of writes; odd: FAILOVER, which leaves a time without a primary. From 3 on: with notice. */
  #step(kind: number): void {
    const next = this.#switch.shift();
    if (next !== undefined) {
      next();
      return;
    }
    const old = this.nodes.find((node) => node.alive && node.role === 'primary');
    const other = this.nodes.find((node) => node !== old);
    if (old === undefined || other === undefined || !other.alive) return;
    if (!this.setting.rash) this.#letGo(other);
    if (kind >= 3) this.#switch = this.#announced();
    this.#switch.push(...this.#switched(kind, old, other));
    if (kind < 3) this.#step(kind);
  }

  /** What comes before a switch with notice. */
  #announced(): (() => void)[] {
    return [
      () => {
        for (const each of this.sessions) this.#prepare(each);
      },
      () => {
        for (const { session } of this.sessions) session.hold(this.lineage.now + 100);
      },
    ];
  }

  #switched(kind: number, old: SimNode, other: SimNode): (() => void)[] {
    const pause = () => {
      old.paused = true;
    };
    const release = () => old.settleDown();
    if (kind % 2 === 0) return [pause, () => this.#promote(other), () => old.demote(other), release];
    return [
      pause,
      () => old.demote(other, true),
      () => {
        this.#promote(other);
        old.failingOver = false;
      },
      release,
    ];
  }

  /** Everybody leaves a node that was demoted. */
  #letGo(node: SimNode): void {
    const gone = ({ session: { state } }: SimSession) =>
      (state.at === 'flowing' || state.at === 'holding') &&
      (state.view.node !== node.name || state.view.replica === true);
    for (let round = 0; round < 100 && !this.sessions.every(gone); round++) {
      this.acts.news();
      for (const { session } of this.sessions) session.resume();
      this.#round();
      this.wait(1);
    }
  }

  #crash(exact: boolean, i: number): void {
    while (this.#switch.length > 0) this.#step(0);
    const old = this.nodes.find((node) => node.role === 'primary' && node.alive);
    const other = this.nodes.find((node) => node !== old);
    if (old === undefined || other === undefined) return;
    if (!other.alive) {
      other.alive = true;
      other.demote(old);
      return;
    }
    if (!this.setting.rash) this.#letGo(other);
    old.alive = false;
    old.loading = false;
    for (const wire of this.wires) if (wire.node === old) wire.drop();
    old.clients.clear();
    old.scripts.clear();
    old.role = 'replica';
    old.primary = other;
    if (!exact) {
      for (const token of this.lineage.history.splice(other.replicatedLength)) this.lost.add(token);
      this.lineage.data = other.replicated;
    }
    this.#switch = [() => this.#promote(other)];
    if (i % 2 === 0) this.#step(0);
  }

  // ---- the end ---------------------------------------------------------------------------------------------------

  /** Lets everything come to rest. Throws when it does not. */
  settle(): void {
    while (this.#switch.length > 0) this.#step(0);
    for (const node of this.nodes) {
      node.paused = false;
      node.lonely = false;
      node.loading = false;
      node.settleDown();
    }
    for (const { session } of this.sessions) session.resume();
    for (let round = 0; round < 3_000; round++) {
      const writing = this.sessions.filter(({ at, program, ended }) => at < program.length && ended === undefined);
      for (const client of writing) client.take(1_000);
      if (this.#round() || writing.length > 0) continue;
      if (this.sessions.every(({ done, session }) => done && session.state.at === 'flowing')) return;
      if (this.sessions.every(({ done, ended }) => done || ended !== undefined) && round > 2_500) return;
      this.wait(20);
    }
    const states = this.sessions.map(
      ({ session }) => `${JSON.stringify(session.state)} ${session.unanswered} unanswered`,
    );
    throw new Error(`the sessions do not come to rest: ${states}`);
  }

  /** Everything that can happen without the clock, once. Returns whether anything did. */
  #round(): boolean {
    let moved = false;
    for (const { session } of this.sessions) session.flush();
    for (const wire of this.wires) {
      if (!wire.busy) continue;
      moved = true;
      wire.move();
    }
    // Those who are answered may ask again: theirs is the next round.
    for (let count = this.questions.length * 2; count > 0; count--) {
      this.#answer(0);
      moved = true;
    }
    return moved;
  }
}
