import { newMessageId } from "../../domain/message/message-id.ts";
import type { Installation } from "./installation.ts";

/** One answer of ingest. */
export interface HttpAnswer {
  readonly status: number;
  /** The problem's code; empty for an acceptance. */
  readonly code: string;
  /** Whether it says when to come again, as a number of seconds. */
  readonly retryAfter: boolean;
  /** Content type of a problem (RFC 9457). */
  readonly problem: boolean;
  readonly ms: number;
}

const SLICE_MS = 100;
/** Longer than anything that may be called an answer. */
const HTTP_TIMEOUT_MS = 30_000;
const LANES = ["otp", "transactional", "marketing"] as const;

/** Requests that go to ingest at a steady rate, whatever it answers; each message under an id of its own. */
export class HttpLoad {
  /** Ids of messages answered with 202. */
  readonly accepted = new Set<string>();
  readonly answers: HttpAnswer[] = [];
  /** Messages without a 202, by the code of the answer or the fault of the connection. */
  readonly failures: Record<string, number> = {};
  unanswered = 0;
  private readonly installation: Installation;
  private readonly perSlice: number;
  private readonly posts = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private next = Math.floor(Math.random() * 4e7) + 1e7;

  /** `rate`: messages a second, ten requests a second. */
  constructor(installation: Installation, rate: number) {
    this.installation = installation;
    this.perSlice = Math.max(1, Math.round((rate * SLICE_MS) / 1_000));
  }

  start(): void {
    this.timer = setInterval(() => {
      const post = this.post().finally(() => this.posts.delete(post));
      this.posts.add(post);
    }, SLICE_MS);
  }

  /** Resolves when the last request is answered. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.posts);
  }

  private async post(): Promise<void> {
    const messages = Array.from({ length: this.perSlice }, (_, i) => ({
      id: newMessageId(),
      from: "Acme",
      to: `+49151${this.next++}`,
      text: "Is anybody there?",
      lane: LANES[i % LANES.length],
    }));
    const began = performance.now();
    try {
      const response = await fetch(`${this.installation.ingestUrl}/v1/messages/batch`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer acme-demo-key" },
        body: JSON.stringify({ messages }),
        signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
      });
      const body = (await response.json()) as { code?: string };
      this.answers.push({
        status: response.status,
        code: body.code ?? "",
        retryAfter: Number(response.headers.get("retry-after") ?? "none") > 0,
        problem: response.headers.get("content-type")?.startsWith("application/problem+json") ?? false,
        ms: performance.now() - began,
      });
      if (response.status === 202) for (const { id } of messages) this.accepted.add(id);
      else this.failed(body.code ?? String(response.status), messages.length);
    } catch (error) {
      const { cause, name } = error as { cause?: { code?: string }; name: string };
      this.failed(cause?.code ?? name, messages.length);
    }
  }

  private failed(why: string, count: number): void {
    this.unanswered += count;
    this.failures[why] = (this.failures[why] ?? 0) + count;
  }
}
