import { commandData } from './command-data.js';
import { kinds, type TimeoutSpot, timeoutSpots } from './command-kinds.js';
import { Fact, factsOfFlags } from './fact.js';
import { RespError } from './resp-error.js';

/** Longer names are unknown; the longest of the servers and their modules have some 30 bytes. */
export const NAME_BYTES_MAX = 32;

/** Each name takes this many bytes, the last of them 0. */
const STRIDE = NAME_BYTES_MAX + 1;

/** How many commands a table learns beyond the built-in ones. */
const LEARNT_MAX = 1024;
/** Power of two, several times the number of names, so that probing stays short. */
const SLOT_BITS = 13;
const SLOTS = 1 << SLOT_BITS;

const learnable = new RegExp(`^[!-~]{1,${NAME_BYTES_MAX}}$`);

/** ASCII letters to lower case, everything else as it is. */
const fold = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte));

/**
 * Facts of commands by id. Ids are small numbers, 0 stands for every unknown name, and they never change in the life of a
 * table. Lookups allocate nothing.
 */
export class CommandTable {
  private static shared: CommandTable | undefined;

  /** Facts (`Fact` bits) by id; `flags[0]` is 0: nothing is known, so the outcome matters. */
  readonly flags: Uint32Array;

  private readonly learntMax: number;
  private readonly names: string[] = [''];
  private readonly bytes: Uint8Array;
  private readonly slots = new Uint16Array(SLOTS);
  private readonly subcommands = new Map<number, Map<string, number>>();
  private readonly spots = new Map<number, TimeoutSpot>();
  private learnt = 0;

  /** The table that this process shares: what one session learns, all know. */
  static standard(): CommandTable {
    CommandTable.shared ??= new CommandTable();
    return CommandTable.shared;
  }

  /** A table of its own with the commands of Redis 7.0 to Valkey 9.1; `learntMax` is 0 to 1024. */
  constructor(learntMax: number = LEARNT_MAX) {
    this.learntMax = Math.min(learntMax, LEARNT_MAX);
    const commands = commandData.filter(([name]) => !name.includes('|'));
    const capacity = commands.length + this.learntMax + 1;
    this.flags = new Uint32Array(capacity);
    this.bytes = new Uint8Array(capacity * STRIDE);
    for (const [name, flags] of commands) this.add(name, factsOfFlags(flags.split(' ')) | (kinds.get(name) ?? 0));
    for (const [name, flags] of commandData) this.addSubcommand(name, flags);
    for (const id of this.subcommands.keys()) this.flags[id]! |= this.containerFacts(id);
    for (const [name, spot] of Object.entries(timeoutSpots)) this.spots.set(this.idOf(name), spot);
  }

  /** Id of a name in any case; 0 when it is unknown. */
  idOf(name: string): number {
    const bytes = Buffer.from(name);
    return this.find(bytes, 0, bytes.length);
  }

  /** The name in lower case; empty for 0. */
  nameOf(id: number): string {
    return this.names[id] ?? '';
  }

  /** Where a blocking command's timeout stands; undefined for commands that never wait. */
  timeoutOf(id: number): TimeoutSpot | undefined {
    return this.spots.get(id);
  }

  /** Facts of one subcommand of a container, in any case; undefined when either is unknown. */
  subcommandFlags(id: number, subcommand: string): number | undefined {
    return this.subcommands.get(id)?.get(subcommand.toLowerCase());
  }

  /**
   * Adds a command (of a module, say) with the flags that the server gave in COMMAND INFO. A known name keeps its facts, but a
   * write is a write as soon as one server says so.
   * @returns its id; 0 for what can be no name (empty, longer than 32 bytes, or not printable ASCII).
   * @throws RespError SEGUE_RESP_TABLE_FULL when no more can be learnt.
   */
  learn(name: string, flags: readonly string[]): number {
    const facts = factsOfFlags(flags);
    const known = this.idOf(name);
    if (known !== 0) {
      if ((facts & Fact.Write) !== 0)
        this.flags[known] = (this.flags[known]! & ~(Fact.ReadOnly | Fact.Harmless)) | Fact.Write;
      return known;
    }
    if (!learnable.test(name)) return 0;
    if (this.learnt >= this.learntMax) throw new RespError('SEGUE_RESP_TABLE_FULL');
    this.learnt++;
    return this.add(name, facts);
  }

  /** Id of the name in bytes[start, end), in any case: the hash finds a candidate, all its bytes decide. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length > NAME_BYTES_MAX) return 0;
    for (let slot = hashOf(bytes, start, end); ; slot = (slot + 1) & (SLOTS - 1)) {
      const id = this.slots[slot]!;
      if (id === 0 || this.equals(id, bytes, start, length)) return id;
    }
  }

  private equals(id: number, bytes: Uint8Array, start: number, length: number): boolean {
    const own = this.bytes;
    const at = id * STRIDE;
    let i = 0;
    while (i < length && fold[bytes[start + i]!] === own[at + i]) i++;
    // As long as the name, too; a NUL in what is looked up must not pass for the padding.
    return i === length && own[at + i] === 0 && own[at + i - 1] !== 0;
  }

  private add(name: string, facts: number): number {
    const id = this.names.length;
    const bytes = Buffer.from(name).map((byte) => fold[byte]!);
    this.names.push(Buffer.from(bytes).toString('latin1'));
    this.bytes.set(bytes, id * STRIDE);
    this.flags[id] = facts;
    let slot = hashOf(bytes, 0, bytes.length);
    while (this.slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
    this.slots[slot] = id;
    return id;
  }

  private addSubcommand(name: string, flags: string): void {
    const bar = name.indexOf('|');
    if (bar === -1) return;
    const id = this.idOf(name.slice(0, bar));
    let facts = factsOfFlags(flags.split(' ')) | (kinds.get(name) ?? 0);
    // What holds for all of a family (SCRIPT, FUNCTION) holds for each of its members.
    facts |= this.flags[id]! & Fact.Script;
    const siblings = this.subcommands.get(id) ?? new Map<string, number>();
    this.subcommands.set(id, siblings.set(name.slice(bar + 1), facts));
  }

  /** A container is what all its subcommands are, and a write when one is. */
  private containerFacts(id: number): number {
    const facts = [...this.subcommands.get(id)!.values()];
    let all = Fact.Container as number;
    if (facts.some((bits) => (bits & Fact.Write) !== 0)) all |= Fact.Write;
    if (facts.every((bits) => (bits & Fact.ReadOnly) !== 0)) all |= Fact.ReadOnly;
    else if (facts.every((bits) => (bits & (Fact.ReadOnly | Fact.Harmless)) !== 0)) all |= Fact.Harmless;
    return all;
  }
}

/** Of the length and three bytes: the names of the servers need three probes at most. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return 0;
  const middle = start + (length >> 1);
  const key = fold[bytes[start]!]! | (fold[bytes[middle]!]! << 8) | (fold[bytes[end - 1]!]! << 16) | (length << 24);
  return Math.imul(key, 0x9e3779b1) >>> (32 - SLOT_BITS);
}
