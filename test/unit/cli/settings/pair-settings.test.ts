import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairReach, type pairSettings } from '../../../../src/cli/settings/pair-settings.js';
import type { Values } from '../../../../src/cli/settings/setting.js';
import { sharedTlsMaterial } from '../../../../src/lab/servers/index.js';

type Given = Values<typeof pairSettings>;
const nothing: Given = {
  nodes: ['a:1'],
  user: undefined,
  password: undefined,
  timeout: 2_000,
  tlsCa: undefined,
  tlsCert: undefined,
  tlsKey: undefined,
  tlsServerName: undefined,
  sentinels: [],
  addressMap: undefined,
};

let folder: string;
let [ca, cert, key, other] = ['', '', '', ''];
const { ca: caText, client } = sharedTlsMaterial();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'segue-tls-'));
  [ca, cert, key, other] = ['ca', 'cert', 'key', 'other'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const [file, text] of [
    [ca, caText],
    [cert, client.cert],
    [key, client.key],
    [other, 'no PEM'],
  ] as const) {
    writeFileSync(file, text);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('how a pair is reached', () => {
  it('completes bare addresses', () => {
    expect(pairReach({ ...nothing, nodes: ['a:1', 'redis://b', 'unix:/s'] })).toEqual({
      nodes: ['valkey://a:1', 'redis://b', 'unix:/s'],
      timeoutMs: 2_000,
    });
  });

  it('logs in', () => {
    expect(pairReach({ ...nothing, user: 'me', password: 'pw' })).toMatchObject({ username: 'me', password: 'pw' });
  });

  it('logs in at nodes that are found as at the first URL that says how', () => {
    const nodes = ['valkey://a', 'valkey://me:p%40w@b'];
    expect(pairReach({ ...nothing, nodes })).toMatchObject({ nodes, username: 'me', password: 'p@w' });
    expect(pairReach({ ...nothing, nodes, password: 'x' })).not.toHaveProperty('username');
  });

  it('passes on Sentinels and the address map', () => {
    const addressMap = { 'a:1': 'b:2' };
    expect(pairReach({ ...nothing, sentinels: ['s:26379'], addressMap })).toMatchObject({
      sentinels: ['valkey://s:26379'],
      addressMap,
    });
  });

  it('reads TLS material, and takes bare addresses as meant for TLS then', () => {
    const tls = { tlsCa: ca, tlsCert: cert, tlsKey: key, tlsServerName: 'valkey.internal' };
    expect(pairReach({ ...nothing, ...tls })).toEqual({
      nodes: ['valkeys://a:1'],
      timeoutMs: 2_000,
      tls: { ca: caText, cert: client.cert, key: client.key, servername: 'valkey.internal' },
    });
  });

  it('needs no TLS setting for an authority that the system knows', () => {
    expect(pairReach({ ...nothing, nodes: ['rediss://a'] })).toEqual({ nodes: ['rediss://a'], timeoutMs: 2_000 });
  });

  it.each<[string, () => Partial<Given>, string]>([
    ['no node', () => ({ nodes: [] }), 'which pair? --nodes valkey://host:port'],
    [
      'a user without a password',
      () => ({ user: 'me' }),
      '--user me needs a password: --password-file, or SEGUE_PASSWORD',
    ],
    ['a certificate without its key', () => ({ tlsCert: cert }), '--tls-cert needs --tls-key, too'],
    ['a key without its certificate', () => ({ tlsKey: key }), '--tls-key needs --tls-cert, too'],
    ['a file that is not there', () => ({ tlsCa: '/nowhere' }), '--tls-ca: cannot read the file: ENOENT'],
    ['a file that is no certificate', () => ({ tlsCa: other }), 'is no PEM file'],
    ['TLS for some nodes only', () => ({ nodes: ['valkey://a', 'valkeys://b'] }), 'either all URLs ask for TLS'],
    ['TLS settings with plain URLs', () => ({ nodes: ['valkey://a'], tlsCa: ca }), 'write valkeys:// or rediss://'],
  ])('refuses %s', (_name, given, message) => {
    expect(() => pairReach({ ...nothing, ...given() })).toThrow(message);
  });
});
