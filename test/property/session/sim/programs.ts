import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { encodeCommand } from '../../../../src/resp/index.js';

/** One command as the client writes it. */
export interface Line {
  readonly args: readonly string[];
  /** As an inline command, or with empty lines in front. */
  readonly form: 'array' | 'inline' | 'after-blank-lines';
}

export interface Flavour {
  readonly password: boolean;
  readonly pubsub: boolean;
  readonly reply: boolean;
}

/** What a step becomes depends on where it stands: tokens are unique. */
type Step = (fresh: () => string, own: (key: string) => string) => string[][];

const one =
  (build: (fresh: () => string, own: (key: string) => string) => string[]): Step =>
  (fresh, own) => [build(fresh, own)];

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');

/** Short in a counterexample; `padded` makes it what it says. */
const padding = fc.oneof(
  { arbitrary: fc.constantFrom('', '', '', 'x300', 'y5000', 'z20000'), weight: 20 },
  { arbitrary: fc.constant('x300000'), weight: 1 },
);
const key = fc.constantFrom('a', 'b');

const write = fc.oneof(
  fc.tuple(key, padding).map(([name, pad]) => one((fresh, own) => ['SET', own(name), `${fresh()}.${pad}`])),
  fc.constant(one((_fresh, own) => ['INCR', own('n')])),
  fc.constant(one((fresh, own) => ['RPUSH', own('l'), fresh()])),
  fc.constant(one((_fresh, own) => ['INCR', own('a')])),
);
const shared = fc.oneof(
  fc.constant(one(() => ['INCR', 'shared:n'])),
  fc.constant(one((fresh) => ['RPUSH', 'shared:l', fresh()])),
  fc.constant(one((fresh) => ['RPUSH', 'shared:q', fresh()])),
  fc.constant(one((fresh) => ['PUBLISH', 'c', fresh()])),
);
const read = fc.oneof(
  key.map((name) => one((_fresh, own) => ['GET', own(name)])),
  fc.constant(one((_fresh, own) => ['LRANGE', own('l'), '0', '-1'])),
  fc.constant(one((fresh) => ['ECHO', fresh()])),
  fc.constant(one(() => ['PING'])),
);
const body = fc.constantFrom('get', 'incr', 'get incr', 'incr get', '#!lua\nincr', '#!lua\nget');
/** Digests of the bodies that increment, of every session. */
const incrementing = new Set(
  ['incr', 'get incr', 'incr get', '#!lua\nincr'].flatMap((text) =>
    [0, 1, 2].map((index) => sha1(ownName(text, index))),
  ),
);

export function increments(digest: string): boolean {
  return incrementing.has(digest);
}

const script = fc.oneof(
  body.map((text) => one((_fresh, own) => ['EVAL', own(text), '1', own('n')])),
  // By digest only what was sent before: what is sent later may be known to a new node earlier than to one eternal server.
  body.map(
    (text): Step =>
      (_fresh, own) => [
        ['SCRIPT', 'LOAD', own(text)],
        ['EVALSHA', sha1(own(text)), '1', own('n')],
      ],
  ),
  fc.constant(one((_fresh, own) => ['EVALSHA', sha1('unknown'), '1', own('n')])),
  body.map((text) => one((_fresh, own) => ['SCRIPT', 'LOAD', own(text)])),
);
const state = fc.oneof(
  fc.constantFrom('0', '1', '2', '7').map((database) => one(() => ['SELECT', database])),
  fc.constant(one((fresh) => ['CLIENT', 'SETNAME', fresh()])),
  fc.constant(one(() => ['CLIENT', 'GETNAME'])),
  fc.constant(one(() => ['READONLY'])),
  fc.constant(one(() => ['READWRITE'])),
  fc.constantFrom('2', '3', '4').map((protocol) => one(() => ['HELLO', protocol])),
);
const wrong = fc
  .constantFrom<string[][]>(['GET'], ['NOSUCHCOMMAND', 'x'], ['EXEC'], ['DISCARD'])
  .map((args) => one(() => args));
const blocking = fc.constantFrom('0.05', '1').map((seconds) => one(() => ['BLPOP', 'shared:q', seconds]));
const waiting = fc.constant(one(() => ['WAIT', '1', '0']));

