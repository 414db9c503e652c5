import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { flagText, helpText, settingsOf } from '../../../src/cli/define-command.js';
import { ExitCode } from '../../../src/cli/exit-code.js';
import { segueProgram } from '../../../src/cli/program.js';
import { outputSettings, pairSettings } from '../../../src/cli/settings/pair-settings.js';
import type { Settings } from '../../../src/cli/settings/setting.js';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
const shared: Settings = { ...pairSettings, ...outputSettings };
const program = segueProgram();
/** The others have pages of their own. */
const commands = program.commands.filter((command) => ['status', 'check', 'switch'].includes(command.name()));

function rowsOf(settings: Settings): string[] {
  return Object.entries(settings).map(([name, setting]) => {
    const [flag, text] = [flagText(name, setting), helpText(name, setting)].map((cell) => cell.replaceAll('|', '\\|'));
    return `| \`${flag}\` | ${text} |`;
  });
}

/** The rows of flags under a heading. */
function documented(heading: string): string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return section.split('\n').filter((line) => line.startsWith('| `--'));
}

describe('docs/cli.md', () => {
  it('has what every command has', () => {
    expect(documented('Reaching a pair')).toEqual(rowsOf(pairSettings));
    expect(documented('How commands speak')).toEqual(rowsOf(outputSettings));
  });

  it.each(commands.map((command) => [command.name(), command] as const))(
    'has every setting of segue %s',
    (name, command) => {
      const own = Object.entries(settingsOf(command)!).filter(([key, setting]) => shared[key] !== setting);
      expect(documented(`segue ${name}`)).toEqual(rowsOf(Object.fromEntries(own)));
    },
  );

  it('has every exit code', () => {
    const rows = [...page.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
    expect(rows).toEqual(Object.values(ExitCode));
  });

  it('has every command', () => {
    for (const command of program.commands) expect(page).toContain(`## segue ${command.name()}\n`);
  });
});
