import type { LoadClient, LoadReader } from '../load-client.js';
import { deliveryOf } from '../outcome.js';
import { seededRandom } from '../random.js';
import { complain, mergeVerdicts, newVerdict, type Verdict } from '../verdict.js';
import { type RunContext, repeat, settle, type Workload } from '../workload.js';

const keys = 8;
const headerBytes = 16;

/** What may stand at one key: the last acknowledged value, or one that was sent later and may have been executed. */
interface Slot {
  key: string;
  acked: Buffer | undefined;
  later: Buffer[];
  open: number;
}

/** SET of binary values from 16 bytes to `bytesMax`, small ones more often, each read back at once by the same client. */
export class MixedSizes implements Workload {
  readonly name = 'mixed';
  private readonly slots: Slot[];
  private readonly random: () => number;
  private readonly noise: Buffer;
  private readonly live = newVerdict();
  private sequence = 0;

  constructor(
    private readonly client: LoadClient,
    keyPrefix: string,
    seed: number,
    private readonly bytesMax = 1_048_576,
  ) {
    this.slots = Array.from({ length: keys }, (_, index) => ({
      key: `${keyPrefix}:value:${index}`,
      acked: undefined,
      later: [],
      open: 0,
    }));
    this.random = seededRandom(seed);
    this.noise = Buffer.from(Uint32Array.from({ length: bytesMax / 2 }, () => this.random() * 2 ** 32).buffer);
  }

  run(run: RunContext): Promise<void> {
    return repeat(run, async () => {
      const slot = this.slots[this.sequence % keys]!;
      const value = this.nextValue();
      // Both in one tick: the read must see the write before it, also when a switch comes between them.
      const written = this.write(run, slot, value);
      const read = this.read(run, slot, value, written);
      return (await Promise.all([written, read])).every(Boolean);
    });
  }

  /** A header that no other value has, and a slice of noise; sizes are uniform in their logarithm. */
  private nextValue(): Buffer {
    this.sequence += 1;
    const size = Math.min(this.bytesMax, Math.round(headerBytes * (this.bytesMax / headerBytes) ** this.random()));
    const start = Math.floor(this.random() * (this.noise.length - size));
    const value = Buffer.from(this.noise.subarray(start, start + size));
    value.writeDoubleLE(this.sequence, 0);
    value.writeDoubleLE(size, 8);
    return value;
  }

  private write({ meter }: RunContext, slot: Slot, value: Buffer): Promise<boolean> {
    const sentAt = meter.now();
    slot.open += 1;
    return settle(
      this.client.set(slot.key, value),
      () => {
        slot.open -= 1;
        slot.acked = value;
        slot.later = [];
        meter.wrote(sentAt);
      },
      (error) => {
        slot.open -= 1;
        if (deliveryOf(error) === 'uncertain') slot.later.push(value);
        meter.failed(error);
      },
    );
  }

  private read({ meter }: RunContext, slot: Slot, value: Buffer, written: Promise<boolean>): Promise<boolean> {
    let seen: Buffer | null = null;
    return settle(
      this.client.getBuffer(slot.key),
      (reply) => {
        seen = reply;
      },
      (error) => meter.failed(error),
    ).then(async (answered) => {
      if (answered && (await written)) this.compare(this.live, 'stale', slot.key, seen, [value]);
      return answered;
    });
  }

  private compare(
    verdict: Verdict,
    otherwise: 'stale' | 'lost',
    key: string,
    seen: Buffer | null,
    fine: Buffer[],
  ): void {
    if (fine.some((value) => seen !== null && value.equals(seen))) return;
    const number = seen === null || seen.length < headerBytes ? Number.NaN : seen.readDoubleLE(0);
    const intact = seen === null || (Number.isInteger(number) && seen.length === seen.readDoubleLE(8));
    const expected = fine.map((value) => value.readDoubleLE(0)).join(' or ');
    const same = fine.some((value) => value.readDoubleLE(0) === number);
    complain(verdict, intact && !same ? otherwise : 'corrupt', `${key}: value ${number} instead of ${expected}`);
  }

  async verify(reader: LoadReader): Promise<Verdict> {
    const verdict = newVerdict();
    verdict.checked = this.sequence;
    for (const slot of this.slots) {
      complain(verdict, 'unsettled', `SET ${slot.key}`, slot.open);
      if (slot.acked === undefined) continue;
      this.compare(verdict, 'lost', slot.key, await reader.getBuffer(slot.key), [slot.acked, ...slot.later]);
    }
    return mergeVerdicts([this.live, verdict]);
  }
}
