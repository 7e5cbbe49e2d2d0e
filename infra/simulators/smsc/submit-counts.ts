import { commandStatusName } from "../../../domain/smpp/command-status.ts";
import type { SubmitDecision } from "./submit-decision.ts";

/** What became of the submits since the start or the last reset. */
export class SubmitCounts {
  received = 0;
  accepted = 0;
  refused = 0;
  /** Of those refused, the ones above the rate limit. */
  throttled = 0;
  /** Received while silent, accepted or not: none of them got a response. */
  whileSilent = 0;
  /** Without a message reference, so not in the ledger. */
  unreferenced = 0;
  /** Refusals by status name. */
  readonly statuses: Record<string, number> = {};

  add({ status, cause }: SubmitDecision, silent: boolean, accepted: boolean): void {
    this.received++;
    if (accepted) this.accepted++;
    if (silent) this.whileSilent++;
    else if (status !== 0) {
      this.refused++;
      if (cause === "throttled") this.throttled++;
      const name = commandStatusName(status);
      this.statuses[name] = (this.statuses[name] ?? 0) + 1;
    }
  }
}
