import type { SessionOptions } from '../../../src/session/index.js';
import { type Connection, Stage } from './stage.js';

const MARK = 'segue:mark:test';

export const array = (...parts: (string | number)[]) => frame('*', parts);
export const push = (...parts: (string | number)[]) => frame('>', parts);
export const message = (channel: string, text: string) => array('message', channel, text);
export const pmessage = (pattern: string, channel: string, text: string) => array('pmessage', pattern, channel, text);

function frame(type: string, parts: readonly (string | number)[]): string {
  const elements = parts.map((part) => (typeof part === 'number' ? `:${part}` : `$${part.length}\r\n${part}`));
  return [`${type}${parts.length}`, ...elements].join('\r\n');
}

/** A stage whose client has subscribed to `c` and `p*` at A. */
export class Broadcast extends Stage {
  static listening(options: Partial<SessionOptions> = {}, protocol: 2 | 3 = 2): Broadcast {
    const stage = new Broadcast(options, MARK);
    stage.session.open({ node: 'A', term: 1 });
    stage.at('A').accept();
    const kind = protocol === 3 ? push : array;
    if (protocol === 3) {
      stage.client('HELLO 3');
      stage.a.answer('%1\r\n+proto\r\n:3');
    }
    stage.client('SUBSCRIBE c', 'PSUBSCRIBE p*');
    stage.a.answer(kind('subscribe', 'c', 1), kind('psubscribe', 'p*', 2));
    stage.received();
    return stage;
  }

  get a(): Connection {
    return this.connections[0]!;
  }

  get b(): Connection {
    return this.at('B');
  }

  prepare(): void {
    this.session.prepare({ node: 'B', term: 1 });
    this.b.accept('slave');
    this.received();
  }

  /** Answers all subscriptions that are open. */
  confirm(connection: Connection, answer = (kind: string, name: string) => this.#kind(kind, name, 1)): void {
    const answers = connection.commands.map((command) => {
      const [name, channel] = command.split(' ');
      return answer(name!.toLowerCase(), channel!);
    });
    connection.answer(...answers);
  }

  confirmAhead(): void {
    this.confirm(this.b);
  }

  confirmMarkAtA(): void {
    this.confirm(this.a);
  }

  refuseAhead(error: string): void {
    this.confirm(this.b, (kind, name) => (name === MARK ? error : array(kind, name, 1)));
  }

  moveToB(): void {
    this.primary('B');
  }

  /** The last words of the messages that the client received. */
  texts(): string[] {
    return this.received().map((bytes) => bytes.split('\r\n').at(-1)!);
  }

  types(): string[] {
    return this.events.map(({ type }) => type);
  }

  #kind(...parts: (string | number)[]): string {
    return this.session.client.protocol === 3 ? push(...parts) : array(...parts);
  }
}
