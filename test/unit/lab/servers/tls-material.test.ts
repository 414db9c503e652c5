import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeTlsMaterial, sharedTlsMaterial } from '../../../../src/lab/servers/tls-material.js';

describe('makeTlsMaterial', () => {
  const material = makeTlsMaterial();
  const ca = new X509Certificate(material.ca);

  it('makes an authority that signs itself', () => {
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(ca.checkIssued(ca)).toBe(true);
  });

  it.each(['server', 'client'] as const)('makes a %s certificate that the authority signed', (who) => {
    const certificate = new X509Certificate(material[who].cert);
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.checkIssued(ca)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(material[who].key))).toBe(true);
  });

  it('names loopback in every form, and nothing else', () => {
    const server = new X509Certificate(material.server.cert);
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.checkIP('::1')).toBe('::1');
    expect(server.checkHost('example.test')).toBeUndefined();
    expect(server.checkIP('127.0.0.2')).toBeUndefined();
  });

  it('is valid now, but not for long', () => {
    const server = new X509Certificate(material.server.cert);
    expect(Date.parse(server.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(server.validTo)).toBeGreaterThan(Date.now() + 20 * 86_400_000);
    expect(Date.parse(server.validTo)).toBeLessThan(Date.now() + 40 * 86_400_000);
  });

  it('is shared when asked for', () => {
    expect(sharedTlsMaterial()).toBe(sharedTlsMaterial());
    expect(sharedTlsMaterial().ca).not.toBe(material.ca);
  });
});
