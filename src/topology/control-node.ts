import { ReplyError } from '../resp/decode.js';
import { Conversation, type ConversationOptions } from './conversation.js';
import { ConversationError } from './conversation-error.js';
import { NodeProbe, type Probe } from './node-probe.js';
import type { Failure } from './watch-state.js';

export interface ControlNodeHandlers {
  onProbed(seq: number, probe: Probe): void;
  /** Exactly once, unless close() was called. */
  onClosed(failure: Failure): void;
}

/** One control connection: probes on demand, and its end. */
export class ControlNode {
  readonly conversation: Conversation;
  readonly #probe: NodeProbe;
  readonly #handlers: ControlNodeHandlers;
  #closed = false;
  #last: Promise<void> = Promise.resolve();

  constructor(options: ConversationOptions, handlers: ControlNodeHandlers) {
    this.#handlers = handlers;
    this.conversation = new Conversation({ ...options, onClose: (error) => this.#end(error) });
    this.#probe = new NodeProbe(this.conversation);
  }

  probe(seq: number): void {
    this.#last = this.#probe.run().then(
      (probe) => {
        if (!this.#closed) this.#handlers.onProbed(seq, probe);
      },
      (error: Error) => this.#end(error),
    );
  }

  /** Resolves when the last probe has been answered, or the connection has ended. */
  answered(): Promise<void> {
    return this.#last;
  }

  /** No callback any more. */
  close(): void {
    this.#closed = true;
    this.conversation.close();
  }

  #end(error: Error | undefined): void {
    if (this.#closed) return;
    this.close();
    this.#handlers.onClosed({ kind: kindOf(error), reason: error?.message ?? 'the connection was closed' });
  }
}

function kindOf(error: Error | undefined): Failure['kind'] {
  if (error instanceof ConversationError && error.code === 'SEGUE_CONVERSATION_AUTH') return 'auth';
  if (error instanceof ReplyError) return error.code === 'NOAUTH' || error.code === 'NOPERM' ? 'auth' : 'other';
  return 'network';
}
