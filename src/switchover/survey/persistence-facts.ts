import { numberField } from './number-field.js';

export interface PersistenceFacts {
  /** Reading its data, at its start or during a full sync; `percent` as far as known. */
  readonly loading: { readonly percent: number | undefined } | undefined;
  readonly bgsaveRunning: boolean;
  readonly lastBgsaveOk: boolean;
  readonly aofEnabled: boolean;
  readonly aofRewriteRunning: boolean;
  readonly lastAofWriteOk: boolean;
  readonly changesSinceSave: number;
}

export function readPersistence(info: ReadonlyMap<string, string>): PersistenceFacts {
  return {
    loading: info.get('loading') === '1' ? { percent: numberField(info, 'loading_loaded_perc') } : undefined,
    bgsaveRunning: info.get('rdb_bgsave_in_progress') === '1',
    lastBgsaveOk: info.get('rdb_last_bgsave_status') !== 'err',
    aofEnabled: info.get('aof_enabled') === '1',
    aofRewriteRunning: info.get('aof_rewrite_in_progress') === '1' || info.get('aof_rewrite_scheduled') === '1',
    lastAofWriteOk: info.get('aof_last_write_status') !== 'err',
    changesSinceSave: numberField(info, 'rdb_changes_since_last_save') ?? 0,
  };
}
