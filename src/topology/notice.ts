import { formatAddress, parseAddress } from '../transport/index.js';
import type { Waiting } from './waiting.js';

/*
 * The words of the hold protocol: what an operator tells the sessions of a pair before it moves the primary, and what
 * each process with sessions answers. Whoever may publish on the channel can send anything, so both sides read strictly.
 */

/** Where operators publish notices. */
export const NOTICE_CHANNEL = 'segue:notice';

/** Bounds of notices and answers. Whoever reads one refuses what passes them; whoever writes one keeps them. */
export const NOTICE_BOUNDS = {
  /** Of the whole message, in UTF-8. */
  bytes: 4096,
  idLength: 64,
  /** 253 of a DNS name, brackets or a port besides. */
  nameLength: 261,
  holdMs: 60_000,
  reasonLength: 200,
  count: 100_000_000,
  /** Times at which a process has counted what waited in its sessions. */
  countings: 16,
} as const;

interface Told {
  /** Of the switch: the same in all its notices and answers. Letters, digits and `._-`. */
  readonly id: string;
  /** The primary that is to be left, `host:port` as its operator names it. */
  readonly from: string;
  /** The node that is to be primary next. */
  readonly to: string;
  /** How long sessions hold at most; they take less when their own bound is lower. */
  readonly holdMs: number;
  /** How many processes are told, as far as the operator knows. */
  readonly processes?: number;
}

export type Notice =
  /** Dial `to` and restore the session there, while it goes on at `from`. */
  | (Told & { readonly kind: 'prepare' })
  /** Send nothing more, take the answers that are owed, and hold. */
  | (Told & { readonly kind: 'hold' })
  /** Go on: at the primary that the topology finds, or where the session is. */
  | (Told & { readonly kind: 'release'; readonly outcome: 'switched' | 'given-up' });

interface Said {
  readonly id: string;
  /** Its sessions of the pair. */
  readonly sessions: number;
  /** Of these, the ones that have no connection at `to` (`ready`), or still await answers (`holding`). */
  readonly late: number;
  /** Commands without an answer in its sessions, those that block in the server included. */
  readonly held: number;
  readonly reason?: string;
}

/** What a process does about a notice, without its name. */
export type Statement = Said &
  (
    | {
        /** `unable`: this process does nothing about the notice, `reason` says why. */
        readonly kind: 'ready' | 'holding' | 'unable';
      }
    | {
        /** Its sessions have gone on; this is what waited in them. Older versions do not say it. */
        readonly kind: 'released';
        /** From the notice until they could go on. */
        readonly heldMs: number;
        /** Since the notice, `heldMs` at the most. */
        readonly waiting: Waiting;
      }
  );

export type Answer = Statement & {
  /** One process and pair; random, so that answers can be told apart. */
  readonly process: string;
};

/** What came of reading a message. `refused`: why it is none, in words that hold nothing of the message itself. */
export type Reading<T> =
  | { readonly is: 'read'; readonly value: T }
  | { readonly is: 'refused'; readonly reason: string };

/** Where a process answers the notices with this id. */
export function answerChannel(id: string): string {
  return `segue:answer:${id}`;
}

export function encodeNotice(notice: Notice): string {
  const { id, kind, from, to, holdMs, processes } = notice;
  return JSON.stringify({
    segue: 1,
    id,
    kind,
    from,
    to,
    holdMs,
    ...(processes === undefined ? {} : { processes }),
    ...(kind === 'release' ? { outcome: notice.outcome } : {}),
  });
}

/** Never throws. Names come back as formatAddress writes them; unknown fields are ignored. */
export function parseNotice(text: string): Reading<Notice> {
  return read(text, (fields) => {
    const kind = oneOf(fields, 'kind', ['prepare', 'hold', 'release']);
    const told = {
      id: idIn(fields, 'id'),
      from: nameIn(fields, 'from'),
      to: nameIn(fields, 'to'),
      holdMs: wholeIn(fields, 'holdMs', 1, NOTICE_BOUNDS.holdMs),
      ...(fields.processes === undefined ? {} : { processes: wholeIn(fields, 'processes', 0, NOTICE_BOUNDS.count) }),
    };
    if (told.from === told.to) throw new Refused('"from" and "to" are the same');
    return kind === 'release'
      ? { ...told, kind, outcome: oneOf(fields, 'outcome', ['switched', 'given-up']) }
      : { ...told, kind };
  });
}

