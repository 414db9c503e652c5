import type { LinkHandlers } from './link.js';

/** Told what was thrown, instead of the process that it would end. */
export type Faulted = (error: unknown) => void;

export function guarded(act: () => void, faulted: Faulted): () => void {
  return () => {
    try {
      act();
    } catch (error) {
      faulted(error);
    }
  };
}

export function guardLink(handlers: LinkHandlers, faulted: Faulted): LinkHandlers {
  return {
    onOpen: guarded(() => handlers.onOpen(), faulted),
    onData(chunk) {
      try {
        handlers.onData(chunk);
      } catch (error) {
        faulted(error);
      }
    },
    onWritable: guarded(() => handlers.onWritable(), faulted),
    onClose: (error) => guarded(() => handlers.onClose(error), faulted)(),
  };
}
