import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import { QUIET_HOURS_CLASS } from "../../../domain/message/tries.ts";
import { type QuietTable, quietTableOf, quietText } from "../../../domain/routing/quiet-hours.ts";
import type { Pending } from "../routing-records.ts";
import type { MessageRule, Ruling } from "./message-rule.ts";

/** Code of a message whose recipient is not to be disturbed at this hour. */
export const QUIET_HOURS = QUIET_HOURS_CLASS;

/** Nobody is written to in their quiet hours: the message waits for their end, or ends at once where its validity does not last so long. */
export class QuietHoursRule implements MessageRule {
  private table: QuietTable | undefined;

  begin(snapshot: Snapshot): void {
    this.table = quietTableOf(snapshot);
  }

  judge({ facts }: Pending, now: number): Ruling | undefined {
    if (this.table === undefined) return undefined;
    const { country, lane, accountId: account, to } = facts;
    const quiet = this.table.ask({ country, lane, account, to }, now);
    if (quiet === undefined) return undefined;
    const { until } = quiet;
    const detail = quietText(quiet);
    if (until < facts.expiresAt) return { verdict: "wait", due: until, code: QUIET_HOURS, detail };
    const end = { state: "expired", errorClass: "expired", code: QUIET_HOURS } as const;
    return { verdict: "refuse", end, detail: `${detail}, and the message is valid for less` };
  }
}
