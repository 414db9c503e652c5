import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../../src/cli/report-error.js';
import { gatherSettings, type Sources } from '../../../../src/cli/settings/gather-settings.js';
import {
  choice,
  duration,
  mapping,
  path,
  secret,
  text,
  urls,
  wholeNumber,
  yesNo,
} from '../../../../src/cli/settings/setting.js';

const shared = {
  nodes: urls('nodes'),
  password: secret('the password'),
  timeout: duration('timeout', '2s'),
  tlsCa: path('authority'),
};
const settings = {
  ...shared,
  to: text('<host:port>', 'target'),
  notice: yesNo('tell the clients', true),
  dryRun: yesNo('only plan'),
  method: choice(['manual', 'failover'], 'method', 'manual'),
  rate: wholeNumber('<number>', 'rate', { min: 1, max: 10, byDefault: 5 }),
  addressMap: mapping('<a=b>', 'map'),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'segue-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: string, name = 'segue.yaml'): string {
  const whole = join(folder, name);
  writeFileSync(whole, content);
  return whole;
}

interface Given {
  readonly flags?: Readonly<Record<string, string | boolean>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly yaml?: string;
}

function gather({ flags = {}, environment = {}, yaml }: Given) {
  const config = yaml === undefined ? {} : { config: file(yaml) };
  const sources: Sources = {
    command: 'switch',
    settings,
    shared,
    commands: ['switch', 'gateway'],
    flags: new Map(Object.entries({ ...config, ...flags })),
    environment,
    otherVariables: ['SEGUE_CONFIG', 'SEGUE_LISTEN'],
  };
  return gatherSettings(settings, sources);
}

function refusal(given: Given): string {
  try {
    gather(given);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message.replaceAll(folder, '');
  }
  throw new Error('it was accepted');
}

describe('where a setting comes from', () => {
  it('takes defaults where nothing is given', () => {
    expect(gather({})).toEqual({
      nodes: [],
      password: undefined,
      timeout: 2_000,
      tlsCa: undefined,
      to: undefined,
      notice: true,
      dryRun: false,
      method: 'manual',
      rate: 5,
      addressMap: undefined,
    });
  });

  it('takes flags before the environment, that before the file, and that before defaults', () => {
    const yaml = 'timeout: 3s\nnodes: [a:1]\nswitch:\n  to: file:1\n  rate: 3\n';
    const environment = { SEGUE_TIMEOUT: '4s', SEGUE_TO: 'variable:1' };
    expect(gather({ yaml, environment, flags: { to: 'flag:1' } })).toMatchObject({
      nodes: ['a:1'],
      timeout: 4_000,
      to: 'flag:1',
      rate: 3,
      method: 'manual',
    });
  });

  it('reads every kind from text and from YAML alike', () => {
    const wanted = {
      nodes: ['valkey://a:1', 'b:2'],
      timeout: 1_500,
      notice: false,
      dryRun: true,
      method: 'failover',
      rate: 7,
      addressMap: { 'a:1': 'b:2' },
    };
    const environment = {
      SEGUE_NODES: 'valkey://a:1, b:2',
      SEGUE_TIMEOUT: '1.5s',
      SEGUE_NOTICE: 'no',
      SEGUE_DRY_RUN: '1',
      SEGUE_METHOD: 'failover',
      SEGUE_RATE: '7',
      SEGUE_ADDRESS_MAP: 'a:1=b:2',
    };
    expect(gather({ environment })).toMatchObject(wanted);
    const section = 'notice: false, dry-run: true, method: failover, rate: 7, address-map: {"a:1": "b:2"}';
    expect(gather({ yaml: `nodes: ['valkey://a:1', 'b:2']\ntimeout: 1500ms\nswitch: {${section}}` })).toMatchObject(
      wanted,
    );
  });

  it('takes an empty variable for none', () => {
    expect(gather({ environment: { SEGUE_NODES: '', SEGUE_PASSWORD: '' } })).toMatchObject({ nodes: [] });
  });

  it('counts relative paths in a file from its folder, others from where one is', () => {
    expect(gather({ yaml: 'tls-ca: ca.pem' }).tlsCa).toBe(join(folder, 'ca.pem'));
    expect(gather({ environment: { SEGUE_TLS_CA: 'ca.pem' } }).tlsCa).toBe('ca.pem');
  });

  it('reads a secret from a file that any source names, without the line end', () => {
    const secretFile = file('s e\n', 'secret');
    expect(gather({ flags: { passwordFile: secretFile } }).password).toBe('s e');
    expect(gather({ environment: { SEGUE_PASSWORD_FILE: secretFile } }).password).toBe('s e');
    expect(gather({ yaml: 'password-file: secret' }).password).toBe('s e');
    expect(gather({ environment: { SEGUE_PASSWORD: 'direct' } }).password).toBe('direct');
  });

  it('leaves the sections of other commands alone', () => {
    expect(gather({ yaml: 'gateway:\n  whatever: 1\n' }).rate).toBe(5);
  });
});

