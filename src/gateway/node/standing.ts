import type { Endpoint } from '../../topology/index.js';
import { parseInfo, parseReport, parseRole } from '../../topology/replication-report.js';

/** What the node is, as it said last. */
export type Standing =
  | { readonly role: 'unknown' }
  | { readonly role: 'primary' }
  /** `primary` is the literal text that the node was told, and what REDIRECT names. */
  | { readonly role: 'replica'; readonly primary: Endpoint; readonly readOnly: boolean }
  /** Its own FAILOVER has demoted it, and the other node has not taken over yet: Valkey lets capable clients wait. */
  | { readonly role: 'failing-over' };

export const UNKNOWN: Standing = { role: 'unknown' };
const PRIMARY: Standing = { role: 'primary' };

/** Reads INFO replication. */
export function standingOfInfo(info: string): Standing {
  const report = parseReport(info, false);
  if (report === undefined) return UNKNOWN;
  if (report.failover === 'failover-in-progress') return { role: 'failing-over' };
  if (report.role === 'primary') return PRIMARY;
  const fields = parseInfo(info);
  // Not report.upstream: a port of 0 or an odd host would be missing there, and the node names it all the same.
  const primary = { host: fields.get('master_host') ?? '', port: Number(fields.get('master_port')) };
  return { role: 'replica', primary, readOnly: fields.get('slave_read_only') !== '0' };
}

/** Reads ROLE, for users who may not ask INFO: it does not tell of a failover, nor whether the replica is read-only. */
export function standingOfRole(reply: unknown): Standing {
  const report = parseRole(reply, false);
  if (report === undefined) return UNKNOWN;
  if (report.role === 'primary') return PRIMARY;
  return report.upstream === undefined ? UNKNOWN : { role: 'replica', primary: report.upstream, readOnly: true };
}
