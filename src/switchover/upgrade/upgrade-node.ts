import type { Reply } from '../../resp/index.js';
import { parseInfo } from '../../topology/index.js';
import { type Address, formatAddress, parseAddress } from '../../transport/index.js';
import { type Counters, readCounters } from '../survey/counters.js';
import type { Doorway } from '../survey/pair-access.js';
import { type PersistenceFacts, readPersistence } from '../survey/persistence-facts.js';
import { type ReplicationFacts, readReplication } from '../survey/replication-facts.js';
import { readServer, type ServerFacts } from '../survey/server-facts.js';
import type { ServerVersion } from './server-version.js';

/** One look at a node. */
export interface NodeLook {
  readonly server: ServerFacts;
  readonly version: ServerVersion;
  readonly replication: ReplicationFacts;
  readonly persistence: PersistenceFacts;
  readonly counters: Counters;
}

export type Ask = (...args: readonly (string | number)[]) => Promise<Reply>;

/** A node of the pair over the whole upgrade. It restarts, so each visit has a connection of its own. */
export class UpgradeNode {
  readonly host: string;
  readonly port: number;
  private readonly address: Address;

  /** `name` is `host:port` as dialled from here. */
  constructor(
    private readonly doorway: Doorway,
    readonly name: string,
  ) {
    const address = parseAddress(name);
    if (address?.kind !== 'tcp') throw new TypeError(`not host:port: ${name}`);
    ({ host: this.host, port: this.port } = address);
    this.address = address;
  }

  /** Rejects as a conversation does: ReplyError for a refusal, ConversationError for anything else. */
  async visit<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const conversation = this.doorway.open(this.address);
    try {
      await conversation.ready;
      return await work((...args) => conversation.request(args));
    } finally {
      conversation.close();
    }
  }

  look(): Promise<NodeLook> {
    return this.visit((ask) => this.lookBy(ask));
  }

  async lookBy(ask: Ask): Promise<NodeLook> {
    const text = String(await ask('INFO'));
    const info = parseInfo(text);
    const persistence = readPersistence(info);
    const replication = readReplication(text, persistence.loading !== undefined);
    if (replication === undefined) throw new Error(`${formatAddress(this.address)} names no role`);
    const server = readServer(info);
    const version = { family: server.family, number: server.version };
    return { server, version, replication, persistence, counters: readCounters(info) };
  }
}
