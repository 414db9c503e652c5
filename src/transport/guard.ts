import type { LinkError, LinkHandlers } from './link.js';

/** Told what was thrown, instead of the process that it would end. */
export interface Faulted {
  faulted(error: unknown): void;
}

export function guarded(act: () => void, owner: Faulted): () => void {
  return () => {
    try {
      act();
    } catch (error) {
      owner.faulted(error);
    }
  };
}

export function guardLink(handlers: LinkHandlers, owner: Faulted): LinkHandlers {
  return new GuardedHandlers(handlers, owner);
}

/** No closures: a link keeps its handlers for as long as it lives, and thousands may be idle. */
class GuardedHandlers implements Required<LinkHandlers> {
  constructor(
    private readonly handlers: LinkHandlers,
    private readonly owner: Faulted,
  ) {}

  onTurn(): void {
    try {
      this.handlers.onTurn?.();
    } catch (error) {
      this.owner.faulted(error);
    }
  }

  onOpen(): void {
    try {
      this.handlers.onOpen();
    } catch (error) {
      this.owner.faulted(error);
    }
  }

  onData(chunk: Buffer): void {
    try {
      this.handlers.onData(chunk);
    } catch (error) {
      this.owner.faulted(error);
    }
  }

  onWritable(): void {
    try {
      this.handlers.onWritable();
    } catch (error) {
      this.owner.faulted(error);
    }
  }

  onClose(error?: LinkError): void {
    try {
      this.handlers.onClose(error);
    } catch (thrown) {
      this.owner.faulted(thrown);
    }
  }
}
