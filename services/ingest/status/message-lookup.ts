import { performance } from "node:perf_hooks";
import type { MessageStatusAnswer, StatusSource } from "../../../pipeline/read-model/message-status.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Acceptance, RecentAcceptances } from "../acceptance/recent-acceptances.ts";
import { acceptedStatus } from "./accepted-status.ts";
import type { RequestLog } from "./request-log.ts";

/**
 * Looks messages up in analytics, which runs some seconds behind: what was just accepted is answered from memory until then, or from the log where another instance
 * accepted it; also while analytics is away.
 */
export class MessageLookup implements StatusSource {
  readonly #analytics: StatusSource;
  readonly #recent: RecentAcceptances;
  readonly #accepted: Pick<RequestLog, "find">;
  readonly #log: Log;

  constructor(analytics: StatusSource, recent: RecentAcceptances, accepted: Pick<RequestLog, "find">, log: Log) {
    this.#analytics = analytics;
    this.#recent = recent;
    this.#accepted = accepted;
    this.#log = log;
  }

  async find(accountId: string, messageId: string, to: readonly string[]): Promise<readonly MessageStatusAnswer[]> {
    try {
      const found = await this.#analytics.find(accountId, messageId, to);
      return found.length > 0 ? found : await this.#justAccepted(accountId, messageId, to);
    } catch (error) {
      const fresh = await this.#justAccepted(accountId, messageId, to);
      if (fresh.length === 0) throw error;
      this.#log.every("status-unavailable", 5_000).warn({ err: error }, "status answered without analytics");
      return fresh;
    }
  }

  async #justAccepted(
    accountId: string,
    messageId: string,
    to: readonly string[],
  ): Promise<readonly MessageStatusAnswer[]> {
    const here = this.#recent.find(messageId, accountId, performance.now());
    const accepted: readonly Acceptance[] =
      here === undefined ? await this.#accepted.find(accountId, messageId) : [here];
    return accepted
      .filter(({ destination }) => to.length === 0 || to.includes(destination))
      .map((one) => acceptedStatus(messageId, one));
  }
}
