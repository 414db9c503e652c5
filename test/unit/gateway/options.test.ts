import { describe, expect, it } from 'vitest';
import { checkGatewayOptions, type GatewayOptions, listenAddress } from '../../../src/gateway/gateway-options.js';
import { Policy } from '../../../src/gateway/policy.js';

const nodes = ['valkey://127.0.0.1:1'];

describe('options of a gateway', () => {
  it.each([
    [{ nodes, listeners: [] }, /at least one listener/],
    [{ listeners: [{ listen: 'a:1' }] }, /which pair does a:1 follow\?/],
    [{ nodes, listeners: [{ listen: 'a' }] }, /cannot listen on "a": host:port or unix:\/path/],
    [{ nodes, listeners: [{ listen: 'a:65536' }] }, /cannot listen on "a:65536"/],
    [{ nodes, listeners: [{ listen: 'a:1' }, { listen: 'a:1' }] }, /two listeners are called a:1/],
    [
      { nodes, listeners: [{ listen: '[::1]:1' }, { name: 'b', listen: '::1:1' }] },
      /two listeners are to listen on \[::1\]:1/,
    ],
    [
      { nodes, listeners: [{ name: 'b', listen: 'a:1', tls: { cert: 'none' } }] },
      /the certificate or key of listener b cannot be used/,
    ],
    [{ nodes, listeners: [{ listen: 'a:1', allow: ['get'] }] }, /"allow" names get, which is not guarded/],
    [
      { nodes, listeners: [{ listen: 'a:1', limits: { idleTimeout: 1 } }] },
      /no limit "idleTimeout"; did you mean idleTimeoutMs\?/,
    ],
    [{ nodes, listeners: [{ listen: 'a:1', limits: { connectionsMax: 0 } }] }, /from 1 to 1000000/],
    [{ nodes, listeners: [{ listen: 'a:1', limits: { connectionsMax: 1.5 } }] }, /whole number of connections/],
    [{ nodes, listeners: [{ listen: 'a:1' }], session: { replayBytesMax: 1 } }, /follows from the limits/],
  ])('%j is refused', (options, message) => {
    expect(() => checkGatewayOptions(options as GatewayOptions)).toThrow(message);
    expect(() => checkGatewayOptions(options as GatewayOptions)).toThrow(
      expect.objectContaining({ code: 'SEGUE_GATEWAY_CONFIG' }),
    );
  });

  it('any number of listeners may be on any free port', () => {
    checkGatewayOptions({
      nodes,
      listeners: [
        { name: 'a', listen: 'a:0' },
        { name: 'b', listen: 'a:0' },
      ],
    });
  });

  it('a node listener needs no pair', () => {
    checkGatewayOptions({ listeners: [{ kind: 'node', listen: 'a:1', node: 'valkey://b:1' }] });
  });

  it.each([
    ['127.0.0.1:0', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
    ['[::1]:6380', { kind: 'tcp', host: '::1', port: 6380 }],
    ['unix:/run/a', { kind: 'unix', path: '/run/a' }],
  ])('%s', (text, address) => {
    expect(listenAddress(text)).toEqual(address);
  });
});

describe('the policy', () => {
  const args = (...words: string[]) => words.map((word) => Buffer.from(word));

  it('answers guarded commands, and those that are allowed not', () => {
    const refused: string[] = [];
    const policy = new Policy(['CLUSTER'], (name) => refused.push(name));
    expect(String(policy.answer('shutdown', args('shutdown')))).toMatch(
      /^-GATEWAYREFUSED SHUTDOWN is not let through .*"allow"/,
    );
    expect(policy.answer('cluster', args('cluster', 'slots'))).toBeUndefined();
    expect(policy.answer('config', args('config', 'get', 'x'))).toBeUndefined();
    expect(refused).toEqual(['shutdown']);
  });

  it.each(['post', 'host:'])('takes nothing more after %s: that was a browser', (name) => {
    expect(() => new Policy([], () => {}).answer(name, args(name))).toThrow(/HTTP request/);
  });

  it('accepts CLIENT CAPA, and leaves other CLIENT commands alone', () => {
    const policy = new Policy([], () => {});
    expect(String(policy.answer('client', args('CLIENT', 'Capa', 'redirect')))).toBe('+OK\r\n');
    expect(policy.answer('client', args('CLIENT', 'CAPA'))).toBeUndefined();
    expect(policy.answer('client', args('CLIENT', 'KILL', 'TYPE', 'normal'))).toBeUndefined();
  });
});
