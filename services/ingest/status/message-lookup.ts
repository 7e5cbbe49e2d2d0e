import { performance } from "node:perf_hooks";
import type { MessageStatusAnswer, StatusSource } from "../../../pipeline/read-model/message-status.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { RecentAcceptances } from "../acceptance/recent-acceptances.ts";
import { acceptedStatus } from "./accepted-status.ts";

/**
 * Looks messages up in analytics, which runs some seconds behind: what this instance has just accepted is answered from
 * memory until then, also while analytics is away.
 */
export class MessageLookup implements StatusSource {
  readonly #analytics: StatusSource;
  readonly #recent: RecentAcceptances;
  readonly #log: Log;

  constructor(analytics: StatusSource, recent: RecentAcceptances, log: Log) {
    this.#analytics = analytics;
    this.#recent = recent;
    this.#log = log;
  }

  async find(accountId: string, messageId: string, to: readonly string[]): Promise<readonly MessageStatusAnswer[]> {
    const recent = this.#recent.find(messageId, accountId, performance.now());
    const fresh = recent === undefined || !isWanted(to, recent.destination) ? undefined : recent;
    let found: readonly MessageStatusAnswer[] = [];
    try {
      found = await this.#analytics.find(accountId, messageId, to);
    } catch (error) {
      if (fresh === undefined) throw error;
      this.#log.every("status-unavailable", 5_000).warn({ err: error }, "status answered from memory alone");
    }
    return found.length === 0 && fresh !== undefined ? [acceptedStatus(messageId, fresh)] : found;
  }
}

/** Whether a destination is among those that were asked for; without any, all are. */
function isWanted(wanted: readonly string[], destination: string): boolean {
  return wanted.length === 0 || wanted.includes(destination);
}
