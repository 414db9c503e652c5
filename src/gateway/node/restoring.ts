import { encodeCommand } from '../../resp/index.js';
import type { Identity } from '../../session/identity.js';
import { encodeSteps, identitySteps, trafficSteps } from '../../session/restore.js';
import type { Expectation } from './expectations.js';

const CLIENT_ID = encodeCommand(['CLIENT', 'ID']);

/**
 * What makes a new connection to the node what the old one was, and the answers to it. The last one is the connection's
 * CLIENT ID; the confirmations of subscriptions, which come before it, are not among them.
 */
export function restoring(identity: Identity): { bytes: Buffer; expected: Expectation[] } {
  // Not the capability, which the node need not know, and not the question for its role.
  const own = identitySteps(identity, false);
  const bytes = Buffer.concat([encodeSteps(own), encodeSteps(trafficSteps(identity)), CLIENT_ID]);
  const expected = own.map(({ essential }): Expectation => ({ as: 'restored', essential, last: false }));
  return { bytes, expected: [...expected, { as: 'restored', essential: false, last: true }] };
}
