import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab, type RawClient } from './lab.js';

describe.each(['redis-7.0', 'valkey-9.1'] as const)('what a connection is, across a switch, on %s', (version) => {
  let lab: GatewayLab;
  beforeAll(async () => {
    lab = await GatewayLab.start({ pair: { version } });
  });
  afterAll(() => lab?.stop());

  /** Switches, and returns when what the client says next goes to the new primary. */
  async function carry(client: RawClient): Promise<void> {
    await lab.switchOver();
    client.text = '';
  }

  /** Until an answer that is an integer has come; its value. */
  async function integer(client: RawClient): Promise<number> {
    const seen = await waitFor(() => /:(\d+)\r\n$/.exec(client.text)?.[1], { deadlineMs: 5_000, what: 'an integer' });
    client.text = '';
    return Number(seen);
  }

  it('CLIENT ID is the id on the node where the session stands', async () => {
    const client = lab.raw();
    for (let moves = 0; moves < 2; moves++) {
      client.write('CLIENT SETNAME identified\r\n');
      await client.until('+OK\r\n');
      client.text = '';
      client.write('CLIENT ID\r\n');
      const id = await integer(client);
      const listed = String(await lab.primary.cli('CLIENT', 'LIST', 'ID', String(id)));
      expect(listed).toContain('name=identified');
      await carry(client);
    }
  });

  it('CLIENT KILL by id: the session comes back as it was, and its client notices nothing', async () => {
    const client = lab.raw();
    client.write('SELECT 5\r\nSET kept 1\r\n');
    await client.until('+OK\r\n+OK\r\n');
    client.text = '';
    client.write('CLIENT ID\r\n');
    expect(await lab.primary.cli('CLIENT', 'KILL', 'ID', String(await integer(client)))).toBe(1);
    client.write('GET kept\r\n');
    await client.until('$1\r\n1\r\n');
    expect(client.closed).toBe(false);
  });

  it('CLIENT GETREDIR and TRACKINGINFO tell of the restored tracking; REDIRECT is refused', async () => {
    const client = lab.raw();
    client.write('HELLO 3\r\nCLIENT TRACKING ON BCAST PREFIX a:\r\nCLIENT TRACKING ON BCAST PREFIX b:\r\n');
    await client.until('+OK\r\n+OK\r\n');
    await carry(client);
    client.write('CLIENT GETREDIR\r\n');
    await client.until(':0\r\n');
    client.write('CLIENT TRACKINGINFO\r\nPING\r\n');
    await client.until('+PONG\r\n');
    expect(client.text).toContain('$2\r\na:\r\n');
    expect(client.text).toContain('$2\r\nb:\r\n');
    client.text = '';
    client.write('CLIENT TRACKING ON REDIRECT 1\r\nPING\r\n');
    await client.until('+PONG\r\n');
    expect(client.text).toMatch(/-ERR CLIENT TRACKING with REDIRECT is not possible/);
  });

  it('CLIENT CACHING YES before a switch, its GET after it: the key is tracked', async () => {
    const client = lab.raw();
    client.write('HELLO 3\r\nCLIENT TRACKING ON OPTIN\r\n');
    await client.until('+OK\r\n');
    client.write('CLIENT CACHING YES\r\n');
    await client.until('+OK\r\n+OK\r\n');
    await carry(client);
    client.write('GET wanted\r\n');
    await client.until('_\r\n');
    client.text = '';
    client.write('GET unwanted\r\n');
    await client.until('_\r\n');
    await lab.primary.cli('SET', 'unwanted', '1');
    await lab.primary.cli('SET', 'wanted', '1');
    await client.until('$6\r\nwanted\r\n');
    expect(client.text).not.toContain('unwanted');
    await lab.primary.cli('DEL', 'wanted', 'unwanted');
  });

  it('RESET: nothing of before is there on the next node', async () => {
    const client = lab.raw();
    client.write('HELLO 3\r\nSELECT 5\r\nCLIENT SETNAME gone\r\nSUBSCRIBE news\r\nRESET\r\n');
    await client.until('+RESET\r\n');
    await carry(client);
    client.write('CLIENT GETNAME\r\nGET kept\r\nLPOP none\r\n');
    // RESP2 nils; name and database are the first.
    await waitFor(() => client.text.match(/\$-1/g)?.length === 3, { deadlineMs: 5_000, what: 'three nils' });
    expect(await lab.primary.cli('PUBSUB', 'NUMSUB', 'news')).toEqual(['news', 0]);
  });

  it('HELLO back and forth: each node speaks what was asked for last', async () => {
    const client = lab.raw();
    client.write('HELLO 3\r\nGET nothing\r\n');
    await client.until('_\r\n');
    await carry(client);
    client.write('GET nothing\r\n');
    await client.until('_\r\n');
    client.write('HELLO 2\r\nGET nothing\r\n');
    await client.until('$-1\r\n');
    await carry(client);
    client.write('GET nothing\r\n');
    await client.until('$-1\r\n');
  });

  it('SELECT within MULTI: the database of the executed transaction, not of one that was only queued', async () => {
    const client = lab.raw();
    client.write('MULTI\r\nSELECT 6\r\nSET six 1\r\nEXEC\r\nMULTI\r\nSELECT 7\r\n');
    await client.until('+OK\r\n+QUEUED\r\n');
    await carry(client);
    client.write('DISCARD\r\nGET six\r\n');
    await client.until('+OK\r\n$1\r\n1\r\n');
  });

  it('a RESP2 subscriber may do as little on the next node, and all after its last UNSUBSCRIBE', async () => {
    const client = lab.raw();
    client.write('SUBSCRIBE limits\r\n');
    await client.until(':1\r\n');
    await carry(client);
    client.write('PING\r\n');
    await client.until('*2\r\n$4\r\npong\r\n$0\r\n\r\n');
    client.write('GET kept\r\n');
    await waitFor(() => /-ERR Can't execute 'get'/.test(client.text), { deadlineMs: 5_000, what: 'a refusal' });
    client.write('UNSUBSCRIBE\r\nPING\r\n');
    await client.until('+PONG\r\n');
  });

  it('CLIENT REPLY OFF: what is sent in a switch is executed, and none of it answered', async () => {
    const client = lab.raw();
    client.write('CLIENT REPLY OFF\r\nSET silent 1\r\n');
    const switched = lab.switchOver();
    for (let i = 0; i < 50; i++) client.write('INCR silent\r\n');
    await switched;
    client.write('CLIENT REPLY ON\r\nGET silent\r\n');
    await client.until('+OK\r\n$2\r\n51\r\n');
    expect(client.text).toBe('+OK\r\n$2\r\n51\r\n');
  });
});
