import { newMessageId } from "../../domain/message/message-id.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { type Installation, PARTITIONS } from "./installation.ts";

/** One message that was posted by itself, and what ingest said. */
export interface Posted {
  readonly id: string;
  readonly lane: (typeof LANES)[number];
  readonly partition: number;
  /** When it was posted, ms of a monotonic clock. */
  readonly at: number;
  /** 0: the connection failed. */
  readonly status: number;
  readonly ms: number;
}

const LANES = ["otp", "transactional", "marketing"] as const;
const HTTP_TIMEOUT_MS = 30_000;

/** Single messages at a steady rate, each in a request of its own, to numbers of all partitions: one that is refused refuses no other. */
export class PartitionPosts {
  readonly posted: Posted[] = [];
  /** Ids of messages answered with 202. */
  readonly accepted = new Set<string>();
  readonly failures: Record<string, number> = {};
  unanswered = 0;
  private readonly installation: Installation;
  private readonly everyMs: number;
  private readonly posts = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private count = 0;
  private next = Math.floor(Math.random() * 4e7) + 1e7;

  /** `rate`: messages a second. */
  constructor(installation: Installation, rate: number) {
    this.installation = installation;
    this.everyMs = 1_000 / rate;
  }

  start(): void {
    this.timer = setInterval(() => {
      const post = this.post().finally(() => this.posts.delete(post));
      this.posts.add(post);
    }, this.everyMs);
  }

  /** Resolves when the last request is answered. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.posts);
  }

  private async post(): Promise<void> {
    const id = newMessageId();
    const to = `49151${this.next++}`;
    const lane = LANES[this.count++ % LANES.length]!;
    const at = performance.now();
    const status = await this.ask({ id, from: "Acme", to: `+${to}`, text: "Who leads?", lane });
    this.posted.push({ id, lane, partition: partitionFor(to, PARTITIONS), at, status, ms: performance.now() - at });
    if (status === 202) this.accepted.add(id);
    else {
      this.unanswered++;
      this.failures[status] = (this.failures[status] ?? 0) + 1;
    }
  }

  private async ask(message: object): Promise<number> {
    try {
      const response = await fetch(`${this.installation.ingestUrl}/v1/messages`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer acme-demo-key" },
        body: JSON.stringify(message),
        signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }
}
