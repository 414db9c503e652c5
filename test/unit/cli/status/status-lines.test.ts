import { describe, expect, it } from 'vitest';
import { clientGroups } from '../../../../src/cli/status/client-groups.js';
import { statusJson } from '../../../../src/cli/status/status-json.js';
import { statusLine, statusLines } from '../../../../src/cli/status/status-lines.js';
import { makeStyle } from '../../../../src/cli/style.js';
import { client, lost, node, replica, survey } from './survey-fixture.js';

const plain = makeStyle(false);
const stranger = client({
  libName: 'jedis',
  libVersion: '5.1',
  addr: '10.1.0.9:1',
  name: 'cart',
  command: 'set',
  follows: 'no',
  why: 'has not said so',
});

describe('the table of a status', () => {
  it('shows nodes, how far they are apart, and who would not come along', () => {
    const nodes = [
      node({ replicas: [{}, {}] as never, clients: [client(), client(), stranger] }),
      replica({ lagBytes: 2048, lagSeconds: 1 }),
      lost(),
    ];
    expect(statusLines(survey({ nodes }), plain)).toEqual([
      '  node           role     version          offset  behind                  link',
      '  10.0.0.1:6379  primary  Valkey 9.1.2  1,234,567                          2 replicas',
      '  10.0.0.2:6379  replica  Valkey 9.1.2  1,234,567  2.0 KiB, heard 1 s ago  up, to 10.0.0.1:6379',
      '  10.0.0.3:6379: refused',
      '',
      '  clients  library        comes through a switch',
      '        1  jedis 5.1      no: has not said so (10.1.0.9:1 "cart" set)',
      '        2  ioredis 6.0.0  yes: follows a redirect',
    ]);
  });

  it('says when a link is down, a node loads, and that there is no primary', () => {
    const link = { ...replica().link!, up: false, downSeconds: 7 };
    const nodes = [replica({ link, lagBytes: undefined }), replica({ loading: {} as never })];
    const text = statusLines(survey({ nodes, primary: undefined, trouble: 'nobody is primary' }), plain).join('\n');
    expect(text).toContain('down for 7 s, to 10.0.0.1:6379');
    expect(text).toContain('replica, loading');
    expect(text).toContain('nobody is primary');
    expect(text).toContain('no application is connected');
  });

  it('says only why when nobody could be asked', () => {
    expect(statusLines(survey({ nodes: [lost()] }), plain)).toEqual([
      '  10.0.0.3:6379: refused',
      '',
      '  no node could be asked',
    ]);
  });
});

describe('the line of a status', () => {
  it('has all that a log needs', () => {
    expect(statusLine(survey({ nodes: [node({ clients: [client(), stranger] }), replica(), lost()] }))).toBe(
      '2026-11-23T04:00:00.000Z 10.0.0.1:6379 primary; 10.0.0.2:6379 replica in step, heard just now; ' +
        '10.0.0.3:6379 not reached (refused); 2 clients, 1 of them would see errors',
    );
  });
});

describe('the JSON of a status', () => {
  it('names what there is, and has null for what there is not', () => {
    const json = JSON.parse(JSON.stringify(statusJson(survey({ nodes: [node(), replica(), lost()] }))));
    expect(json).toMatchObject({
      takenAt: '2026-11-23T04:00:00.000Z',
      primary: '10.0.0.1:6379',
      trouble: null,
      nodes: [
        { role: 'primary', lagBytes: null, link: null },
        { role: 'replica', lagBytes: 0 },
        { reachable: false, why: 'refused' },
      ],
    });
  });
});

describe('groups of clients', () => {
  it('puts alike ones together, those that would see errors first, and leaves the pair itself out', () => {
    const clients = [
      client(),
      stranger,
      client({ addr: 'b' }),
      client({ role: 'segue', libName: 'x' }),
      client({ libName: '', follows: 'perhaps', why: 'w' }),
    ];
    expect(
      clientGroups(survey({ nodes: [node({ clients })] })).map(({ library, count, follows }) => [
        library,
        count,
        follows,
      ]),
    ).toEqual([
      ['jedis 5.1', 1, 'no'],
      ['unknown library', 1, 'perhaps'],
      ['ioredis 6.0.0', 2, 'yes'],
    ]);
  });
});
