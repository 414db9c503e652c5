import { afterEach, describe, expect, it, vi } from 'vitest';
import { serversFolder } from '../../../../src/lab/packages/index.js';
import { findServer, howToGet } from '../../../../src/lab/servers/find-server.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('howToGet', () => {
  it.each([
    ['darwin', '`brew install valkey`'],
    ['linux', '`dnf install valkey`'],
    ['win32', 'WSL'],
  ] as const)('%s', (platform, command) => {
    const text = howToGet('valkey-8.1', platform);
    expect(text).toContain(command);
    expect(text).toContain('SEGUE_SERVER_VALKEY_8_1=/path/to/valkey-server');
    expect(text).toContain('docker run');
  });

  it('names the right family', () => {
    expect(howToGet('redis-7.0', 'darwin')).toContain('`brew install redis`');
  });
});

describe('findServer', () => {
  it.each([
    ['/nowhere/valkey-server', 'does not exist'],
    [process.execPath, 'does not run as a server'],
  ])('refuses a variable that names %s', async (path, why) => {
    vi.stubEnv('SEGUE_SERVER_VALKEY_9_1', path);
    const error = await findServer('valkey-9.1').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'LabError', code: 'SEGUE_LAB_NO_SERVER' });
    expect(String(error)).toContain(`SEGUE_SERVER_VALKEY_9_1=${path}: this program ${why}`);
  });
});

describe('serversFolder', () => {
  it('lies in the checkout unless the environment says otherwise', () => {
    vi.stubEnv('SEGUE_SERVERS_DIR', undefined);
    expect(serversFolder()).toMatch(/\.servers$/);
    vi.stubEnv('SEGUE_SERVERS_DIR', '/var/tmp/servers');
    expect(serversFolder()).toBe('/var/tmp/servers');
  });
});
