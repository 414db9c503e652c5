/**
 * Tells a user's callback. What it throws is thrown on as an uncaught error of its own, outside the session that was
 * telling: that one must go on.
 */
export function tell<E>(listener: ((event: E) => void) | undefined, event: E): void {
  try {
    listener?.(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
