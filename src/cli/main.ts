#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { demoCommand } from './commands/demo.js';
import { reportError } from './report-error.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('segue')
  .description('Makes the switch from one primary to another invisible to the clients of a standalone Valkey or Redis.')
  .version(version)
  .showHelpAfterError('(segue --help lists commands and options)')
  .addCommand(demoCommand());

// Commands that are added ready-made inherit nothing.
for (const command of [program, ...program.commands]) command.exitOverride();

program.parseAsync().catch((error: unknown) => {
  process.exitCode = reportError(error, (line) => console.error(line));
});
