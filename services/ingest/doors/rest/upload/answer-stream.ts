import type { ServerResponse } from "node:http";

/** The client has not read its answers for too long, or is gone. */
export class AnswersUnreadError extends Error {
  readonly code = "ANSWERS_UNREAD";
}

/** Answers one line of JSON after the other (NDJSON), no faster than the client reads. */
export class AnswerStream {
  readonly #response: ServerResponse;
  readonly #patienceMs: number;

  /** @param patienceMs how long the client may read nothing, ms. */
  constructor(response: ServerResponse, patienceMs: number) {
    this.#response = response;
    this.#patienceMs = patienceMs;
  }

  begin(headers: Readonly<Record<string, string>>): void {
    this.#response.writeHead(200, {
      "content-type": "application/x-ndjson; charset=utf-8",
      "cache-control": "no-store",
      // Proxies that gather answers would hold up the client, which waits for them.
      "x-accel-buffering": "no",
      ...headers,
    });
    this.#response.flushHeaders();
  }

  /** @throws AnswersUnreadError */
  async write(lines: readonly object[]): Promise<void> {
    if (lines.length === 0) return;
    if (this.#response.destroyed) throw new AnswersUnreadError("the client is gone");
    if (this.#response.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""))) return;
    await this.#drained();
  }

  /** The last lines. Never rejects. */
  async end(lines: readonly object[]): Promise<void> {
    if (this.#response.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#response.once("close", resolve);
    this.#response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(""), () => resolve());
    const timer = setTimeout(() => this.#response.destroy(), this.#patienceMs);
    await promise;
    clearTimeout(timer);
  }

  async #drained(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onClose = () => reject(new AnswersUnreadError("the client is gone"));
    const timer = setTimeout(
      () => reject(new AnswersUnreadError("the client does not read its answers")),
      this.#patienceMs,
    );
    this.#response.once("drain", resolve);
    this.#response.once("close", onClose);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#response.removeListener("drain", resolve);
      this.#response.removeListener("close", onClose);
    }
  }
}
