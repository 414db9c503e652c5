import { type ClientLibrary, openClient } from '../load/index.js';
import { type LabPair, waitForSync } from '../servers/index.js';
import { Switcher } from '../threads/switcher.js';
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
 * One pipeline of `length` INCRs through Segue, with a switch in its middle: the primary is paused as soon as it has
 * executed some of them, and the switch follows while the rest is waiting there.
 */
export async function longPipeline(pair: LabPair, library: ClientLibrary, length: number): Promise<LongPipelineReport> {
  const { primary, replica } = pair;
  const client = openClient({ library, host: primary.host, port: primary.port, segue: true });
  const switcher = new Switcher();
  try {
    await client.get(key); // connected, and everything that is compiled at its first use is compiled
    const pipeline = client.pipeline();
    for (let index = 0; index < length; index += 1) pipeline.incr(key);
    const sent = pipeline.exec();
    await waitFor(async () => Number(await primary.cli('GET', key)) > 0, { deadlineMs, what: 'the first INCR' });
    await primary.cli('CLIENT', 'PAUSE', deadlineMs, 'WRITE');
    const before = Number(await primary.cli('GET', key));
    // Without a notice, for which the session would finish the whole pipeline first: it is the cut that is shown here.
    const [from, to] = [`valkey://${primary.address}`, `valkey://${replica.address}`];
    await switcher.switch({ from, to, notice: false });
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
    await switcher.close();
  }
}
