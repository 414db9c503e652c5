/**
 * What an error says about the command that got it.
 * `refused`: the server answered that it did not run. `uncertain`: it may have run, once.
 */
export type Delivery = 'refused' | 'uncertain';

/**
 * An error that is a server's reply means that the command had no effect (the workloads' scripts fail, if at all, at
 * their first write), with one exception: UNCERTAIN is Segue's way to say that nobody knows. An error of any other
 * kind (connection closed, time out, retries used up) says nothing about the command either.
 */
export function deliveryOf(error: Error): Delivery {
  return error.name === 'ReplyError' && !error.message.startsWith('UNCERTAIN') ? 'refused' : 'uncertain';
}

/** Groups errors for people: the first word of a server's error, else the text. */
export function errorKind(error: Error): string {
  if (error.name === 'ReplyError') return /^[A-Z][A-Z0-9_]*/.exec(error.message)?.[0] ?? 'ReplyError';
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : error.message.slice(0, 80);
}
