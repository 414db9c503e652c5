import { ReplyError } from '../resp/index.js';
import type { Conversation } from '../topology/index.js';
import { readClients } from './survey/client-facts.js';
import { SwitchError } from './switch-error.js';
import { CONNECTION_NAME, type SwitchNode } from './switch-node.js';

const PREFIX = `${CONNECTION_NAME}:`;

/**
 * One switch at a time. The lock is a named connection to every node: it is there exactly as long as its owner is. Of two
 * the earlier one wins; all take the nodes in the same order, so that one of them does win.
 */
export class SwitchLock {
  private readonly conversations: Conversation[] = [];
  readonly notes: string[] = [];

  constructor(private readonly id: string) {}

  /** Rejects with SEGUE_SWITCH_BUSY when somebody else has it, with ConversationError when a node does not answer. */
  async take(nodes: readonly SwitchNode[]): Promise<void> {
    for (const node of nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const conversation = node.dial(PREFIX + this.id);
      this.conversations.push(conversation);
      await conversation.ready;
      await this.compare(node, conversation);
    }
  }

  /** A node ended, or somebody took the lock away by CLIENT KILL. */
  get isLost(): boolean {
    return this.conversations.some((conversation) => conversation.closed);
  }

  release(): void {
    for (const conversation of this.conversations.splice(0)) conversation.close();
  }

  private async compare(node: SwitchNode, conversation: Conversation): Promise<void> {
    try {
      const [own, list] = await Promise.all([
        conversation.request(['CLIENT', 'ID']),
        conversation.request(['CLIENT', 'LIST']),
      ]);
      const holder = readClients(String(list)).find(({ id, name }) => name.startsWith(PREFIX) && id < Number(own));
      if (holder === undefined) return;
      const who = `${holder.name.slice(PREFIX.length)} from ${holder.addr}`;
      const remedy = `if its operator is gone for good: CLIENT KILL ID ${holder.id} at ${node.name}`;
      throw new SwitchError('SEGUE_SWITCH_BUSY', `${node.name} is being switched by ${who}; ${remedy}`);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      this.notes.push(`two operators cannot be told apart: ${node.name}: ${error.message}`);
    }
  }
}

/** Ends what a dead operator may have left on its way: an order that a stopped server has not read yet. */
export async function endEarlierOperators(node: SwitchNode): Promise<void> {
  const [own, list] = await node.askAll([
    ['CLIENT', 'ID'],
    ['CLIENT', 'LIST'],
  ]);
  if (list instanceof ReplyError) return;
  const earlier = readClients(String(list)).filter(({ id, name }) => name === CONNECTION_NAME && id !== Number(own));
  await node.askAll(earlier.map(({ id }) => ['CLIENT', 'KILL', 'ID', id]));
}
