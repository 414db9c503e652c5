import { encodeCommand } from '../../src/resp/index.js';
import { LightSession, type Target } from './light-session.js';

/** What a process has, in bytes. */
export interface Footprint {
  readonly resident: number;
  /** Of Node: what is in use after a collection, buffers included. */
  readonly used?: number;
}

export interface PerSession extends Footprint {
  readonly sessions: number;
}

const OPENING_MAX = 64;
const WARM_UP_SESSIONS = 500;

/**
 * What each of `sessions` connections costs a process that has said `command` once, been answered, and is silent since. Some
 * others have come and gone before, so that what is needed once is not counted.
 */
export async function idleMemory(
  target: Target,
  sessions: number,
  command: readonly string[],
  look: () => Promise<Footprint>,
): Promise<PerSession> {
  await closed(await openSessions(target, WARM_UP_SESSIONS, command), look);
  const before = await look();
  const open = await openSessions(target, sessions, command);
  const after = await settled(look);
  await closed(open, look);
  const each = (now: number, then: number): number => (now - then) / sessions;
  const resident = each(after.resident, before.resident);
  if (after.used === undefined || before.used === undefined) return { sessions, resident };
  return { sessions, resident, used: each(after.used, before.used) };
}

async function openSessions(target: Target, count: number, command: readonly string[]): Promise<LightSession[]> {
  const said = encodeCommand(command);
  const open: LightSession[] = [];
  for (let from = 0; from < count; from += OPENING_MAX) {
    const some = Array.from({ length: Math.min(OPENING_MAX, count - from) }, () => openOne(target, said));
    open.push(...(await Promise.all(some)));
  }
  return open;
}

function openOne(target: Target, command: Buffer): Promise<LightSession> {
  return new Promise((resolve, reject) => {
    new LightSession(target, {
      onOpen: (session) => session.send(command),
      onReply: (_reply, session) => resolve(session),
      onLost: (why) => reject(new Error(`an idle session was lost: ${why}`)),
    });
  });
}

async function closed(open: readonly LightSession[], look: () => Promise<Footprint>): Promise<void> {
  for (const session of open) session.close();
  await settled(look);
}

/** When two looks see about the same. */
async function settled(look: () => Promise<Footprint>): Promise<Footprint> {
  let last = await look();
  for (let times = 0; times < 20; times++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = await look();
    const size = (one: Footprint): number => one.used ?? one.resident;
    if (Math.abs(size(now) - size(last)) < 0.002 * size(last)) return now;
    last = now;
  }
  return last;
}
