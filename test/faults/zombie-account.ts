import { until } from "./audit.ts";
import type { Installation } from "./installation.ts";
import { metric } from "./rebalance.ts";

/** Submissions that the providers have received, accepted or not. */
export async function submissions({ simulators }: Installation): Promise<number> {
  const counts = await Promise.all(
    Object.values(simulators).map(async (url) => {
      const stats = (await (await fetch(`${url}/stats`)).json()) as { submits: { received: number } };
      return stats.submits.received;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A moment at which nobody sends: what the providers have received, and what the sender that goes on then had sent. */
interface Still {
  readonly received: number;
  readonly heir: 1 | 2;
  readonly sent: number;
}

const STILL_MS = 500;
const END_MS = 60_000;

/**
 * Submissions of senders that thawed. From one moment at which all stand still to the next, only the heir may send; the
 * owner of one freeze is the heir of the freeze before.
 */
export class ZombieAccount {
  /** By freeze. */
  readonly acts: number[] = [];
  private readonly sluice: Installation;
  private readonly stillWithinMs: number;
  private last: Still | undefined;
  private now: Still | undefined;

  /** `stillWithinMs`: after a freeze nobody sends for so long at least. */
  constructor(sluice: Installation, stillWithinMs: number) {
    this.sluice = sluice;
    this.stillWithinMs = stillWithinMs;
  }

  /** The owner has just been frozen. */
  async note(owner: 1 | 2): Promise<void> {
    const heir = owner === 1 ? 2 : 1;
    const received = await this.standingStill(this.stillWithinMs);
    this.now = { received, heir, sent: await this.sentBy(heir) };
  }

  /** It has thawed, and can be asked. */
  async thawed(): Promise<void> {
    const { last, now } = this;
    if (now === undefined) throw new Error("no sender was frozen");
    if (last?.heir === now.heir) throw new Error("the heir of one freeze is not the owner at the next");
    if (last !== undefined) this.acts.push(now.received - last.received - ((await this.sentBy(last.heir)) - last.sent));
    this.last = now;
  }

  /** There is no more traffic. */
  async close(): Promise<void> {
    const { received, heir, sent } = this.last!;
    let [count, now] = [0, 0];
    await until(
      () => "nobody sends any more",
      async () => {
        count = await this.standingStill(END_MS);
        now = await this.sentBy(heir);
        return count === (await submissions(this.sluice));
      },
      END_MS,
    );
    this.acts.push(count - received - (now - sent));
  }

  private async standingStill(ms: number): Promise<number> {
    let count = -1;
    let since = performance.now();
    await until(
      () => "submissions stop arriving",
      async () => {
        const now = await submissions(this.sluice);
        if (now !== count) since = performance.now();
        count = now;
        return performance.now() - since > STILL_MS;
      },
      ms,
    );
    return count;
  }

  /** Segments that have left an instance of the sender since its start. */
  private async sentBy(instance: 1 | 2): Promise<number> {
    const url = new URL(this.sluice.adminUrls.sender!);
    url.port = String(Number(url.port) + instance - 1);
    const [sent, unsent] = await Promise.all([
      metric(url.origin, "sender_segments_total"),
      metric(url.origin, "sender_unsent_segments_total"),
    ]);
    return sent - unsent;
  }
}
