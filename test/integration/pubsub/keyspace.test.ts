import { afterEach, describe, expect, it } from 'vitest';
import { serverVersions, waitFor, waitForSync } from '../../../src/lab/servers/index.js';
import { switchPrimary } from '../../../src/switchover/index.js';
import { libraries } from '../ioredis/clients.js';
import { SwitchedPair } from '../ioredis/lab.js';

const switches = 5;

let pair: SwitchedPair;
afterEach(() => pair?.stop());

/** Each node tells of a write when it applies it: the events of both are one stream, as messages are. */
describe.each(serverVersions)('keyspace notifications on %s', (version) => {
  it.each([
    ['with notices', true],
    ['without', false],
  ])('come once and in order across switches, %s', async (_what, notice) => {
    pair = await SwitchedPair.start({ version });
    for (const node of [pair.primary, pair.replica]) await node.cli('CONFIG', 'SET', 'notify-keyspace-events', 'E$');
    const subscriber = pair.client(libraries[0]![1]);
    const writer = pair.client(libraries[0]![1]);
    const heard: string[] = [];
    subscriber.on('pmessage', (_pattern: string, _channel: string, key: string) => {
      // The operator writes keys of its own.
      if (key.startsWith('key:')) heard.push(key);
    });
    await subscriber.psubscribe('__keyevent@0__:set');
    let running = true;
    let written = 0;
    const writes = (async () => {
      while (running) await writer.set(`key:${written++}`, 'x');
    })();
    for (let round = 1; round <= switches; round++) {
      const before = heard.length;
      const { primary, replica } = pair;
      await switchPrimary({ from: `valkey://${primary.address}`, to: `valkey://${replica.address}`, notice });
      [pair.primary, pair.replica] = [replica, primary];
      await waitForSync(pair.primary, [pair.replica]);
      await waitFor(() => heard.length > before + 50, { deadlineMs: 10_000, what: 'events after the switch' });
    }
    running = false;
    await writes;
    await waitFor(() => heard.length >= written, { deadlineMs: 10_000, what: 'the last event' });
    expect(heard).toEqual(Array.from({ length: written }, (_, index) => `key:${index}`));
    expect(pair.errors).toEqual([]);
  });
});
