import { switchPrimary } from '../../switchover/index.js';
import { type ClientLibrary, openClient } from '../load/index.js';
import type { LoadBatch } from '../load/load-client.js';
import { type LabPair, waitForSync } from '../servers/index.js';
import { waitFor } from '../wait-for.js';

export interface LongPipelineReport {
  /** How many of the commands the old primary had executed when it was stopped in the middle of the pipeline. */
  readonly before: number;
  /** Replies that are not exactly the number of their command. */
  readonly wrongReplies: number;
  /** The counter afterwards, on the new primary and on the old one, now its replica. */
  readonly counters: readonly [number, number];
}

const key = 'long-pipeline';
const deadlineMs = 30_000;

/**
 * One pipeline of `length` INCRs through Segue, with a switch in its middle: the pause follows as soon as the primary has
 * executed some of them. Without a notice, for which the session would finish the whole pipeline first: it is the cut that
 * is shown here.
 */
export async function longPipeline(pair: LabPair, library: ClientLibrary, length: number): Promise<LongPipelineReport> {
  const { primary, replica } = pair;
  const client = openClient({ library, host: primary.host, port: primary.port, segue: true });
  try {
    await client.get(key); // connected, and everything that is compiled at its first use is compiled
    const pipeline = client.pipeline();
    for (let index = 0; index < length; index += 1) pipeline.incr(key);
    let sent: ReturnType<LoadBatch['exec']> | undefined;
    let before = 0;
    await switchPrimary({
      from: `valkey://${primary.address}`,
      to: `valkey://${replica.address}`,
      notice: false,
      onBoundary: async ({ step, side }) => {
        if (step !== 'pause') return;
        if (side === 'after') {
          before = Number(await primary.cli('GET', key));
          return;
        }
        sent = pipeline.exec();
        await waitFor(async () => Number(await primary.cli('GET', key)) > 0, { deadlineMs, what: 'the first INCR' });
      },
    });
    const replies = (await sent) ?? [];
    const wrong = replies.filter(([error, value], index) => error !== null || value !== index + 1).length;
    await waitForSync(replica, [primary]);
    return {
      before,
      wrongReplies: wrong + Math.abs(length - replies.length),
      counters: [Number(await replica.cli('GET', key)), Number(await primary.cli('GET', key))],
    };
  } finally {
    client.disconnect();
  }
}
