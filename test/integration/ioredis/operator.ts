import { randomUUID } from 'node:crypto';
import type { LabServer } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/servers/index.js';
import {
  type Answer,
  answerChannel,
  Conversation,
  encodeNotice,
  NOTICE_CHANNEL,
  type Notice,
  parseAnswer,
} from '../../../src/topology/index.js';

/** ECHOed by the old primary as soon as it is a replica: MONITOR does not show REPLICAOF. */
export const DEMOTED = 'demoted';

export interface OperatorOptions {
  username?: string;
  password?: string;
  holdMs?: number;
}

/** Switches a pair by hand, with notices: each step is one method, so that a test can leave some out. */
export class Operator {
  readonly id = randomUUID();
  readonly answers: Answer[] = [];
  readonly #from: Conversation;
  readonly #to: Conversation;
  readonly #ear: Conversation;

  constructor(
    readonly from: LabServer,
    readonly to: LabServer,
    private readonly options: OperatorOptions = {},
  ) {
    this.#from = this.#talkTo(from);
    this.#to = this.#talkTo(to);
    this.#ear = this.#talkTo(from, ([, , text]) => {
      const answer = parseAnswer(String(text));
      if (answer.is === 'read') this.answers.push(answer.value);
    });
  }

  /** Ready to hear answers. */
  async listen(): Promise<this> {
    await this.#ear.request(['SUBSCRIBE', answerChannel(this.id)]);
    return this;
  }

  close(): void {
    for (const conversation of [this.#from, this.#to, this.#ear]) conversation.close();
  }

  tell(kind: 'prepare' | 'hold', change: Partial<Notice> = {}): Promise<unknown> {
    return this.#publish(this.#from, { kind, ...change } as Partial<Notice>);
  }

  release(outcome: 'switched' | 'given-up', node = this.#from): Promise<unknown> {
    return this.#publish(node, { kind: 'release', outcome });
  }

  /** One of each process that listens. */
  async answered(kind: Answer['kind']): Promise<Answer[]> {
    const reply = (await this.#from.request(['PUBSUB', 'NUMSUB', NOTICE_CHANNEL])) as unknown[];
    const expected = Number(reply[1]);
    return waitFor(() => this.answers.filter((answer) => answer.kind === kind), {
      deadlineMs: 10_000,
      what: `${expected} answers "${kind}"`,
      until: (answers) => answers.length >= Math.max(1, expected),
    });
  }

  async prepareAndHold(): Promise<Answer> {
    await this.tell('prepare');
    await this.answered('ready');
    await this.tell('hold');
    return (await this.answered('holding'))[0]!;
  }

  /** The manual order; sessions are let go with the promotion. */
  async move({ silently = false } = {}): Promise<void> {
    await this.#from.request(['CLIENT', 'PAUSE', 10_000, 'WRITE']);
    const target = Number(((await this.#from.request(['ROLE'])) as unknown[])[1]);
    while (Number(((await this.#to.request(['ROLE'])) as unknown[])[4]) < target);
    const promoted = this.#to.request(['REPLICAOF', 'NO', 'ONE']);
    if (!silently) await this.release('switched', this.#to);
    await promoted;
    const { host, port } = this.to;
    const last = [
      ['REPLICAOF', host, port],
      ['ECHO', DEMOTED],
      ['CLIENT', 'UNPAUSE'],
    ];
    await Promise.all(last.map((command) => this.#from.request(command)));
  }

  #publish(node: Conversation, change: Partial<Notice>): Promise<unknown> {
    const { id, from, to } = this;
    const told = { id, from: from.address, to: to.address, holdMs: this.options.holdMs ?? 2_000, ...change };
    return node.request(['PUBLISH', NOTICE_CHANNEL, encodeNotice(told as Notice)]);
  }

  #talkTo({ host, port }: LabServer, onPush?: (message: unknown[]) => void): Conversation {
    const { username, password } = this.options;
    return new Conversation({
      address: { kind: 'tcp', host, port },
      connectTimeoutMs: 10_000,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(onPush === undefined ? {} : { onPush }),
    });
  }
}
