import { UsageError } from './command-line.js';

/** One shape of traffic. */
export interface Cell {
  readonly clients: number;
  readonly pipeline: number;
  /** Of a value. */
  readonly bytes: number;
}

/** What the gateway's throughput, divided by the other's, is to reach at least. */
export interface Goals {
  readonly HAProxy: number;
  readonly twemproxy?: number;
}

const CLIENTS = [1, 10, 50, 200] as const;
const PIPELINES = [1, 16, 100] as const;
const SIZES = [3, 1024, 16 * 1024] as const;

export const allCells: readonly Cell[] = SIZES.flatMap((bytes) =>
  PIPELINES.flatMap((pipeline) => CLIENTS.map((clients) => ({ clients, pipeline, bytes }))),
);

export const fewCells: readonly Cell[] = parseCells(
  '1:1:3,10:1:3,50:1:3,200:1:3,50:16:3,200:16:3,50:100:3,50:1:1024,50:16:1024,50:1:16384,50:16:16384',
);

/** The goals: many clients share connections upstream and must gain by it, few must not lose much. */
export function goalsOf({ clients, pipeline, bytes }: Cell): Goals {
  if (clients >= 50 && pipeline === 1) return { HAProxy: 1.3, twemproxy: 0.95 };
  if (clients >= 50 && pipeline === 16) {
    return bytes <= 3 ? { HAProxy: 1.25, twemproxy: 1.9 } : { HAProxy: 1.1, twemproxy: 1.1 };
  }
  return { HAProxy: 0.87 };
}

/** `clients:pipeline:bytes`, several with commas. @throws UsageError */
export function parseCells(text: string): Cell[] {
  return text.split(',').map((part) => {
    const match = /^(\d{1,4}):(\d{1,4}):(\d{1,7})$/.exec(part.trim());
    const [clients = 0, pipeline = 0, bytes = 0] = (match ?? []).slice(1).map(Number);
    if (clients < 1 || pipeline < 1 || bytes < 1) {
      throw new UsageError(`--cells is a list of clients:pipeline:bytes such as 50:1:3,50:16:1024, not ${text}`);
    }
    return { clients, pipeline, bytes };
  });
}

export function sizeName(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KB`;
}
