import type { Check } from './check.js';
import { ok, warn } from './finding.js';
import { sizeText } from './units.js';

/** What a copy takes on its way, roughly; only the order of magnitude matters here. */
const copyBytesPerSecond = 50 * 1024 * 1024;

interface Limit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

/** During a full copy writes pile up for the replica; past the limit its link is cut, and the copy begins again, for ever. */
export const outputBuffer: Check = {
  name: 'output-buffer',
  what: 'the output buffer for replicas holds what is written during a full copy, and is not smaller than before',
  worst: 'warning',
  needs: ['config'],
  async run(facts) {
    const { from, to } = facts;
    const [limit, other] = [limitOf(to.config), limitOf(from.config)];
    const { bytesPerSecond } = await facts.writeRate();
    const delay = Number(to.config.get('repl-diskless-sync-delay') ?? 0);
    const copySeconds = to.memory.usedBytes / copyBytesPerSecond + delay;
    const needed = bytesPerSecond * copySeconds;
    const room = Math.max(roomIn(limit, copySeconds), to.backlog.sizeBytes);
    const measured = `${sizeText(room)} of room, about ${sizeText(needed)} written in ${Math.ceil(copySeconds)} s`;
    const remedy = `CONFIG SET client-output-buffer-limit "replica ${other.hardBytes} ${other.softBytes} ${other.softSeconds}"`;
    if (room < needed) {
      const fix = 'CONFIG SET client-output-buffer-limit "replica 0 0 0", or larger';
      return [warn('a full copy might not end', { node: to.name, measured, remedy: fix })];
    }
    if (roomIn(limit, 60) < roomIn(other, 60)) {
      return [warn('smaller than at the old primary', { node: to.name, measured, remedy: `${remedy} at ${to.name}` })];
    }
    return [ok('it is large enough', measured)];
  },
};

/** `normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60` */
function limitOf(config: ReadonlyMap<string, string>): Limit {
  const text = config.get('client-output-buffer-limit') ?? '';
  const match = /\b(?:slave|replica) (\d+) (\d+) (\d+)/.exec(text);
  const [hardBytes = 0, softBytes = 0, softSeconds = 0] = match?.slice(1).map(Number) ?? [];
  return { hardBytes, softBytes, softSeconds };
}

/** How much may pile up in this time; 0 in the configuration is no limit. */
function roomIn({ hardBytes, softBytes, softSeconds }: Limit, seconds: number): number {
  const hard = hardBytes === 0 ? Number.POSITIVE_INFINITY : hardBytes;
  return softBytes === 0 || seconds <= softSeconds ? hard : Math.min(hard, softBytes);
}
