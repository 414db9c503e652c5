import type { SimClient } from './client.js';
import { READONLY, type SimNode } from './node.js';
import { array, bulk, error, integer, nil, nilArray, OK, push } from './reply.js';

/** `may-replicate`: held by a pause, yet not redirected (scripts without a header, PUBLISH). */
export type Kind = 'write' | 'read' | 'may-replicate' | 'other';

export interface SimCommand {
  readonly argsMin: number;
  kind(args: readonly string[], node: SimNode): Kind;
  /** Not queued in a transaction. */
  readonly immediate: boolean;
  readonly beforeAuth: boolean;
  readonly whileLoading: boolean;
  readonly whileSubscribed: boolean;
  /** Undefined: nothing is answered, now or ever (a blocked command is answered later). */
  run(client: SimClient, args: string[], node: SimNode, inTransaction?: boolean): string | undefined;
}

type Run = SimCommand['run'];

function command(
  argsMin: number,
  kind: Kind | SimCommand['kind'],
  run: Run,
  more: Partial<SimCommand> = {},
): SimCommand {
  const kindOf = typeof kind === 'string' ? () => kind : kind;
  return {
    argsMin,
    kind: kindOf,
    immediate: false,
    beforeAuth: false,
    whileLoading: false,
    whileSubscribed: false,
    run,
    ...more,
  };
}

const CONNECTION = { whileLoading: true } as const;
const WRONG_TYPE = error('WRONGTYPE Operation against a key holding the wrong kind of value');

const keysOf = (client: SimClient, node: SimNode) => node.data.database(client.database);

function increment(client: SimClient, key: string, node: SimNode): string {
  const keys = keysOf(client, node);
  const value = keys.get(key) ?? '0';
  if (typeof value !== 'string') return WRONG_TYPE;
  if (!/^\d+$/.test(value)) return error('ERR value is not an integer or out of range');
  keys.set(key, String(Number(value) + 1));
  node.lineage.touch(client.database, key);
  node.lineage.ran(`incr ${key}`);
  return integer(Number(value) + 1);
}

function get(client: SimClient, key: string, node: SimNode): string {
  const value = keysOf(client, node).get(key);
  if (value === undefined) return nil(client.protocol);
  return typeof value === 'string' ? bulk(value) : WRONG_TYPE;
}

