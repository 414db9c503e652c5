import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';

const compared = ['tls-auth-clients', 'tls-protocols', 'tls-ciphers', 'tls-ciphersuites'];

/** A redirect names one port, whatever the client speaks; and the old primary dials the new one by its own setting. */
export const tls: Check = {
  name: 'tls',
  what: 'both nodes offer the same transports (TLS, plain), and agree on TLS for replication and for client certificates',
  worst: 'refuse',
  needs: ['config'],
  run({ from, to }) {
    const outcomes: Outcome[] = [];
    const node = to.name;
    if (from.tls.replication !== to.tls.replication) {
      const measured = `tls-replication ${to.config.get('tls-replication')} instead of ${from.config.get('tls-replication')}`;
      const remedy = 'CONFIG SET tls-replication to the same at both nodes';
      outcomes.push(refuse('one node replicates over TLS and the other does not', { node, measured, remedy }));
    }
    if (from.tls.port !== 0 && to.tls.port === 0) {
      outcomes.push(refuse('it has no TLS port', { node, remedy: 'CONFIG SET tls-port, with certificate and key' }));
    }
    if (from.tls.plainPort !== 0 && to.tls.plainPort === 0) {
      outcomes.push(
        refuse('it has no plain port', { node, remedy: 'CONFIG SET port, or move its clients to TLS first' }),
      );
    }
    if (to.tls.replication && to.config.get('tls-auth-clients') === 'yes' && !hasCertificate(from.config)) {
      const remedy = 'give it tls-cert-file and tls-key-file, or tls-client-cert-file and tls-client-key-file';
      outcomes.push(refuse(`it has no certificate to show to ${to.name}`, { node: from.name, remedy }));
    }
    if (from.tls.port !== 0 && from.tls.plainPort !== 0) {
      const used = from.tls.replication ? 'TLS' : 'plain';
      const remedy = 'clients of the other kind need an address map (Segue has one), or must be moved by hand';
      outcomes.push(warn(`redirects name the ${used} port only`, { node: from.name, remedy }));
    }
    for (const key of compared.filter((one) => from.config.get(one) !== to.config.get(one))) {
      const measured = `${JSON.stringify(to.config.get(key))} instead of ${JSON.stringify(from.config.get(key))}`;
      outcomes.push(warn(`${key} differs`, { node, measured, remedy: `CONFIG SET ${key} at ${to.name}` }));
    }
    const kinds = from.tls.port === 0 ? 'plain' : from.tls.plainPort === 0 ? 'TLS' : 'TLS and plain';
    return unlessEmpty(outcomes, ok('both nodes offer the same', kinds));
  },
};

function hasCertificate(config: ReadonlyMap<string, string>): boolean {
  return ['tls-cert-file', 'tls-client-cert-file'].some((key) => (config.get(key) ?? '') !== '');
}
