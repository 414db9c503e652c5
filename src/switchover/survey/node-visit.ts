import { type Reply, ReplyError } from '../../resp/index.js';
import { type Conversation, parseInfo } from '../../topology/index.js';
import { type Address, formatAddress } from '../../transport/index.js';
import { readAclUsers } from './acl-facts.js';
import { readClients } from './client-facts.js';
import { sentinelIdsOf, surveyClients } from './client-survey.js';
import { readConfig } from './config-facts.js';
import { readCounters } from './counters.js';
import { readLibraries, readModules } from './extension-facts.js';
import { readMemory } from './memory-facts.js';
import type { Question, ReachedNode } from './node-survey.js';
import type { Doorway } from './pair-access.js';
import { readPersistence } from './persistence-facts.js';
import { type ReplicationFacts, readReplication } from './replication-facts.js';
import { readServer } from './server-facts.js';

/** What a node tells of itself; how it stands to the others is found out later. */
export type NodeFacts = Omit<ReachedNode, 'names' | 'announced' | 'lagBytes' | 'lagSeconds'>;

export interface VisitOptions {
  /** Whether connected clients are listed: that costs a server with thousands of them some milliseconds. */
  readonly clients: boolean;
}

const questions: Readonly<Record<Question, readonly string[]>> = {
  config: ['CONFIG', 'GET', '*'],
  users: ['ACL', 'LIST'],
  libraries: ['FUNCTION', 'LIST', 'WITHCODE'],
  modules: ['MODULE', 'LIST'],
  clients: ['CLIENT', 'LIST'],
  commands: ['COMMAND', 'LIST'],
};

/** Where clients are not wanted: Sentinels are among the subscribers. */
const listenersOnly = ['CLIENT', 'LIST', 'TYPE', 'pubsub'];

/** One node and the conversation with it, from the first question to the last. */
export class NodeVisit {
  readonly name: string;
  private readonly conversation: Conversation;

  constructor(
    readonly address: Address,
    private readonly doorway: Doorway,
  ) {
    this.name = formatAddress(address);
    this.conversation = doorway.open(address);
  }

  /** Everything, asked in one write. Rejects when the node cannot be reached, or lets us not ask INFO. */
  async facts(options: VisitOptions): Promise<NodeFacts> {
    const withheld = new Map<Question, string>();
    const answers = Object.entries(questions).map(async ([question, args]) => {
      const isBrief = question === 'clients' && !options.clients;
      const asked = isBrief ? listenersOnly : args;
      return [question, await this.askOrNote(question as Question, asked, withheld)] as const;
    });
    const [, id, infoText, ...rest] = await Promise.all([
      this.conversation.ready,
      this.conversation.request(['CLIENT', 'ID']).catch(unlessRefused),
      this.conversation.request(['INFO', 'everything']).then(String),
      ...answers,
    ]);
    const facts = this.read(infoText, Number(id ?? 0), new Map(rest), withheld);
    return options.clients ? facts : { ...facts, clients: [] };
  }

  /** Where it stands in replication at this moment. */
  async position(): Promise<ReplicationFacts> {
    const text = String(await this.conversation.request(['INFO', 'replication']));
    const facts = readReplication(text, false);
    if (facts === undefined) throw new Error(`${this.name}: it names no role`);
    return facts;
  }

  close(): void {
    this.conversation.close();
  }

  private async askOrNote(
    question: Question,
    args: readonly string[],
    withheld: Map<Question, string>,
  ): Promise<Reply | undefined> {
    try {
      return await this.conversation.request(args);
    } catch (error) {
      withheld.set(question, unlessRefused(error).message);
      return undefined;
    }
  }

  private read(
    infoText: string,
    ownId: number,
    answers: ReadonlyMap<string, Reply | undefined>,
    withheld: ReadonlyMap<Question, string>,
  ): NodeFacts {
    const info = parseInfo(infoText);
    const persistence = readPersistence(info);
    const replication = readReplication(infoText, persistence.loading !== undefined);
    const server = readServer(info);
    if (replication === undefined) throw new Error(`${this.name}: not a node of a pair (mode ${server.mode})`);
    const config = readConfig(answers.get('config') ?? []);
    const clients = readClients(String(answers.get('clients') ?? '')).filter(({ id }) => id !== ownId);
    const commands = (answers.get('commands') ?? []) as Reply[];
    return {
      reachable: true,
      name: this.name,
      url: this.doorway.urlOf(this.address),
      ...server,
      ...replication,
      loading: persistence.loading,
      persistence,
      memory: readMemory(info),
      counters: readCounters(info),
      config,
      users: readAclUsers(answers.get('users') ?? []),
      libraries: readLibraries(answers.get('libraries') ?? []),
      modules: readModules(answers.get('modules') ?? []),
      commands: new Set(commands.map((one) => String(one).toLowerCase())),
      clients: surveyClients(clients, replication.role === 'primary'),
      sentinelIds: sentinelIdsOf(clients),
      tls: readTls(config),
      paused: readPause(info),
      withheld,
    };
  }
}

/** The server's own refusal is an answer; everything else means that the node is lost. */
function unlessRefused(error: unknown): ReplyError {
  if (error instanceof ReplyError) return error;
  throw error;
}

function readTls(config: ReadonlyMap<string, string>): ReachedNode['tls'] {
  return {
    port: Number(config.get('tls-port') ?? 0),
    plainPort: Number(config.get('port') ?? 0),
    replication: config.get('tls-replication') === 'yes',
  };
}

function readPause(info: ReadonlyMap<string, string>): ReachedNode['paused'] {
  const reason = info.get('paused_reason');
  if (reason === undefined) return undefined;
  const leftMs = Number(info.get('paused_timeout_milliseconds') ?? 0);
  return { reason, actions: info.get('paused_actions') ?? 'none', leftMs };
}
