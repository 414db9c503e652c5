import { describe, expect, it } from 'vitest';
import { withCapa } from '../../../../src/gateway/node/client-list.js';
import { Expectations } from '../../../../src/gateway/node/expectations.js';
import { Intake } from '../../../../src/gateway/node/intake.js';
import { News } from '../../../../src/gateway/node/news.js';
import { OrderedAnswers } from '../../../../src/gateway/node/ordered-answers.js';
import { CommandTable } from '../../../../src/resp/index.js';
import { Identity } from '../../../../src/session/identity.js';

describe('answers that wait for each other', () => {
  it('leave in order', () => {
    const sent: string[] = [];
    const answers = new OrderedAnswers((bytes) => sent.push(String(bytes)));
    const b = (text: string) => Buffer.from(text);
    answers.give(b('1'));
    const two = answers.hold();
    answers.give(b('3'));
    const four = answers.hold();
    answers.give(b('5'));
    expect(sent).toEqual(['1']);
    expect(answers.bytes).toBeGreaterThan(2);
    answers.fill(four, b('4'));
    expect(sent).toEqual(['1']);
    answers.fill(two, b('2'));
    expect(sent).toEqual(['1', '2', '3', '4', '5']);
    expect([answers.empty, answers.bytes]).toEqual([true, 0]);
  });
});

describe('expectations', () => {
  it('count plain ones and stop at the first other', () => {
    const expectations = new Expectations();
    for (const nature of ['read', 'read', 'write', 'local'] as const) expectations.pushPlain(nature);
    expectations.push({ as: 'judged' });
    expectations.pushPlain('read');
    expect([expectations.count, expectations.plain]).toEqual([6, 4]);
    expectations.settle(3);
    expect(expectations.head).toMatchObject({ nature: 'local' });
    expectations.settle(1);
    expect([expectations.head, expectations.plain]).toEqual([{ as: 'judged' }, 0]);
    expectations.settle(1);
    expectations.settle(1);
    expect([expectations.count, expectations.head]).toEqual([0, undefined]);
  });

  it('take thousands of runs', () => {
    const expectations = new Expectations();
    for (let i = 0; i < 10_000; i++) expectations.pushPlain(i % 2 === 0 ? 'read' : 'write');
    let settled = 0;
    while (expectations.count > 0) {
      const { plain } = expectations;
      expect(plain).toBeGreaterThan(0);
      expectations.settle(plain);
      settled += plain;
    }
    expect(settled).toBe(10_000);
  });
});

describe('intake', () => {
  const bytes = Buffer.from(
    '*2\r\n$3\r\nGET\r\n$1\r\nk\r\nping\r\n\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\r\n\r\n*1\r\n$4\r\nEXEC\r\n*1\r\n$4\r\nPING\r\n',
  );

  /** What reaches the node, with admitted commands in brackets. */
  function taken(chunks: readonly Buffer[], plain: (name: string) => boolean): { sent: string; admitted: string[] } {
    const table = new CommandTable();
    const admitted: string[] = [];
    let sent = '';
    const intake = new Intake(table, 1024, {
      raw: false,
      takesPlain: (id) => plain(table.nameOf(id)),
      forward: (part) => (sent += String(part)),
      admit: (id, whole) => {
        admitted.push(table.nameOf(id));
        sent += String(whole);
      },
    });
    for (const chunk of chunks) intake.take(chunk);
    expect(intake.partBytes).toBe(0);
    return { sent, admitted };
  }

  it.each([
    ['nothing plain', () => false],
    ['all plain', () => true],
    ['GET and SET plain', (name: string) => name === 'get' || name === 'set'],
  ])('keeps the order however it is cut: %s', (_name, plain) => {
    const whole = taken([bytes], plain).sent.replaceAll('ping\r\n\r\n', 'ping\r\n');
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { sent } = taken([bytes.subarray(0, cut), bytes.subarray(cut)], plain);
      expect(sent.replaceAll('ping\r\n\r\n', 'ping\r\n')).toBe(whole);
    }
    const single = taken(
      [...bytes].map((byte) => Buffer.from([byte])),
      plain,
    );
    expect(single.sent.replaceAll('ping\r\n\r\n', 'ping\r\n')).toBe(whole);
  });
});

describe('CLIENT LIST', () => {
  const frame = (text: string) => Buffer.from(`$${text.length}\r\n${text}\r\n`);

  it('shows who announced itself', () => {
    const list = frame('id=1 addr=x resp=2\nid=12 addr=y resp=2\n');
    expect(String(withCapa(list, new Set(['12'])))).toBe(
      String(frame('id=1 addr=x resp=2 capa=\nid=12 addr=y resp=2 capa=r\n')),
    );
  });

  it('keeps what the node says itself, and understands verbatim strings', () => {
    const text = 'txt:id=1 addr=x capa= db=0\nid=2 addr=y capa=r\n';
    const verbatim = Buffer.from(`=${text.length}\r\n${text}\r\n`);
    const shown = String(withCapa(verbatim, new Set(['1'])));
    expect(shown).toContain('id=1 addr=x capa=r db=0\nid=2 addr=y capa=r\n');
    expect(shown).toMatch(/^=\d+\r\ntxt:/);
  });

  it('leaves nil alone', () => {
    expect(String(withCapa(Buffer.from('$-1\r\n'), new Set()))).toBe('$-1\r\n');
  });
});

describe('news', () => {
  it('are told from answers', () => {
    const identity = new Identity();
    const news = new News(identity);
    const read = (text: string, names?: number) =>
      news.read(
        Buffer.from(text),
        names === undefined ? undefined : { as: 'reply', nature: 'local', role: { is: 'subscribe', names } },
      );
    const subscribed = '*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n';
    const message = '*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n';
    expect(read(message)).toBe('answer');
    expect(read(subscribed, 2)).toBe('confirmation');
    expect(read(message, 2)).toBe('message');
    expect(read(subscribed.replace('a', 'b'), 2)).toBe('last');
    expect(read('*2\r\n$4\r\npong\r\n$0\r\n\r\n')).toBe('answer');
    identity.protocol = 3;
    expect(read(message)).toBe('answer');
    expect(read(`>${message.slice(1)}`)).toBe('message');
    expect(read('>2\r\n$10\r\ninvalidate\r\n_\r\n')).toBe('message');
    expect(read('+1700000000.1 [0 x] "GET"\r\n')).toBe('answer');
    identity.monitor = true;
    expect(read('+1700000000.1 [0 x] "GET"\r\n')).toBe('message');
  });
});
