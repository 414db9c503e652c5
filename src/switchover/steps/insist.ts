import { type Reply, ReplyError } from '../../resp/index.js';
import { type Order, SwitchNode } from '../switch-node.js';
import type { SwitchRun } from '../switch-run.js';

export const insistPollMs = 5;

interface Insistence {
  readonly timeoutMs?: number;
  /** Looks at the node after each reconnection; what it throws is final when it is a SwitchError. */
  readonly whenBack?: () => Promise<void>;
}

/**
 * Gives orders, in one write, over new connections until all are answered. All orders given so may be executed twice.
 * Resolves with the replies, final refusals among them; rejects when time is over.
 */
export async function insistAll(
  run: SwitchRun,
  node: SwitchNode,
  orders: readonly Order[],
  { timeoutMs = run.limits.finishTimeoutMs, whenBack }: Insistence = {},
): Promise<(Reply | ReplyError)[]> {
  const deadline = run.clock.now() + timeoutMs;
  for (;;) {
    let trouble: Error;
    try {
      if (!node.connected) {
        await node.connect();
        await whenBack?.();
      }
      const replies = await node.askAll(orders);
      const passing = replies.find(passes);
      if (passing === undefined) return replies;
      trouble = passing as ReplyError;
    } catch (error) {
      trouble = error as Error;
      if (trouble.name === 'SwitchError') throw error;
      node.close();
    }
    if (run.clock.now() >= deadline) throw new Error(`${node.name}: ${trouble.message}`, { cause: trouble });
    await run.delay(insistPollMs);
  }
}

/** The same for orders of which none may be refused. */
export async function insist(
  run: SwitchRun,
  node: SwitchNode,
  orders: readonly Order[],
  insistence: Insistence = {},
): Promise<void> {
  const refusal = (await insistAll(run, node, orders, insistence)).find(SwitchNode.refused);
  if (refusal !== undefined) throw new Error(`${node.name}: ${refusal.message}`, { cause: refusal });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Loading ends by itself; every other refusal would be repeated. */
function passes(reply: Reply | ReplyError): boolean {
  return reply instanceof ReplyError && /^(LOADING|BUSY)/.test(reply.message);
}
