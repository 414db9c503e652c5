import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { reportError, UsageError } from '../../../src/cli/report-error.js';
import { LabError } from '../../../src/lab/servers/index.js';
import { SwitchError } from '../../../src/switchover/index.js';
import { OptionError } from '../../../src/transport/index.js';

function reported(error: unknown): { code: number; text: string } {
  const lines: string[] = [];
  const code = reportError(error, (line) => lines.push(line));
  return { code, text: lines.join('\n') };
}

const missing = Object.assign(new Error("Cannot find package 'bullmq' imported from /x/y.js"), {
  code: 'ERR_MODULE_NOT_FOUND',
});

describe('reportError', () => {
  const foreseen: [string, unknown, number, string][] = [
    ['usage', new UsageError('there is no node'), 2, 'segue: there is no node'],
    ['an option', new OptionError('SEGUE_OPTION_URL', 'bad URL'), 2, 'segue: bad URL'],
    ['the lab', new LabError('SEGUE_LAB_NO_SERVER', 'no server'), 1, 'segue: no server'],
    ['checks', new SwitchError('SEGUE_SWITCH_CHECK', 'lag'), 3, 'segue: not fit for a switch, nothing touched: lag'],
    ['busy', new SwitchError('SEGUE_SWITCH_BUSY', 'x'), 7, 'segue: another switch is under way, nothing touched: x'],
    ['a journal', new SwitchError('SEGUE_SWITCH_JOURNAL', 'x'), 6, 'segue: the journal cannot be used: x'],
    ['given up', new SwitchError('SEGUE_SWITCH_GIVEN_UP', 'lag'), 4, 'segue: given up, nothing changed: lag'],
    ['unproven', new SwitchError('SEGUE_SWITCH_UNPROVEN', 'link'), 5, 'segue: switched, but not proven: link'],
    ['unknown', new SwitchError('SEGUE_SWITCH_UNKNOWN', 'gone'), 6, 'segue: state unknown, look at both nodes: gone'],
    ['help', new CommanderError(0, 'commander.help', ''), 0, ''],
    ['a wrong flag', new CommanderError(1, 'commander.unknownOption', ''), 2, ''],
    [
      'a package',
      missing,
      2,
      'segue: this command needs the package "bullmq", which is not installed: npm install bullmq',
    ],
  ];
  it.each(foreseen)('of %s: one line, no stack', (_name, error, code, text) => {
    expect(reported(error)).toEqual({ code, text });
  });

  it('of a defect: with the stack', () => {
    const { code, text } = reported(new TypeError('x is not a function'));
    expect(code).toBe(1);
    expect(text).toContain('internal error: TypeError: x is not a function');
    expect(text).toContain('report-error.test');
  });
});
