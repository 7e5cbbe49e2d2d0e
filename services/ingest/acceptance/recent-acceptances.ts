import type { Lane } from "../../../domain/message/lane.ts";
import type { Encoding } from "../../../domain/text/encoding.ts";
import { AgingMap } from "./aging-map.ts";

/** What is known of a message before its first event has reached ClickHouse. */
export interface Acceptance {
  readonly accountId: string;
  /** E.164 digits. */
  readonly destination: string;
  /** The sender that it named; undefined: none. */
  readonly from: string | undefined;
  readonly lane: Lane;
  readonly encoding: Encoding;
  readonly segments: number;
  readonly reference: string | undefined;
  /** Epoch ms. */
  readonly acceptedAt: number;
  /** RFC 3339; undefined: at once. */
  readonly sendAt: string | undefined;
}

/** They are looked up whosever they are: the oldest go, and a look-up is then a 404 until analytics has the message. */
const ANYBODY = "";

/** Long enough for a message's first event to be routed, sunk and visible; ms. */
const PERIOD_MS = 60_000;

/** Of each account so many at least are found without their ids, the newest: a page of a list. */
const LATEST = 1_000;

/**
 * What this instance accepted in the last minute (up to two): it answers for a message that analytics has not seen yet.
 * What another instance accepted is looked for in the log (status/request-log.ts).
 */
export class RecentAcceptances {
  readonly #byId: AgingMap<Acceptance>;
  /** The last ids of each account, the newest last: never as many as twice `LATEST`. */
  readonly #latest = new Map<string, string[]>();

  /** @param capacity messages kept per period; about 250 bytes each. */
  constructor(capacity: number, nowMs: number) {
    this.#byId = new AgingMap({ periodMs: PERIOD_MS, capacity }, nowMs);
  }

  add(id: string, acceptance: Acceptance, nowMs: number): void {
    this.#byId.set(ANYBODY, id, acceptance, nowMs);
    let ids = this.#latest.get(acceptance.accountId);
    if (ids === undefined) {
      ids = [];
      this.#latest.set(acceptance.accountId, ids);
    }
    ids.push(id);
    if (ids.length === 2 * LATEST) ids.splice(0, LATEST);
  }

  /** The account's own messages that were accepted here a moment ago, each once: the newest, but not all of them where there were many. */
  latest(accountId: string, nowMs: number): ReadonlyMap<string, Acceptance> {
    const found = new Map<string, Acceptance>();
    for (const id of this.#latest.get(accountId) ?? []) {
      const acceptance = this.find(id, accountId, nowMs);
      if (acceptance !== undefined) found.set(id, acceptance);
    }
    return found;
  }

  /** The account's own message, if it was accepted here a moment ago. */
  find(id: string, accountId: string, nowMs: number): Acceptance | undefined {
    const found = this.#byId.get(ANYBODY, id, nowMs);
    return found?.accountId === accountId ? found : undefined;
  }

  /** Whether it is known here to be another account's message. */
  isOfOther(id: string, accountId: string, nowMs: number): boolean {
    const found = this.#byId.get(ANYBODY, id, nowMs);
    return found !== undefined && found.accountId !== accountId;
  }
}
