import { numberField } from './number-field.js';

export interface MemoryFacts {
  readonly usedBytes: number;
  readonly datasetBytes: number;
  /** 0: no limit. */
  readonly limitBytes: number;
  /** What is done at the limit: noeviction, allkeys-lru, …. */
  readonly policy: string;
  readonly systemBytes: number | undefined;
}

export function readMemory(info: ReadonlyMap<string, string>): MemoryFacts {
  return {
    usedBytes: numberField(info, 'used_memory') ?? 0,
    datasetBytes: numberField(info, 'used_memory_dataset') ?? 0,
    limitBytes: numberField(info, 'maxmemory') ?? 0,
    policy: info.get('maxmemory_policy') ?? 'unknown',
    systemBytes: numberField(info, 'total_system_memory'),
  };
}
