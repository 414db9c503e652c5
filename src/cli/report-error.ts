import { CommanderError } from 'commander';
import { GatewayError } from '../gateway/gateway-error.js';
import { LabError } from '../lab/lab-error.js';
import { SwitchError, type SwitchErrorCode } from '../switchover/index.js';
import { ListenError, OptionError } from '../transport/index.js';
import { ExitCode } from './exit-code.js';

/** Something the user wrote cannot be used. The message says what can. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const switchExits: Record<SwitchErrorCode, ExitCode> = {
  SEGUE_SWITCH_CHECK: ExitCode.ChecksFailed,
  SEGUE_SWITCH_BUSY: ExitCode.Busy,
  SEGUE_SWITCH_JOURNAL: ExitCode.Unknown,
  SEGUE_SWITCH_GIVEN_UP: ExitCode.GivenUp,
  SEGUE_SWITCH_UNPROVEN: ExitCode.Unproven,
  SEGUE_SWITCH_UNKNOWN: ExitCode.Unknown,
};

const usageErrors = [UsageError, OptionError, GatewayError, ListenError];

/** Tells the user, in words for foreseen errors and with the stack for defects of ours, and returns the exit code. */
export function reportError(error: unknown, write: (line: string) => void): ExitCode {
  // Commander has written its message already; help and version end with code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.Usage;
  if (usageErrors.some((kind) => error instanceof kind)) {
    write(`segue: ${(error as Error).message}`);
    return ExitCode.Usage;
  }
  if (error instanceof SwitchError) {
    write(`segue: ${error.message}`);
    return switchExits[error.code];
  }
  if (error instanceof LabError) {
    write(`segue: ${error.message}`);
    return ExitCode.Internal;
  }
  const missing = missingPackage(error);
  if (missing !== undefined) {
    write(`segue: this command needs the package "${missing}", which is not installed: npm install ${missing}`);
    return ExitCode.Usage;
  }
  write(`segue: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return ExitCode.Internal;
}

/** The lab's libraries are not dependencies of what applications install. */
function missingPackage(error: unknown): string | undefined {
  if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ERR_MODULE_NOT_FOUND') return undefined;
  return /Cannot find package '([^']+)'/.exec((error as Error).message)?.[1];
}
