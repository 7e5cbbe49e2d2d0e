import { performance } from "node:perf_hooks";
import {
  isBehind,
  type ListedMessage,
  type ListedPage,
  type ListQuery,
  type MessagePages,
  placeOf,
} from "../../../pipeline/read-model/account-pages.ts";
import { SCHEDULED_STATUS } from "../../../pipeline/read-model/message-status.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Acceptance, RecentAcceptances } from "../acceptance/recent-acceptances.ts";

/**
 * An account's messages, newest first: what analytics has, and before it what this instance has accepted a moment ago and analytics does not have yet. What
 * other instances have just accepted comes some seconds later.
 */
export class MessageList {
  readonly #analytics: MessagePages;
  readonly #recent: Pick<RecentAcceptances, "find" | "latest">;
  readonly #log: Log;

  constructor(analytics: MessagePages, recent: Pick<RecentAcceptances, "find" | "latest">, log: Log) {
    this.#analytics = analytics;
    this.#recent = recent;
    this.#log = log;
  }

  /** One message; what was just accepted is known also while analytics is away. @throws SluiceError of class transient or throttled */
  async find(accountId: string, id: string): Promise<ListedMessage | undefined> {
    const recent = this.#recent.find(id, accountId, performance.now());
    const fresh = recent === undefined ? undefined : listed(id, recent);
    try {
      return (await this.#analytics.find(accountId, id)) ?? fresh;
    } catch (error) {
      if (fresh === undefined) throw error;
      this.#log.every("status-unavailable", 5_000).warn({ err: error }, "status answered from memory alone");
      return fresh;
    }
  }

  /** @throws SluiceError of class transient or throttled when it cannot be looked up now */
  async page(accountId: string, query: ListQuery): Promise<ListedPage> {
    const fresh = await this.#fresh(accountId, query);
    const page = await this.#analytics.list(accountId, query);
    return fresh.length === 0 ? page : merged(page, fresh, query.limit);
  }

  /** What analytics does not have at all: asked before the page, so that nothing is in neither. */
  async #fresh(accountId: string, query: ListQuery): Promise<ListedMessage[]> {
    const recent = [...this.#recent.latest(accountId, performance.now())].map(([id, it]) => listed(id, it));
    const wanted = recent.filter((message) => isWanted(message, query));
    if (wanted.length === 0) return [];
    const known = await this.#analytics.known(wanted.map(({ id }) => id));
    return wanted.filter(({ id }) => !known.has(id));
  }
}

function isWanted(message: ListedMessage, { to, senders, since, until, after }: ListQuery): boolean {
  const place = placeOf(message);
  return (
    (to === undefined || message.to === `+${to}`) &&
    (senders === undefined || senders.length === 0 || senders.includes(message.from)) &&
    (since === undefined || place.acceptedAt >= since) &&
    (until === undefined || place.acceptedAt <= until) &&
    (after === undefined || isBehind(place, after))
  );
}

/** What comes behind the place at which the page ends is for the next one. */
function merged(page: ListedPage, fresh: readonly ListedMessage[], limit: number): ListedPage {
  const { messages, next } = page;
  const here = new Set(messages.map(({ id }) => id));
  const more = fresh.filter((one) => !here.has(one.id) && (next === undefined || !isBehind(placeOf(one), next)));
  const all = [...messages, ...more].sort((a, b) => (isBehind(placeOf(a), placeOf(b)) ? 1 : -1));
  if (all.length <= limit) return { messages: all, next };
  const shown = all.slice(0, limit);
  return { messages: shown, next: placeOf(shown.at(-1)!) };
}

function listed(id: string, acceptance: Acceptance): ListedMessage {
  const acceptedAt = new Date(acceptance.acceptedAt).toISOString();
  return {
    id,
    to: `+${acceptance.destination}`,
    from: acceptance.from ?? "",
    status: acceptance.sendAt === undefined ? "accepted" : SCHEDULED_STATUS,
    final: false,
    segments: acceptance.segments,
    acceptedAt,
    updatedAt: acceptedAt,
    submittedAt: undefined,
    costs: {},
    errorClass: "",
    errorCode: "",
    reason: "",
  };
}
