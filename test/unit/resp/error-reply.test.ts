import { describe, expect, test } from 'vitest';
import { classifyError, type ErrorReply, hasNestedError } from '../../../src/resp/index.js';

const readonly = "READONLY You can't write against a read only replica.";
const sha = 'caeeee01384f6b04384c56d69c27aa65287fb306';

/** Texts as the servers sent them (Redis 7.0.15, Valkey 8.0.1, 8.1.1, 9.1.2) unless the row says otherwise. */
const rows: [text: string, expected: ErrorReply][] = [
  ['REDIRECT 127.0.0.1:6379', { kind: 'redirect', via: 'REDIRECT', host: '127.0.0.1', port: 6379 }],
  ['REDIRECT LOCALHOST:21000', { kind: 'redirect', via: 'REDIRECT', host: 'LOCALHOST', port: 21000 }],
  ['REDIRECT ::1:21000', { kind: 'redirect', via: 'REDIRECT', host: '::1', port: 21000 }],
  ['REDIRECT fe80::1%eth0:21000', { kind: 'redirect', via: 'REDIRECT', host: 'fe80::1%eth0', port: 21000 }],
  ['REDIRECT [::1]:21000', { kind: 'redirect', via: 'REDIRECT', host: '::1', port: 21000 }],
  ['MOVED -1 10.0.0.1:6379', { kind: 'redirect', via: 'MOVED', host: '10.0.0.1', port: 6379 }],
  ['MOVED 3999 ::1:6379', { kind: 'redirect', via: 'MOVED', host: '::1', port: 6379 }],
  ['MOVED 1 :6379', { kind: 'redirect', via: 'MOVED', host: '', port: 6379 }],
  ['MOVED 1 ?:6379', { kind: 'redirect', via: 'MOVED', host: '', port: 6379 }],
  // Not addresses: nothing to follow.
  ['REDIRECT', { kind: 'other', code: 'REDIRECT' }],
  ['REDIRECT ', { kind: 'other', code: 'REDIRECT' }],
  ['REDIRECT host', { kind: 'other', code: 'REDIRECT' }],
  ['REDIRECT :6379', { kind: 'other', code: 'REDIRECT' }],
  ['REDIRECT host:', { kind: 'other', code: 'REDIRECT' }],
  ['REDIRECT host:0', { kind: 'other', code: 'REDIRECT' }],
  ['REDIRECT host:65536', { kind: 'other', code: 'REDIRECT' }],
  ['REDIRECT host:6379x', { kind: 'other', code: 'REDIRECT' }],
  ['REDIRECT two words:6379', { kind: 'other', code: 'REDIRECT' }],
  ['MOVED host:6379', { kind: 'other', code: 'MOVED' }],
  ['MOVED -2 host:6379', { kind: 'other', code: 'MOVED' }],
  ['MOVED 1', { kind: 'other', code: 'MOVED' }],
  [readonly, { kind: 'readonly', script: false }],
  [`${readonly} script: ${sha}, on @user_script:1.`, { kind: 'readonly', script: true }],
  [`${readonly} script: on @user_script:1.`, { kind: 'readonly', script: true }],
  // Redis before 5.0 and 7.0, from their sources.
  ["READONLY You can't write against a read only slave.", { kind: 'readonly', script: false }],
  [
    `ERR Error running script (call to f_${sha}): @user_script:1: @user_script: 1: -${readonly}`,
    { kind: 'readonly', script: true },
  ],
  // A script's own error.
  ['READONLY mine', { kind: 'other', code: 'READONLY' }],
  [
    'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
    { kind: 'unblocked' },
  ],
  ['UNBLOCKED client unblocked via CLIENT UNBLOCK', { kind: 'other', code: 'UNBLOCKED' }],
  ['EXECABORT Transaction discarded because of previous errors.', { kind: 'exec-abort', because: 'errors' }],
  [
    `EXECABORT Transaction discarded because of: ${readonly}`,
    { kind: 'exec-abort', because: 'readonly', cause: { kind: 'readonly', script: false } },
  ],
  [
    'EXECABORT Transaction discarded because of: REDIRECT 127.0.0.1:1',
    {
      kind: 'exec-abort',
      because: 'readonly',
      cause: { kind: 'redirect', via: 'REDIRECT', host: '127.0.0.1', port: 1 },
    },
  ],
  [
    'EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.',
    { kind: 'exec-abort', because: 'other', cause: { kind: 'no-replicas' } },
  ],
  ['EXECABORT', { kind: 'exec-abort', because: 'other' }],
  ['LOADING Valkey is loading the dataset in memory', { kind: 'loading' }],
  ['LOADING Redis is loading the dataset in memory', { kind: 'loading' }],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", { kind: 'primary-down' }],
  ['TRYAGAIN Multiple keys request during rehashing of slot', { kind: 'try-again' }],
  ['CLUSTERDOWN The cluster is down', { kind: 'cluster-down' }],
  ['NOREPLICAS Not enough good replicas to write.', { kind: 'no-replicas' }],
  ['NOREPLICAS Not enough good replicas to write. script: on @user_script:1.', { kind: 'no-replicas' }],
  ['NOSCRIPT No matching script. Please use EVAL.', { kind: 'no-script' }],
  ['NOSCRIPT No matching script.', { kind: 'no-script' }],
  ['NOAUTH Authentication required.', { kind: 'no-auth' }],
  ['WRONGPASS invalid username-password pair or user is disabled.', { kind: 'wrong-pass' }],
  ["NOPERM User x has no permissions to run the 'get' command", { kind: 'no-perm' }],
  ['NOPROTO unsupported protocol version', { kind: 'no-proto' }],
  ['MISCONF Errors writing to the AOF file', { kind: 'misconf' }],
  ["OOM command not allowed when used memory > 'maxmemory'.", { kind: 'oom' }],
  [
    'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured …',
    { kind: 'wait-on-replica' },
  ],
  [
    'ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local …',
    { kind: 'wait-on-replica' },
  ],
  ['ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.', { kind: 'other', code: 'ERR' }],
  ["ERR unknown subcommand 'CAPA'. Try CLIENT HELP.", { kind: 'other', code: 'ERR' }],
  ['ERR', { kind: 'other', code: 'ERR' }],
  ['', { kind: 'other', code: '' }],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', { kind: 'other', code: 'WRONGTYPE' }],
];

