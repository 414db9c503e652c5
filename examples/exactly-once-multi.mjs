import { Redis } from 'ioredis';
import { segueConnector } from 'valkey-segue/ioredis';

const redis = new Redis({ host: '127.0.0.1', port: 6379, Connector: segueConnector() });

// One at a time: WATCH concerns the whole connection.
async function pay(token, account, amount) {
  for (;;) {
    try {
      await redis.watch(token);
      if (await redis.exists(token)) return await redis.unwatch();
      const done = await redis.multi().incrby(account, amount).set(token, 'paid', 'EX', 86_400).exec();
      if (done !== null) return;
      // Nil: somebody else has paid, or the primary has changed since WATCH. Look again.
    } catch (error) {
      if (!error.message.startsWith('UNCERTAIN')) throw error;
      // It ran whole or not at all, and left its token if it did. Look again.
      console.log('uncertain:', token);
    }
  }
}

const payments = Array.from({ length: 4_000 }, (_, i) => `payment:${i}`);

async function payAll() {
  for (const [i, token] of payments.entries()) {
    // Kill the primary and promote its replica meanwhile.
    await pay(token, 'account', 1);
    if (i % 500 === 0) console.log('paid:', i + 1);
  }
}

await payAll();
// A worker that starts anew and does not know what was done does all of it again.
await payAll();
console.log('balance:', await redis.get('account'));
await redis.quit();