/** A script is a list of words, `get` and `incr`, after a header line perhaps. */
function script(client: SimClient, body: string, key: string, node: SimNode): string {
  const sha = node.keep(body);
  let result = nil(client.protocol);
  for (const word of body.replace(/^#!.*\n/, '').split(' ')) {
    if (word === 'get') result = get(client, key, node);
    if (word !== 'incr') continue;
    const refused =
      node.role === 'replica' ? READONLY : node.lonely ? 'NOREPLICAS Not enough good replicas to write.' : '';
    if (refused === '') result = increment(client, key, node);
    else return error(`${refused} script: ${sha}, on @user_script:1.`);
  }
  return result;
}

const kindOfScript = (body: string | undefined): Kind => (body?.startsWith('#!') ? 'write' : 'may-replicate');

function subscribe(client: SimClient, args: string[], on: boolean): string {
  const names = args.length > 1 ? args.slice(1) : [...client.channels];
  const word = bulk(on ? 'subscribe' : 'unsubscribe');
  const frames = names.map((name) => {
    if (on) client.channels.add(name);
    else client.channels.delete(name);
    return push(client.protocol, [word, bulk(name), integer(client.channels.size)]);
  });
  if (frames.length === 0) frames.push(push(client.protocol, [word, nil(client.protocol), integer(0)]));
  if (client.protocol === 2) return frames.join('');
  client.send(frames.join(''));
  return '';
}

function setOption(client: SimClient, args: string[], node: SimNode): string | undefined {
  switch (args[1]!.toLowerCase()) {
    case 'capa':
      if (node.version === 'r70') return error("ERR unknown subcommand 'CAPA'. Try CLIENT HELP.");
      client.capable = true;
      return OK;
    case 'setname':
      client.name = args[2] ?? '';
      return OK;
    case 'getname':
      return bulk(client.name);
    case 'reply':
      return setReply(client, args[2]!.toLowerCase());
    default:
      return error('ERR syntax error');
  }
}

function setReply(client: SimClient, mode: string): string | undefined {
  if (mode === 'on') client.reply = 'on';
  else if (mode === 'off') client.reply = 'off';
  else if (client.reply !== 'off') client.reply = 'skip';
  return mode === 'on' ? OK : undefined;
}

function hello(client: SimClient, args: string[], node: SimNode): string {
  if (args[2]?.toLowerCase() === 'auth') {
    if (args[4] !== node.password) return error('WRONGPASS invalid username-password pair or user is disabled.');
    client.user = args[3];
  }
  if (node.password !== undefined && client.user === undefined)
    return error('NOAUTH HELLO must be called with the client already authenticated');
  if (args[1] === '4') return error('NOPROTO unsupported protocol version');
  if (args[1] !== undefined) client.protocol = args[1] === '3' ? 3 : 2;
  return client.protocol === 3 ? `%1\r\n${bulk('proto')}:3\r\n` : array([bulk('proto'), ':2\r\n']);
}

function auth(client: SimClient, args: string[], node: SimNode): string {
  if (node.password === undefined)
    return error('ERR AUTH <password> called without any password configured for the default user.');
  if (args.at(-1) !== node.password) return error('WRONGPASS invalid username-password pair or user is disabled.');
  client.user = args.length === 3 ? args[1]! : 'default';
  return OK;
}

function blpop(client: SimClient, args: string[], node: SimNode, inTransaction?: boolean): string | undefined {
  const key = args[1]!;
  if (keysOf(client, node).has(key)) return node.pop(client.database, key);
  if (inTransaction === true) return nilArray(client.protocol);
  const ms = Number(args[2]) * 1000;
  client.blocked = { key, database: client.database, until: node.lineage.now + ms };
  return undefined;
}

function role(_client: SimClient, _args: string[], node: SimNode): string {
  if (node.role === 'primary') return array([bulk('master'), ':0\r\n', '*0\r\n']);
  return array([bulk('slave'), bulk(node.primary?.name ?? ''), ':1\r\n', bulk('connected'), ':0\r\n']);
}

function rpush(client: SimClient, [, key, element]: string[], node: SimNode): string {
  const keys = keysOf(client, node);
  const list = keys.get(key!) ?? [];
  if (typeof list === 'string') return WRONG_TYPE;
  list.push(element!);
  keys.set(key!, list);
  node.lineage.touch(client.database, key!);
  node.lineage.ran(element!);
  const { length } = list;
  node.ready.push({ database: client.database, key: key! });
  return integer(length);
}

export const commands: Readonly<Record<string, SimCommand>> = {
  ping: command(
    1,
    'other',
    (client) => (client.protocol === 2 && client.channels.size > 0 ? array([bulk('pong'), bulk('')]) : '+PONG\r\n'),
    {
      ...CONNECTION,
      whileSubscribed: true,
    },
  ),
  echo: command(2, 'other', (_client, args) => bulk(args[1]!), CONNECTION),
  get: command(2, 'read', (client, args, node) => get(client, args[1]!, node)),
  set: command(3, 'write', (client, [, key, value], node) => {
    keysOf(client, node).set(key!, value!);
    node.lineage.touch(client.database, key!);
    node.lineage.ran(value!.slice(0, value!.indexOf('.')));
    return OK;
  }),
  incr: command(2, 'write', (client, args, node) => increment(client, args[1]!, node)),
  rpush: command(3, 'write', rpush),
  lrange: command(4, 'read', (client, args, node) => {
    const list = keysOf(client, node).get(args[1]!) ?? [];
    return typeof list === 'string' ? WRONG_TYPE : array(list.map(bulk));
  }),
  blpop: command(3, 'write', blpop),
  publish: command(3, 'may-replicate', (_client, args, node) => integer(node.publish(args[1]!, args[2]!))),
  subscribe: command(2, 'other', (client, args) => subscribe(client, args, true), {
    ...CONNECTION,
    whileSubscribed: true,
  }),
  unsubscribe: command(1, 'other', (client, args) => subscribe(client, args, false), {
    ...CONNECTION,
    whileSubscribed: true,
  }),
  eval: command(
    4,
    (args) => kindOfScript(args[1]),
    (client, args, node) => script(client, args[1]!, args[3]!, node),
  ),
  evalsha: command(
    4,
    (args, node) => kindOfScript(node.scripts.get(args[1]!)),
    (client, args, node) => {
      const body = node.scripts.get(args[1]!);
      return body === undefined ? error('NOSCRIPT No matching script.') : script(client, body, args[3]!, node);
    },
  ),
  script: command(
    2,
    'other',
    (_client, args, node) => {
      if (args[1]!.toLowerCase() === 'exists')
        return array(args.slice(2).map((sha) => integer(node.scripts.has(sha) ? 1 : 0)));
      return bulk(node.keep(args[2]!));
    },
    CONNECTION,
  ),
  multi: command(
    1,
    'other',
    (client) => {
      if (client.queue !== undefined) return error('ERR MULTI calls can not be nested');
      client.queue = [];
      return OK;
    },
    { ...CONNECTION, immediate: true },
  ),
  exec: command(1, 'other', () => OK, { ...CONNECTION, immediate: true }),
  discard: command(
    1,
    'other',
    (client) => {
      if (client.queue === undefined) return error('ERR DISCARD without MULTI');
      client.endTransaction();
      return OK;
    },
    { ...CONNECTION, immediate: true },
  ),
  watch: command(
    2,
    'other',
    (client, args) => {
      if (client.queue !== undefined) return error('ERR WATCH inside MULTI is not allowed');
      client.watched.add(`${client.database}/${args[1]}`);
      return OK;
    },
    { ...CONNECTION, immediate: true },
  ),
  unwatch: command(
    1,
    'other',
    (client) => {
      client.unwatch();
      return OK;
    },
    CONNECTION,
  ),
  select: command(
    2,
    'other',
    (client, args) => {
      const database = Number(args[1]);
      if (!(database < 3)) return error('ERR DB index is out of range');
      client.database = database;
      return OK;
    },
    CONNECTION,
  ),
  client: command(2, 'other', setOption, CONNECTION),
  hello: command(1, 'other', hello, { ...CONNECTION, beforeAuth: true }),
  auth: command(2, 'other', auth, { ...CONNECTION, beforeAuth: true }),
  readonly: command(
    1,
    'other',
    (client, _args, node) => {
      // Where it means nothing it is kept nevertheless: it is what the session has said.
      client.readOnly = true;
      return node.knowsReadOnly ? OK : error('ERR This instance has cluster support disabled');
    },
    CONNECTION,
  ),
  readwrite: command(
    1,
    'other',
    (client, _args, node) => {
      client.readOnly = false;
      return node.knowsReadOnly ? OK : error('ERR This instance has cluster support disabled');
    },
    CONNECTION,
  ),
  reset: command(
    1,
    'other',
    (client) => {
      client.reset();
      return '+RESET\r\n';
    },
    { ...CONNECTION, immediate: true, beforeAuth: true, whileSubscribed: true },
  ),
  role: command(1, 'other', role, CONNECTION),
  wait: command(3, 'other', (_client, _args, node) =>
    node.role === 'replica'
      ? error(
          'ERR WAIT cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.',
        )
      : integer(1),
  ),
};
