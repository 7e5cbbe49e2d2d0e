import type { SnapshotSource } from "../../domain/catalog/snapshot.ts";
import { CONSENT_UNKNOWN_CLASS, OPTED_OUT_CLASS, QUIET_HOURS_CLASS } from "../../domain/message/tries.ts";
import { quietTableOf } from "../../domain/routing/quiet-hours.ts";
import type { ConsentGuard } from "../../pipeline/follow/consent-guard.ts";
import type { MessageFacts } from "../../schemas/generated/types.ts";

export interface LastLookOptions {
  readonly consent: Pick<ConsentGuard, "against" | "holds" | "holdsAlone">;
  readonly catalog: SnapshotSource;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** The clocks of a router and of a sender differ by less, ms: what may go so soon was let go by the router for that, and is not sent back and forth. */
const CLOCKS_DIFFER_MS = 1_000;

/**
 * What is asked of a message at the moment at which it would be submitted: its router has decided on it, and that may be hours ago. Asked anew after each
 * wait, until a part of it has left: from then on it goes whole.
 */
export class LastLook {
  private readonly options: LastLookOptions;

  constructor(options: LastLookOptions) {
    this.options = options;
  }

  /** What is known of all recipients is too old to go by. */
  holds(facts: MessageFacts): boolean {
    return this.options.consent.holds(facts);
  }

  /** `against`, when it is its turn: one whose recipient alone is not known well enough must not hold up the others. */
  whenDue(facts: MessageFacts): ReturnType<LastLook["against"]> | typeof CONSENT_UNKNOWN_CLASS {
    return this.options.consent.holdsAlone(facts) ? CONSENT_UNKNOWN_CLASS : this.against(facts);
  }

  /** The class under which it goes back, for the router to end it or let it wait; undefined: it may leave. */
  against(facts: MessageFacts): typeof OPTED_OUT_CLASS | typeof QUIET_HOURS_CLASS | undefined {
    const { consent, catalog, now } = this.options;
    if (consent.against(facts) !== undefined) return OPTED_OUT_CLASS;
    const table = quietTableOf(catalog.current);
    if (table === undefined) return undefined;
    const { country, lane, accountId: account, to } = facts;
    const at = now();
    const quiet = table.ask({ country, lane, account, to }, at);
    return quiet === undefined || quiet.until - at <= CLOCKS_DIFFER_MS ? undefined : QUIET_HOURS_CLASS;
  }
}
