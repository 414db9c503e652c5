import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { flagText, helpText, settingsOf } from '../../../src/cli/define-command.js';
import { segueProgram } from '../../../src/cli/program.js';
import { outputSettings, pairSettings } from '../../../src/cli/settings/pair-settings.js';
import type { Settings } from '../../../src/cli/settings/setting.js';

it('docs/upgrade.md has every setting of segue upgrade', () => {
  const shared: Settings = { ...pairSettings, ...outputSettings };
  const command = segueProgram().commands.find((one) => one.name() === 'upgrade')!;
  const own = Object.entries(settingsOf(command)!).filter(([key, setting]) => shared[key] !== setting);
  const rows = own.map(([name, setting]) => `| \`${flagText(name, setting)}\` | ${helpText(name, setting)} |`);
  const page = readFileSync(new URL('../../../docs/upgrade.md', import.meta.url), 'utf8');
  expect(page.split('\n').filter((line) => line.startsWith('| `--'))).toEqual(rows);
});
