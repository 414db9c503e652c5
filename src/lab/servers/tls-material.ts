import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bits, boolean, explicit, implicit, integer, octets, oid, sequence, set, time, utf8 } from './der.js';

/** A certificate and its private key, both PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** A throw-away authority and what it signed: for servers on loopback and for clients that must show a certificate. */
export interface TlsMaterial {
  /** The authority's certificate, PEM: what a client is to trust. */
  readonly ca: string;
  readonly server: Identity;
  readonly client: Identity;
}

const ecdsaSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const dayMs = 86_400_000;

let shared: TlsMaterial | undefined;

/** The same material for the whole process, so that all its servers trust each other. */
export function sharedTlsMaterial(): TlsMaterial {
  shared ??= makeTlsMaterial();
  return shared;
}

/**
 * Made by node:crypto alone, because a bare machine has no `openssl` command. Valid for names `localhost`, 127.0.0.1 and
 * ::1, from yesterday for 30 days; the authority's key is forgotten.
 */
export function makeTlsMaterial(): TlsMaterial {
  const authority = keyPair();
  const issuer = nameOf('Segue lab CA');
  const common = { issuer, signer: authority.privateKey };
  const ca = certificate({ ...common, subject: issuer, publicKey: authority.publicKey, extensions: caExtensions() });
  const identity = (name: string): Identity => {
    const pair = keyPair();
    const cert = certificate({
      ...common,
      subject: nameOf(name),
      publicKey: pair.publicKey,
      extensions: leafExtensions(),
    });
    return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
  };
  return { ca, server: identity('localhost'), client: identity('segue-lab-client') };
}

function keyPair(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

interface CertificateFields {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** X.509 version 3. */
function certificate({ issuer, subject, publicKey, signer, extensions }: CertificateFields): string {
  const now = Date.now();
  const serial = randomBytes(12);
  serial[0] = (serial[0]! & 0x7f) | 0x40; // positive and without a leading zero byte
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaSha256,
    issuer,
    sequence(time(new Date(now - dayMs)), time(new Date(now + 30 * dayMs))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  const whole = sequence(body, ecdsaSha256, bits(sign('sha256', body, signer)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

function caExtensions(): Buffer[] {
  return [
    extension('2.5.29.19', true, sequence(boolean(true))), // basicConstraints: an authority
    extension('2.5.29.15', true, bits(Buffer.from([0x06]), 1)), // keyUsage: keyCertSign, cRLSign
  ];
}

function leafExtensions(): Buffer[] {
  const names = sequence(
    implicit(2, Buffer.from('localhost')),
    implicit(7, Buffer.from([127, 0, 0, 1])),
    implicit(7, Buffer.from([...new Array(15).fill(0), 1])),
  );
  const usages = sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2')); // server and client: replicas are both
  return [
    extension('2.5.29.19', true, sequence()),
    extension('2.5.29.15', true, bits(Buffer.from([0x80]), 7)), // digitalSignature
    extension('2.5.29.37', false, usages),
    extension('2.5.29.17', false, names),
  ];
}