/** A reason that is too long is cut. */
export function encodeAnswer(answer: Answer): string {
  const { id, kind, process, sessions, late, held, reason } = answer;
  return JSON.stringify({
    segue: 1,
    id,
    kind,
    process,
    sessions,
    late,
    held,
    ...(reason === undefined ? {} : { reason: printable(reason) }),
    ...(kind === 'released' ? { heldMs: answer.heldMs, waiting: answer.waiting } : {}),
  });
}

/** Never throws. The reason comes back fit for a terminal. */
export function parseAnswer(text: string): Reading<Answer> {
  return read(text, (fields) => {
    const { reason } = fields;
    const kind = oneOf(fields, 'kind', ['ready', 'holding', 'unable', 'released']);
    const said = {
      id: idIn(fields, 'id'),
      process: idIn(fields, 'process'),
      sessions: wholeIn(fields, 'sessions', 0, NOTICE_BOUNDS.count),
      late: wholeIn(fields, 'late', 0, NOTICE_BOUNDS.count),
      held: wholeIn(fields, 'held', 0, NOTICE_BOUNDS.count),
      ...(typeof reason === 'string' ? { reason: printable(reason) } : {}),
    };
    if (kind !== 'released') return { ...said, kind };
    const heldMs = timeIn(fields, 'heldMs');
    return { ...said, kind, heldMs, waiting: waitingIn(fields, 'waiting', heldMs) };
  });
}

class Refused extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function read<T>(text: string, interpret: (fields: Fields) => T): Reading<T> {
  try {
    // UTF-8 never takes fewer bytes than there are UTF-16 units.
    if (text.length > NOTICE_BOUNDS.bytes || Buffer.byteLength(text) > NOTICE_BOUNDS.bytes) {
      throw new Refused(`longer than ${NOTICE_BOUNDS.bytes} bytes`);
    }
    const fields = objectIn(text);
    if (fields.segue !== 1) throw new Refused('"segue" is not 1');
    return { is: 'read', value: interpret(fields) };
  } catch (error) {
    if (error instanceof Refused) return { is: 'refused', reason: error.message };
    throw error;
  }
}

function objectIn(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refused('not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refused('not an object');
  return value as Fields;
}

function idIn(fields: Fields, name: string): string {
  const value = fields[name];
  const isFit = typeof value === 'string' && value.length <= NOTICE_BOUNDS.idLength && /^[\w.-]+$/.test(value);
  if (!isFit) throw new Refused(`"${name}" is no id of 1 to ${NOTICE_BOUNDS.idLength} letters, digits and ._-`);
  return value;
}

function nameIn(fields: Fields, name: string): string {
  const value = fields[name];
  const isText = typeof value === 'string' && value.length <= NOTICE_BOUNDS.nameLength;
  const address = isText ? parseAddress(value) : undefined;
  // What a host name or an IP address is made of (IPv6 with its zone): it is shown to people.
  if (address?.kind !== 'tcp' || !/^[\w.:%-]+$/.test(address.host)) throw new Refused(`"${name}" is no host:port`);
  return formatAddress(address);
}

function wholeIn(fields: Fields, name: string, min: number, max: number): number {
  const value = fields[name];
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw new Refused(`"${name}" is no whole number from ${min} to ${max}`);
}

function timeIn(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === 'number' && value >= 0 && value <= NOTICE_BOUNDS.holdMs) return value;
  throw new Refused(`"${name}" is no time from 0 to ${NOTICE_BOUNDS.holdMs} ms`);
}

function waitingIn(fields: Fields, name: string, heldMs: number): Waiting {
  const value = fields[name];
  const { countings, count } = NOTICE_BOUNDS;
  if (Array.isArray(value) && value.length <= countings && value.every(isCounting)) {
    const isInOrder = value.every(([atMs], at) => atMs >= (value[at - 1]?.[0] ?? 0) && atMs <= heldMs);
    if (isInOrder) return value.map(([atMs, commands]) => [atMs, commands]);
  }
  throw new Refused(`"${name}" is no series of up to ${countings} [ms, commands], commands up to ${count}`);
}

function isCounting(value: unknown): value is [number, number] {
  if (!Array.isArray(value) || value.length < 2) return false;
  const [atMs, commands] = value;
  const isCount = Number.isInteger(commands) && commands >= 0 && commands <= NOTICE_BOUNDS.count;
  return isCount && typeof atMs === 'number' && atMs >= 0;
}

function oneOf<T extends string>(fields: Fields, name: string, choices: readonly T[]): T {
  const value = choices.find((choice) => choice === fields[name]);
  if (value === undefined) throw new Refused(`"${name}" is none of ${choices.join(', ')}`);
  return value;
}

function printable(text: string): string {
  return text.slice(0, NOTICE_BOUNDS.reasonLength).replace(/[^\x20-\x7e]/g, '?');
}
