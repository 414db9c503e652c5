import type { SessionEvent } from '../session/index.js';
import type { TopologyEvent } from '../topology/index.js';
import type { HoldEvent } from './hold-phase.js';

/** What any session of a pair tells, and all together. */
export type SegueEvent = SessionEvent | TopologyEvent | HoldEvent;

export type SegueEventType = SegueEvent['type'];

/** Of one type. */
export type SegueEventOf<Type extends SegueEventType> = Extract<SegueEvent, { type: Type }>;

/** What a field holds. Times are durations in milliseconds. */
export type FieldKind = 'node' | 'text' | 'count' | 'ms' | 'yes or no';

/**
 * `of` whom an event tells: one session; all sessions of a pair in this process; or the pair. `fields`: all that it has,
 * besides `type`.
 */
interface Description<Type extends SegueEventType> {
  readonly of: 'session' | 'process' | 'pair';
  readonly fields: { readonly [Field in Exclude<keyof SegueEventOf<Type>, 'type'>]-?: FieldKind };
}

/** All events, so that none can be forgotten: not by whoever publishes them, and not in docs/events.md. */
export const EVENTS: { readonly [Type in SegueEventType]: Description<Type> } = {
  hold: { of: 'session', fields: { node: 'node', cause: 'text', limitMs: 'ms' } },
  resume: { of: 'session', fields: { node: 'node', why: 'text', heldMs: 'ms' } },
  move: {
    of: 'session',
    fields: {
      node: 'node',
      term: 'count',
      replayed: 'count',
      discarded: 'count',
      swallowed: 'count',
      heldMs: 'ms',
      replica: 'yes or no',
    },
  },
  lost: { of: 'session', fields: { node: 'node', reason: 'text', unanswered: 'count' } },
  remark: { of: 'session', fields: { node: 'node', text: 'text' } },
  'no-replica': { of: 'session', fields: { node: 'node' } },
  'scan-restart': { of: 'session', fields: { node: 'node' } },
  'handed-over': {
    of: 'session',
    fields: { node: 'node', subscriptions: 'count', ahead: 'yes or no', tookMs: 'ms' },
  },
  resubscribed: {
    of: 'session',
    fields: { node: 'node', subscriptions: 'count', reason: 'text', gapMs: 'ms' },
  },
  'tracking-reset': { of: 'session', fields: { node: 'node' } },
  'monitor-restart': { of: 'session', fields: { node: 'node' } },
  'watch-lost': { of: 'session', fields: { node: 'node' } },
  'scripts-loaded': { of: 'session', fields: { node: 'node', scripts: 'count' } },
  'restore-refused': { of: 'session', fields: { node: 'node', command: 'text', reason: 'text' } },
  'join-failed': { of: 'session', fields: { node: 'node', reason: 'text', ahead: 'yes or no' } },
  uncertain: { of: 'session', fields: { node: 'node', commands: 'count', fate: 'text' } },
  unreadable: { of: 'session', fields: { code: 'text' } },
  ended: { of: 'session', fields: { reason: 'text' } },
  'given-up': { of: 'session', fields: { code: 'text', commands: 'count' } },
  prepared: {
    of: 'process',
    fields: { id: 'text', to: 'node', sessions: 'count', late: 'count', tookMs: 'ms' },
  },
  holding: {
    of: 'process',
    fields: { id: 'text', sessions: 'count', late: 'count', held: 'count', tookMs: 'ms' },
  },
  released: { of: 'process', fields: { id: 'text', outcome: 'text', heldMs: 'ms' } },
  unable: { of: 'process', fields: { id: 'text', kind: 'text', sessions: 'count', reason: 'text' } },
  primary: { of: 'pair', fields: { node: 'node', term: 'count', cause: 'text', previous: 'node' } },
  'primary-lost': { of: 'pair', fields: { node: 'node', term: 'count', reason: 'text' } },
  'node-up': { of: 'pair', fields: { node: 'node', role: 'text', version: 'text' } },
  'node-down': { of: 'pair', fields: { node: 'node', reason: 'text' } },
  alias: { of: 'pair', fields: { node: 'node', also: 'node' } },
  ambiguous: { of: 'pair', fields: { chosen: 'node', others: 'node', decidedBy: 'text' } },
  'stale-claim': { of: 'pair', fields: { node: 'node', primary: 'node', reason: 'text' } },
  untrusted: { of: 'pair', fields: { address: 'node', namedBy: 'node', reason: 'text' } },
  notice: { of: 'pair', fields: { kind: 'text', id: 'text', from: 'node', to: 'node', refused: 'text' } },
  'notice-ignored': { of: 'pair', fields: { node: 'node', reason: 'text' } },
  'notices-unavailable': { of: 'pair', fields: { node: 'node', reason: 'text' } },
  degraded: { of: 'pair', fields: { node: 'node', reason: 'text' } },
};

export const EVENT_TYPES = Object.keys(EVENTS) as readonly SegueEventType[];
