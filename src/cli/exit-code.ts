/** What the command's end means to a script. Numbers are promises: none ever changes its meaning. */
export const ExitCode = {
  Done: 0,
  Internal: 1,
  Usage: 2,
  ChecksFailed: 3,
  GivenUp: 4,
  Unproven: 5,
  Unknown: 6,
  Busy: 7,
  Interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
