import type { Lane } from "../../../domain/message/lane.ts";
import type { Encoding } from "../../../domain/text/encoding.ts";
import { AgingMap } from "./aging-map.ts";

/** What is known of a message before its first event has reached ClickHouse. */
export interface Acceptance {
  readonly accountId: string;
  /** E.164 digits. */
  readonly destination: string;
  readonly lane: Lane;
  readonly encoding: Encoding;
  readonly segments: number;
  readonly reference: string | undefined;
  /** Epoch ms. */
  readonly acceptedAt: number;
}

/** They are looked up whosever they are: the oldest go, and a look-up is then a 404 until analytics has the message. */
const ANYBODY = "";

/** Long enough for a message's first event to be routed, sunk and visible; ms. */
const PERIOD_MS = 60_000;

/**
 * What this instance accepted in the last minute (up to two): it answers for a message that analytics has not seen yet.
 * What another instance accepted is looked for in the log (status/request-log.ts).
 */
export class RecentAcceptances {
  readonly #byId: AgingMap<Acceptance>;

  /** @param capacity messages kept per period; about 250 bytes each. */
  constructor(capacity: number, nowMs: number) {
    this.#byId = new AgingMap({ periodMs: PERIOD_MS, capacity }, nowMs);
  }

  add(id: string, acceptance: Acceptance, nowMs: number): void {
    this.#byId.set(ANYBODY, id, acceptance, nowMs);
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
