import Redis6 from 'ioredis';
import Redis5 from 'ioredis5';
import Valkey from 'iovalkey';
import { type SegueOptions, segueConnector } from '../../doors/ioredis/index.js';
import type { LoadClient } from './load-client.js';

export const clientLibraries = ['ioredis5', 'ioredis6', 'iovalkey'] as const;
export type ClientLibrary = (typeof clientLibraries)[number];

export function isClientLibrary(text: string): text is ClientLibrary {
  return (clientLibraries as readonly string[]).includes(text);
}

/** How to reach the pair: by one plain connection to one node, or through Segue, which needs any node as a seed. */
export interface ClientSpec {
  readonly library: ClientLibrary;
  readonly host: string;
  readonly port: number;
  readonly segue: boolean;
  readonly segueOptions?: SegueOptions;
  /** Further ioredis options. */
  readonly options?: Readonly<Record<string, unknown>>;
}

type ClientConstructor = new (options: Record<string, unknown>) => unknown;

const constructors = { ioredis5: Redis5, ioredis6: Redis6, iovalkey: Valkey } as unknown as Record<
  ClientLibrary,
  ClientConstructor | { default: ClientConstructor }
>;

/**
 * A client of the wanted library. It connects by itself; the caller listens to 'error' and closes it. The clients' types
 * differ where the workloads do not look, so here, and only here, one type is claimed for all three.
 */
export function openClient(spec: ClientSpec): LoadClient {
  const { library, host, port } = spec;
  const connector = spec.segue ? { Connector: segueConnector(spec.segueOptions) } : {};
  const found = constructors[library];
  const Client = typeof found === 'function' ? found : found.default;
  return new Client({ host, port, ...connector, ...spec.options }) as LoadClient;
}
