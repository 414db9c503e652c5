import { parseNodeUrl } from '../../transport/index.js';
import type { PairAccess } from '../survey/index.js';
import type { SwitchOptions } from '../switch-options.js';

/** The login that counts for all nodes of a pair: the given one, else that of the first URL that has one. */
export function loginFor(access: PairAccess): Pick<SwitchOptions, 'username' | 'password' | 'tls'> {
  const from = access.password === undefined ? access.nodes.map((url) => parseNodeUrl(url)) : [access];
  const { username, password } = from.find((one) => one.password !== undefined) ?? {};
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(access.tls === undefined ? {} : { tls: access.tls }),
  };
}
