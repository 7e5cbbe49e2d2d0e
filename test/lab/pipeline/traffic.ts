import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

/** Numbers of two German networks, without their last five digits. */
const PREFIXES = ["+49151771", "+49172121"];
const STEP_MS = 200;
const TEXT = "Your parcel arrives today between 10 and 12.";

/** Sends messages through ingest at an even rate, as a customer would. */
export class Traffic {
  /** Accepted so far. */
  accepted = 0;
  private readonly ingestUrl: string;

  constructor(ingestUrl: string) {
    this.ingestUrl = ingestUrl;
  }

  /** @returns from when to when it lasted, epoch ms. @throws when ingest does not accept a message. */
  async send(rate: number, seconds: number): Promise<[from: number, until: number]> {
    const from = Date.now();
    const count = Math.round(rate * seconds);
    const under: Promise<void>[] = [];
    for (let sent = 0; sent < count; ) {
      const due = Math.min(count, Math.floor(((Date.now() - from) / 1_000) * rate));
      if (due > sent) under.push(this.post(due - sent));
      sent = due;
      await pause(STEP_MS);
    }
    await Promise.all(under);
    return [from, Date.now()];
  }

  private async post(count: number): Promise<void> {
    const messages = Array.from({ length: count }, () => {
      const to = `${PREFIXES[randomInt(PREFIXES.length)]}${randomInt(10_000, 100_000)}`;
      return { to, from: "ACME", text: TEXT, lane: "transactional" };
    });
    const response = await fetch(`${this.ingestUrl}/v1/messages/batch`, {
      method: "POST",
      headers: {
        authorization: "Bearer bench-demo-key",
        "content-type": "application/json",
        "idempotency-key": randomUUID(),
      },
      body: JSON.stringify({ messages }),
    });
    const text = await response.text();
    if (response.status !== 202) throw new Error(`ingest answers ${response.status}: ${text.slice(0, 300)}`);
    this.accepted += count;
  }
}
