import type { BindCommand, CommandName } from "./command-id.ts";

/** A request about the link itself: few at a time, outside the window, never refused. */
export interface LinkRequest {
  readonly command: BindCommand | "enquire_link" | "unbind";
  /** ms of the session's clock. */
  readonly deadline: number;
  readonly onEnd: (status: number | "timeout") => void;
}

/** The binds, enquire_links and unbinds of a session that wait for their responses. */
export class LinkRequests {
  readonly #waiting = new Map<number, LinkRequest>();

  get size(): number {
    return this.#waiting.size;
  }

  open(sequence: number, request: LinkRequest): void {
    this.#waiting.set(sequence, request);
  }

  has(sequence: number): boolean {
    return this.#waiting.has(sequence);
  }

  /** Ends the request that `command` answers; tells when none waits, or one of another kind. */
  end(sequence: number, command: CommandName, status: number): "ended" | "unknown" | "mismatched" {
    const request = this.#waiting.get(sequence);
    if (request === undefined) return "unknown";
    if (command !== "generic_nack" && command !== `${request.command}_resp`) return "mismatched";
    this.#waiting.delete(sequence);
    request.onEnd(status);
    return "ended";
  }

  /** Ends every request whose deadline is at or before `now` as timed out. */
  expire(now: number): void {
    for (const [sequence, request] of this.#waiting) {
      if (request.deadline > now) continue;
      this.#waiting.delete(sequence);
      request.onEnd("timeout");
    }
  }

  clear(): void {
    this.#waiting.clear();
  }
}