describe.each(rows)('%s', (text, expected) => {
  const line = `-${text}\r\n`;
  const blob = `!${Buffer.byteLength(text)}\r\n${text}\r\n`;
  test.each([
    ['line', line],
    ['blob', blob],
    ['with an attribute', `|1\r\n+ttl\r\n*2\r\n:1\r\n%1\r\n+a\r\n|1\r\n+x\r\n+y\r\n+b\r\n${line}`],
    ['with attributes', `|0\r\n|1\r\n+a\r\n*?\r\n$?\r\n;1\r\nx\r\n;0\r\n.\r\n|?\r\n+a\r\n+b\r\n.\r\n${blob}`],
  ])('%s', (_, frame) => {
    expect(classifyError(Buffer.from(frame))).toEqual(expected);
  });
});

test('a long text is read from its beginning only', () => {
  expect(classifyError(Buffer.from(`-LOADING ${'x'.repeat(100_000)}\r\n`))).toEqual({ kind: 'loading' });
});

test.each([
  [`*2\r\n:1\r\n-${readonly}\r\n`, true],
  [`*1\r\n*1\r\n%1\r\n+a\r\n-${readonly} script: on @user_script:1.\r\n`, true],
  [`*1\r\n!${readonly.length}\r\n${readonly}\r\n`, true],
  [`*?\r\n$?\r\n;1\r\na\r\n;0\r\n-${readonly}\r\n.\r\n`, true],
  [`*1\r\n$${readonly.length + 3}\r\n-${readonly}\r\n\r\n`, false],
  [`*1\r\n+${readonly}\r\n`, false],
  ['*2\r\n-ERR x\r\n$8\r\nREADONLY\r\n', false],
  ['*-1\r\n', false],
  ['*1\r\n-READONLY mine\r\n', false],
])('hasNestedError %j: %s', (frame, expected) => {
  expect(hasNestedError(Buffer.from(frame), 'readonly')).toBe(expected);
});
