import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { waitFor } from '../../../src/lab/wait-for.js';
import { Cable } from './cable.js';

test('nothing overtakes what a slow cable still carried when it became whole', async () => {
  let received = '';
  const accepted: Socket[] = [];
  const target = createServer((socket) => {
    accepted.push(socket);
    socket.on('data', (bytes) => {
      received += bytes;
    });
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const cable = await Cable.before({ host: '127.0.0.1', port: (target.address() as { port: number }).port });
  const client = connect(Number(new URL(cable.url).port), '127.0.0.1');
  const arrived = (text: string) => waitFor(() => received.endsWith(text), { deadlineMs: 5_000, what: `"${text}"` });
  client.write('whole ');
  await arrived('whole ');
  cable.slow(200);
  const from = cable.carried;
  client.write('slow ');
  await waitFor(() => cable.carried > from, { deadlineMs: 5_000, what: 'bytes on their way' });
  cable.heal();
  client.write('whole again');
  await waitFor(() => received.length === 22, { deadlineMs: 5_000, what: 'all bytes' });
  expect(received).toBe('whole slow whole again');
  client.destroy();
  for (const socket of accepted) socket.destroy();
  await cable.close();
  await new Promise((resolve) => target.close(resolve));
});
