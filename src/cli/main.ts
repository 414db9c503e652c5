#!/usr/bin/env node
import { segueProgram } from './program.js';
import { reportError } from './report-error.js';

segueProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = reportError(error, (line) => console.error(line));
  });
