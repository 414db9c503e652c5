import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { Redis as Valkey } from 'iovalkey';

/** The three libraries, which have the same surface, as one type. */
export type Client = Redis6;
export type ClientClass = new (options: Record<string, unknown>) => Client;

export const libraries: readonly (readonly [name: string, library: ClientClass])[] = [
  ['ioredis 5', Redis5 as unknown as ClientClass],
  ['ioredis 6', Redis6 as unknown as ClientClass],
  ['iovalkey', Valkey as unknown as ClientClass],
];
