import { Redis } from 'ioredis';
import { segueConnector } from 'valkey-segue/ioredis';

// A write that was on the wire when its node died runs again: the script sees to it that the second time changes nothing.
const redis = new Redis({ host: '127.0.0.1', port: 6379, Connector: segueConnector({ onUncertain: 'retry' }) });

redis.defineCommand('pay', {
  numberOfKeys: 2,
  lua: `
    local token, account = KEYS[1], KEYS[2]
    local before = redis.call('GET', token)
    if before then return tonumber(before) end
    local balance = redis.call('INCRBY', account, ARGV[1])
    redis.call('SET', token, balance, 'EX', 86400)
    return balance
  `,
});

const payments = Array.from({ length: 20_000 }, (_, i) => `payment:${i}`);

async function payAll() {
  for (let i = 0; i < payments.length; i += 20) {
    // Kill the primary and promote its replica meanwhile.
    await Promise.all(payments.slice(i, i + 20).map((token) => redis.pay(token, 'account', 1)));
    if (i % 2_000 === 0) console.log('paid:', i + 20);
  }
}

await payAll();
// A worker that starts anew and does not know what was done does all of it again.
await payAll();
console.log('balance:', await redis.get('account'));
await redis.quit();
