import { SimClient } from './client.js';
import { elementsOf, isMessage } from './frames.js';
import { Lineage, SimNode } from './node.js';
import { type Line, padded, tokenOf } from './programs.js';
import { ANY_INTEGER, ANY_POP } from './reply.js';
import type { Setting } from './world.js';

/**
 * One server that lives for ever and one connection that never breaks, for one session alone: each command is executed
 * once, in the session's order. What depends on other sessions is left open.
 */
export class Naive {
  readonly lineage = new Lineage();
  readonly client: SimClient;
  /** The last command was EXEC under a WATCH, and wrote this. */
  guarded: string | undefined;
  #sent = '';

  constructor({ version, password }: Setting) {
    const node = new SimNode('A', version, this.lineage, password ? 'secret' : undefined);
    node.promote();
    // The session answers like the newest server.
    node.knowsReadOnly = true;
    this.client = new SimClient(node, (bytes) => {
      if (!isMessage(bytes)) this.#sent += bytes;
    });
    node.clients.add(this.client);
  }

  /**
   * Runs one command. `nilSeen`: the session under test was told nil for this EXEC, which a server may say of any watched
   * key at any time.
   */
  run({ args: short }: Line, nilSeen: boolean): string {
    const args = short.map(padded);
    this.#sent = '';
    const { client } = this;
    const watching = client.watched.size > 0 && client.queue !== undefined;
    this.guarded =
      args[0] === 'EXEC' && watching ? client.queue?.flatMap((queued) => tokenOf(queued) ?? [])[0] : undefined;
    if (args[0] === 'EXEC' && watching && nilSeen) {
      client.touched = true;
      // A session does not keep in mind that a transaction is to fail for two reasons.
      client.spoiled = false;
    }
    const shared = (client.queue ?? []).map((queued) => dependsOnOthers(queued));
    const popped = args[0] === 'BLPOP' && this.#pops([...args]);
    if (popped !== false) return popped;
    client.execute([...args]);
    if (args[0] === 'EXEC' && /^\*\d/.test(this.#sent) && shared.includes(true)) return leaveOpen(this.#sent, shared);
    return dependsOnOthers(args) && this.#sent.startsWith(':') ? ANY_INTEGER : this.#sent;
  }

  /** BLPOP: other sessions push to the list, and take from it. False when it is refused. */
  #pops(args: string[]): string | false {
    const { client } = this;
    client.execute(args);
    if (this.#sent.startsWith('-')) return this.#sent;
    const silent = client.blocked === undefined ? this.#sent === '' : client.reply !== 'on';
    if (client.blocked !== undefined) client.answer('');
    client.blocked = undefined;
    return silent ? '' : ANY_POP;
  }
}

function dependsOnOthers(args: readonly string[]): boolean {
  return args[0] === 'PUBLISH' || args[1]?.startsWith('shared:') === true;
}

/** The answers of EXEC to the commands that depend on others, all integers, are left open. */
function leaveOpen(exec: string, open: readonly boolean[]): string {
  const elements = elementsOf(exec);
  return (
    `*${elements.length}\r\n` +
    elements.map((element, index) => (open[index] === true && element.startsWith(':') ? ANY_INTEGER : element)).join('')
  );
}