const inner = fc.oneof(
  { arbitrary: write, weight: 5 },
  { arbitrary: read, weight: 2 },
  { arbitrary: script, weight: 2 },
  { arbitrary: state, weight: 1 },
  {
    arbitrary: fc.constantFrom<string[][]>(['GET'], ['MULTI'], ['NOSUCHCOMMAND']).map((args) => one(() => args)),
    weight: 1,
  },
  { arbitrary: fc.constant(one((fresh) => ['PUBLISH', 'c', fresh()])), weight: 1 },
  { arbitrary: fc.constant(one(() => ['INCR', 'shared:n'])), weight: 1 },
);
const transaction = (withWatch: boolean) =>
  fc
    .record({
      // Whether EXEC was answered nil cannot be seen where answers are off.
      watch: fc.constantFrom<string[] | undefined>(
        ...(withWatch
          ? [
              ['WATCH', 'shared:n'],
              ['WATCH', 'own'],
            ]
          : []),
        undefined,
        undefined,
        ['UNWATCH'],
      ),
      between: fc.array(read, { maxLength: 1 }),
      inner: fc.array(inner, { maxLength: 4 }),
      end: fc.constantFrom('EXEC', 'EXEC', 'EXEC', 'DISCARD'),
    })
    .map(
      ({ watch, between, inner, end }): Step =>
        (fresh, own) => [
          ...(watch === undefined ? [] : [watch.map((word) => (word === 'own' ? own('a') : word))]),
          ...between.flatMap((step) => step(fresh, own)),
          ['MULTI'],
          ...inner.flatMap((step) => step(fresh, own)),
          [end],
        ],
    );
const pubsub = fc
  .constantFrom<string[][]>(['SUBSCRIBE', 'c'], ['SUBSCRIBE', 'c', 'd', 'e'], ['UNSUBSCRIBE', 'd'], ['UNSUBSCRIBE'])
  .map((args) => one(() => args));
const reply = fc.constantFrom('ON', 'OFF', 'SKIP').map((mode) => one(() => ['CLIENT', 'REPLY', mode]));
const reset = fc.constant(one(() => ['RESET']));

/** Steps for one session. */
function steps({ password, pubsub: withPubSub, reply: withReply }: Flavour): fc.Arbitrary<Step> {
  const choices = [
    { arbitrary: write, weight: 6 },
    { arbitrary: read, weight: 3 },
    { arbitrary: shared, weight: 3 },
    { arbitrary: script, weight: 3 },
    { arbitrary: state, weight: 2 },
    { arbitrary: transaction(!withReply), weight: 5 },
    { arbitrary: wrong, weight: 1 },
    { arbitrary: blocking, weight: 1 },
    { arbitrary: waiting, weight: 1 },
  ];
  if (withPubSub) choices.push({ arbitrary: pubsub, weight: 4 });
  if (withReply) choices.push({ arbitrary: reply, weight: 3 });
  if (!password) choices.push({ arbitrary: reset, weight: 1 });
  return fc.oneof(...choices);
}

const form = fc.constantFrom<Line['form']>('array', 'array', 'array', 'array', 'inline', 'after-blank-lines');

/** The programs of one to three sessions. Own keys begin with `s<number>:`. */
export function programs(flavour: Flavour, stepsMax: number): fc.Arbitrary<Line[][]> {
  const program = fc.array(fc.tuple(steps(flavour), form), { minLength: 1, maxLength: stepsMax, size: 'max' });
  return fc.array(program, { minLength: 1, maxLength: 3 }).map((all) => {
    let tokens = 0;
    const fresh = () => `t${++tokens}`;
    return all.map((chosen, index) => {
      const own = (name: string) => ownName(name, index);
      const login: Line[] = flavour.password ? [{ args: ['AUTH', 'user', 'secret'], form: 'array' }] : [];
      return [
        ...login,
        ...chosen.flatMap(([step, how]) => step(fresh, own).map((args): Line => ({ args, form: how }))),
      ];
    });
  });
}

/** Keys get a prefix; bodies of scripts a word that means nothing, so that each session has its own. */
function ownName(name: string, index: number): string {
  const isBody = name.includes('get') || name.includes('incr');
  return isBody ? `${name} s${index}` : `s${index}:${name}`;
}

export function padded(arg: string): string {
  return arg.replace(/\.([xyz])(\d+)$/, (_, char: string, length: string) => `.${char.repeat(Number(length))}`);
}

export function encodeLine({ args: short, form }: Line): Buffer {
  const args = short.map(padded);
  const plain = args.every((arg) => /^[\w.:-]+$/.test(arg) && arg.length < 1_000);
  if (form === 'inline' && plain) return Buffer.from(`${args.join(' ')}\r\n`);
  const encoded = encodeCommand([...args]);
  return form === 'after-blank-lines'
    ? Buffer.concat([Buffer.from('\r\n*0\r\n'), encoded, Buffer.from('\r\n')])
    : encoded;
}

/** What a write is known by. */
export function tokenOf(args: readonly string[]): string | undefined {
  if (args[0] === 'SET') return args[2]!.slice(0, args[2]!.indexOf('.'));
  return args[0] === 'RPUSH' ? args[2] : undefined;
}