describe('what is refused', () => {
  it.each<[string, Given, string]>([
    [
      'a bare number for a time',
      { flags: { timeout: '5' } },
      '--timeout must be a time with its unit, such as 500ms, 2s or 1m (it is "5")',
    ],
    ['no time at all', { environment: { SEGUE_TIMEOUT: '0s' } }, 'SEGUE_TIMEOUT must be a time with its unit'],
    ['another choice', { flags: { method: 'magic' } }, '--method must be manual or failover (it is "magic")'],
    ['a number out of bounds', { flags: { rate: '11' } }, '--rate must be a whole number from 1 to 10 (it is 11)'],
    [
      'no number',
      { yaml: 'switch: {rate: many}' },
      '/segue.yaml: rate must be a whole number from 1 to 10 (it is "many")',
    ],
    [
      'neither yes nor no',
      { environment: { SEGUE_DRY_RUN: 'maybe' } },
      'SEGUE_DRY_RUN must be true or false (it is "maybe")',
    ],
    ['an empty text', { flags: { to: '' } }, '--to must be a text, and not empty'],
    ['no mapping', { flags: { addressMap: 'a:1' } }, '--address-map must be a mapping, such as a=b'],
    ['a bad URL', { flags: { nodes: 'http://a' } }, '--nodes: cannot use the node URL "http://a": expected redis://'],
    [
      'one node where a list belongs',
      { yaml: 'nodes: a:1' },
      '/segue.yaml: nodes must be a list of URLs such as valkey://10.0.0.1:6379',
    ],
    ['an unknown key', { yaml: 'node: [a:1]' }, '/segue.yaml: there is no setting "node"; did you mean "nodes"?'],
    ['an unknown key in a section', { yaml: 'switch: {dryrun: true}' }, '"switch: dryrun"; did you mean "dry-run"?'],
    [
      'a key like no other',
      { yaml: 'zzzzzzzz: 1' },
      'there is no setting "zzzzzzzz"; there are nodes, password, password-file,',
    ],
    ["a command's key at the top", { yaml: 'rate: 3' }, '/segue.yaml: "rate" belongs into the section "switch:"'],
    ['a section that is none', { yaml: 'switch: 1' }, '/segue.yaml: the section "switch" must be a mapping'],
    ['a list for a file', { yaml: '- 1' }, '/segue.yaml: the file must be a mapping'],
    ['no YAML', { yaml: 'a: [1\nb: secret' }, '/segue.yaml is not YAML (line 2, column 1): '],
    [
      'a settings file that is not there',
      { flags: { config: '/nowhere.yaml' } },
      'cannot read the settings file /nowhere.yaml: ENOENT',
    ],
    [
      'a secret file that is not there',
      { flags: { passwordFile: '/nowhere' } },
      '--password-file: cannot read the file: ENOENT',
    ],
    [
      'a secret said twice',
      { environment: { SEGUE_PASSWORD: 'a', SEGUE_PASSWORD_FILE: '/b' } },
      'SEGUE_PASSWORD and SEGUE_PASSWORD_FILE say the same thing twice',
    ],
    [
      'a misspelt variable',
      { environment: { SEGUE_NODE: 'a:1' } },
      'there is no variable SEGUE_NODE; did you mean SEGUE_NODES?',
    ],
  ])('%s', (_name, given, message) => expect(refusal(given)).toContain(message));

  it('never shows what may be secret', () => {
    const given: Given[] = [
      { flags: { nodes: 'http://me:hunter2@a' } },
      { flags: { nodes: 'redis://:hunter2' } },
      { yaml: 'password: [hunter2]' },
      { yaml: 'password: "hunter2\nnodes: [' },
    ];
    for (const one of given) expect(refusal(one)).not.toContain('hunter2');
  });

  it('but not variables of others: Kubernetes makes some for a service called segue', () => {
    const environment = { SEGUE_PORT: 'tcp://10.0.0.1:6380', SEGUE_SERVICE_HOST: '10.0.0.1', SEGUE_LISTEN: 'x' };
    expect(gather({ environment }).rate).toBe(5);
  });
});
