/** The user had enough of something that need not be cleaned up after. The command ends at once, without a word. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** For work that only looks: rejects with Interrupted as soon as the user has had enough, whatever it is waiting for. */
export function unlessInterrupted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Interrupted());
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
