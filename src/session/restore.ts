import { encodeCommand } from '../resp/index.js';
import type { Identity } from './identity.js';
import type { Family } from './subscriptions.js';

/** One command of the handshake that makes a new connection the session's. */
export interface RestoreStep {
  readonly command: readonly (string | Buffer)[];
  /** Frames of answer. */
  readonly frames: number;
  /**
   * Without this one the session would not be itself. An error to any other is ignored: an older server does not know
   * the command, or the user may not use it.
   */
  readonly essential: boolean;
  readonly purpose: 'identity' | 'capability' | 'role' | 'scripts' | 'subscribe' | 'marker';
}

/** Who the client is and what it has set. `redirects`: and that redirects are understood; a replica would send on its reads. */
export function identitySteps(identity: Identity, redirects: boolean): RestoreStep[] {
  const steps = credentialSteps(identity);
  if (redirects) steps.push(step(['CLIENT', 'CAPA', 'redirect'], { purpose: 'capability' }));
  if (identity.name !== '') steps.push(step(['CLIENT', 'SETNAME', identity.name]));
  for (const [attribute, value] of identity.info) steps.push(step(['CLIENT', 'SETINFO', attribute, value]));
  if (identity.database !== '0') steps.push(step(['SELECT', identity.database], { essential: true }));
  if (identity.noEvict) steps.push(step(['CLIENT', 'NO-EVICT', 'ON']));
  if (identity.noTouch) steps.push(step(['CLIENT', 'NO-TOUCH', 'ON']));
  if (identity.readOnly) steps.push(step(['READONLY']));
  // Without it the client would keep what nobody invalidates.
  if (identity.tracking !== undefined) steps.push(step(identity.tracking, { essential: true }));
  return steps;
}

/** Whether the node is a primary. */
export const ROLE_STEP = step(['ROLE'], { purpose: 'role' });

/** Takes back all that `identitySteps` has said before. */
export const RESET_STEP = step(['RESET'], { essential: true });

/** Which of the scripts the node lacks. */
export function scriptSteps(shas: readonly string[]): RestoreStep[] {
  return shas.length === 0 ? [] : [step(['SCRIPT', 'EXISTS', ...shas], { purpose: 'scripts' })];
}

export function loadSteps(bodies: readonly Buffer[]): RestoreStep[] {
  return bodies.map((body) => step(['SCRIPT', 'LOAD', body], { purpose: 'scripts' }));
}

function credentialSteps(identity: Identity): RestoreStep[] {
  const { credentials, protocol } = identity;
  if (protocol === 3) {
    const auth = credentials === undefined ? [] : ['AUTH', credentials.username ?? 'default', credentials.password];
    return [step(['HELLO', '3', ...auth], { essential: true })];
  }
  if (credentials === undefined) return [];
  const { username, password } = credentials;
  return [step(username === undefined ? ['AUTH', password] : ['AUTH', username, password], { essential: true })];
}

const SUBSCRIBE: Record<Family, string> = { channel: 'SUBSCRIBE', pattern: 'PSUBSCRIBE', shard: 'SSUBSCRIBE' };

/** These come late, since in RESP2 little else is allowed after them. */
export function subscribeSteps(identity: Identity): RestoreStep[] {
  const steps: RestoreStep[] = [];
  for (const family of ['channel', 'pattern', 'shard'] as const) {
    const names = [...identity.subscriptions.of(family)];
    if (names.length === 0) continue;
    const command = [SUBSCRIBE[family], ...names];
    steps.push(step(command, { frames: names.length, essential: true, purpose: 'subscribe' }));
  }
  return steps;
}

/** What makes the node talk. */
export function trafficSteps(identity: Identity): RestoreStep[] {
  return [...subscribeSteps(identity), ...monitorSteps(identity)];
}

/** The channel by whose messages a place in the stream is found. */
export function markerSteps(channel: string | undefined): RestoreStep[] {
  return channel === undefined ? [] : [step(['SUBSCRIBE', channel], { purpose: 'marker' })];
}

export function monitorSteps(identity: Identity): RestoreStep[] {
  return identity.monitor ? [step(['MONITOR'], { essential: true })] : [];
}

function step(command: RestoreStep['command'], more: Partial<RestoreStep> = {}): RestoreStep {
  return { command, frames: 1, essential: false, purpose: 'identity', ...more };
}

export function encodeSteps(steps: readonly RestoreStep[]): Buffer {
  const latin1 = (arg: string | Buffer) => (typeof arg === 'string' ? Buffer.from(arg, 'latin1') : arg);
  return Buffer.concat(steps.map(({ command }) => encodeCommand(command.map(latin1))));
}
