import type { Reply } from '../../resp/index.js';
import { type Conversation, parseInfo } from '../../topology/index.js';
import { type Address, formatAddress, type NodeUrl } from '../../transport/index.js';
import type { Doorway } from '../survey/pair-access.js';
import { readServer } from '../survey/server-facts.js';
import type { ReachedSentinel, SentinelWatch } from './sentinel-survey.js';

/** Where a Sentinel is, and how to log in there. Holds a secret. */
export type SentinelUrl = Pick<NodeUrl, 'address' | 'tls' | 'username' | 'password'>;

/** One Sentinel and the conversation with it. */
export class SentinelVisit {
  readonly name: string;
  readonly address: Address;
  private readonly conversation: Conversation;

  constructor(
    readonly url: SentinelUrl,
    doorway: Doorway,
  ) {
    this.address = url.address;
    this.name = formatAddress(url.address);
    this.conversation = doorway.dial(url.address, url, url.tls);
  }

  /** Rejects with ReplyError or ConversationError. */
  ask(...args: readonly (string | number)[]): Promise<Reply> {
    return this.conversation.request(args);
  }

  /** `isOurs` picks from all that it watches. Rejects when it cannot be reached or is no Sentinel. */
  async survey(isOurs: (watch: SentinelWatch) => boolean): Promise<Omit<ReachedSentinel, 'vouched'>> {
    const [, infoText, id, primaries] = await Promise.all([
      this.conversation.ready,
      this.ask('INFO', 'server').then(String),
      this.ask('SENTINEL', 'MYID').then(String),
      this.watched(),
    ]);
    const { family, version } = readServer(parseInfo(infoText));
    const watches = await Promise.all(primaries.map((fields) => this.watch(fields)));
    return {
      reachable: true,
      name: this.name,
      id,
      version,
      coordinated: family === 'valkey' && Number(version.split('.')[0]) >= 9,
      watches: watches.filter(isOurs),
    };
  }

  /** What it has under this name now: whom it takes for the primary, and since which epoch. */
  async primaryOf(service: string): Promise<{ primary: string; configEpoch: number; flags: string[] } | undefined> {
    const fields = (await this.watched()).find((one) => one.get('name') === service);
    if (fields === undefined) return undefined;
    return { primary: nameOf(fields), configEpoch: Number(fields.get('config-epoch')), flags: flagsOf(fields) };
  }

  async peers(service: string): Promise<SentinelWatch['peers']> {
    const list = fieldsIn(await this.ask('SENTINEL', 'SENTINELS', service));
    return list.map((fields) => ({ name: nameOf(fields), id: fields.get('runid') ?? '', flags: flagsOf(fields) }));
  }

  close(): void {
    this.conversation.close();
  }

  private async watched(): Promise<Map<string, string>[]> {
    return fieldsIn(await this.ask('SENTINEL', 'MASTERS'));
  }

  private async watch(fields: ReadonlyMap<string, string>): Promise<SentinelWatch> {
    const service = fields.get('name') ?? '';
    const [replicas, peers] = await Promise.all([this.ask('SENTINEL', 'REPLICAS', service), this.peers(service)]);
    const count = (name: string): number => Number(fields.get(name) ?? 0);
    return {
      service,
      primary: nameOf(fields),
      primaryRunId: fields.get('runid') ?? '',
      flags: flagsOf(fields),
      quorum: count('quorum'),
      configEpoch: count('config-epoch'),
      replicas: fieldsIn(replicas).map((one) => ({
        name: nameOf(one),
        runId: one.get('runid') ?? '',
        flags: flagsOf(one),
      })),
      peers,
      downAfterMs: count('down-after-milliseconds'),
      failoverTimeoutMs: count('failover-timeout'),
    };
  }
}

function fieldsIn(reply: Reply): Map<string, string>[] {
  if (!Array.isArray(reply)) return [];
  return reply.map((entry) => {
    const list = Array.isArray(entry) ? entry.map(String) : [];
    return new Map(list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1] ?? ''] as const] : [])));
  });
}

function nameOf(fields: ReadonlyMap<string, string>): string {
  return formatAddress({ kind: 'tcp', host: fields.get('ip') ?? '', port: Number(fields.get('port')) });
}

function flagsOf(fields: ReadonlyMap<string, string>): string[] {
  return (fields.get('flags') ?? '').split(',').filter(Boolean);
}
