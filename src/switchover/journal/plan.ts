import { z } from 'zod';

const setting = z.object({ name: z.string(), was: z.string(), fenced: z.string() });

const node = z.object({
  /** `host:port`, as the operator reaches it. */
  name: z.string(),
  tls: z.boolean(),
  /** What the other node calls it, where that is known. */
  knownAs: z.string().optional(),
  /** Of the server process at the time of the plan. */
  runId: z.string().optional(),
});

const order = z.object({
  sentinel: z.string(),
  vouched: z.boolean(),
  service: z.string(),
  from: z.string(),
  to: z.string(),
});

/** Everything that is needed to finish or undo a switch that was broken off. Holds no secrets. */
export const switchPlan = z.object({
  id: z.string(),
  method: z.enum(['manual', 'failover']),
  from: node,
  to: node,
  others: z.array(node),
  /** What each Sentinel is to be told. */
  sentinels: z.array(order).default([]),
  /** The history before the switch, and how far it had come. */
  replid: z.string(),
  offset: z.number(),
  fence: z.object({ settings: z.array(setting), transient: z.array(setting), inFile: z.boolean() }).optional(),
  notice: z.boolean(),
});
export type SwitchPlan = z.infer<typeof switchPlan>;
export type PlannedNode = z.infer<typeof node>;
