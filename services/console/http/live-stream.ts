import type { ServerResponse } from "node:http";

export interface LiveStreamOptions {
  /** What is told, as JSON text. */
  readonly state: () => string;
  /** Between two words to a client, ms. */
  readonly everyMs: number;
  /** Clients at once; further ones are refused. */
  readonly max: number;
  /** Monotonic, ms. */
  readonly now: () => number;
}

interface Client {
  readonly response: ServerResponse;
  /** Whether its session still lasts. */
  readonly mayStay: () => boolean;
  /** Since when its connection has taken nothing, ms. */
  fullSince: number | undefined;
}

/** A client whose connection has taken nothing for so long is gone, ms. */
const STUCK_MS = 30_000;
/** Without anything new a client is told the same again, so that both ends see that the other is there, ms. */
const REPEAT_MS = 5_000;

/**
 * Server-sent events (HTML, "Server-sent events") for all pages that are open: each change is told at once, but no client more often
 * than every `everyMs`. A client that is slow misses states, never gets an old one late: there is no queue.
 */
export class LiveStream {
  private readonly options: LiveStreamOptions;
  private readonly clients = new Set<Client>();
  private toldAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: LiveStreamOptions) {
    this.options = options;
  }

  get size(): number {
    return this.clients.size;
  }

  /** Begins a stream. @returns false when there are too many: nothing has been answered then */
  open(response: ServerResponse, mayStay: () => boolean): boolean {
    if (this.clients.size >= this.options.max) return false;
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    const client: Client = { response, mayStay, fullSince: undefined };
    this.clients.add(client);
    response.once("close", () => {
      this.clients.delete(client);
    });
    response.write(`retry: 2000\n\n${event(this.options.state())}`);
    this.timer ??= setTimeout(() => this.tell(), REPEAT_MS);
    return true;
  }

  /** Something has changed. */
  changed(): void {
    if (this.clients.size === 0) return;
    const wait = this.toldAt + this.options.everyMs - this.options.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), Math.max(0, wait));
  }

  /** Ends all streams; pages come again by themselves. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { response } of this.clients) response.end();
  }

  private tell(): void {
    this.timer = undefined;
    const { state, now } = this.options;
    this.toldAt = now();
    if (this.clients.size === 0) return;
    const text = event(state());
    for (const client of this.clients) this.tellOne(client, text);
    this.timer = setTimeout(() => this.tell(), REPEAT_MS);
  }

  private tellOne(client: Client, text: string): void {
    const { response } = client;
    if (!client.mayStay()) return void response.end();
    if (!response.writableNeedDrain) {
      client.fullSince = undefined;
      response.write(text);
      return;
    }
    client.fullSince ??= this.toldAt;
    if (this.toldAt - client.fullSince > STUCK_MS) response.destroy();
  }
}

function event(state: string): string {
  return `data: ${state}\n\n`;
}
