import { Command } from 'commander';
import { checkCommand } from './commands/check.js';
import { demoCommand } from './commands/demo.js';
import { gatewayCommand } from './commands/gateway.js';
import { statusCommand } from './commands/status.js';
import { switchCommand } from './commands/switch.js';
import { upgradeCommand } from './commands/upgrade.js';
import { packageVersion } from './package-version.js';

/** The whole command, ready to parse. */
export function segueProgram(): Command {
  const program = new Command('segue')
    .description(
      'Makes the switch from one primary to another invisible to the clients of a standalone Valkey or Redis.',
    )
    .version(packageVersion())
    .showHelpAfterError('(segue --help lists commands and options)')
    .addHelpText(
      'after',
      `
Examples:
  segue demo
      a rolling upgrade of real servers on this machine, with and without Segue
  segue status --nodes valkey://10.0.0.1:6379
      one node is enough: it names the others
  segue switch --nodes valkey://10.0.0.1:6379 --report switch.html
      checks, shows the plan, asks, and makes the replica the primary

Settings come from flags, then SEGUE_* variables, then a --config file. segue <command> --help tells more.`,
    )
    .addCommand(statusCommand())
    .addCommand(checkCommand())
    .addCommand(switchCommand())
    .addCommand(upgradeCommand())
    .addCommand(gatewayCommand())
    .addCommand(demoCommand());
  // Commands that are added ready-made inherit nothing.
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}
