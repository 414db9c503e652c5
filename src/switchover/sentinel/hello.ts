import { parsePort } from '../../transport/index.js';

/*
 * What Sentinels tell each other: who I am, and whom I take for the primary since which epoch. They publish it every two
 * seconds at every node of the pair, and take it by PUBLISH themselves. A newer configuration epoch wins.
 */

export const helloChannel = '__sentinel__:hello';

export interface Hello {
  readonly host: string;
  readonly port: number;
  /** 40 hexadecimal digits. */
  readonly id: string;
  readonly epoch: number;
  readonly service: string;
  readonly primaryHost: string;
  readonly primaryPort: number;
  readonly configEpoch: number;
}

/** Undefined when it is none: anybody may publish there. */
export function parseHello(text: string): Hello | undefined {
  const parts = text.split(',');
  const [
    host = '',
    port = '',
    id = '',
    epoch = '',
    service = '',
    primaryHost = '',
    primaryPort = '',
    configEpoch = '',
  ] = parts;
  const [ownPort, thePort] = [parsePort(port), parsePort(primaryPort)];
  if (parts.length !== 8 || ownPort === undefined || thePort === undefined) return undefined;
  if (!/^[0-9a-f]{40}$/.test(id) || !/^\d+$/.test(epoch) || !/^\d+$/.test(configEpoch)) return undefined;
  return {
    host,
    port: ownPort,
    id,
    epoch: Number(epoch),
    service,
    primaryHost,
    primaryPort: thePort,
    configEpoch: Number(configEpoch),
  };
}

export function encodeHello(hello: Hello): string {
  const { host, port, id, epoch, service, primaryHost, primaryPort, configEpoch } = hello;
  return [host, port, id, epoch, service, primaryHost, primaryPort, configEpoch].join(',');
}
