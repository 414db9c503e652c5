import { Redis } from 'ioredis';
import { segueConnector } from 'valkey-segue/ioredis';

// Host and port are a seed: any node of the pair. The rest of the pair is discovered.
const redis = new Redis({
  host: '127.0.0.1',
  port: 6379,
  Connector: segueConnector({
    onEvent: (event) => {
      if (event.type === 'move') console.log(`now at ${event.node}, held for ${event.heldMs.toFixed(1)} ms`);
    },
  }),
});

for (let i = 0; i < 10; i++) {
  // Demote the primary and promote its replica meanwhile: no call fails, none runs twice.
  console.log('visits:', await redis.incr('visits'));
}

await redis.quit();
