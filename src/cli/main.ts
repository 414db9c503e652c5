#!/usr/bin/env node
import { segueProgram } from './program.js';
import { reportError } from './report-error.js';

// Awaited: should nothing be left to wait for before it is done, Node ends with code 13, and not as if all were well.
await segueProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = reportError(error, (line) => console.error(line));
  });
