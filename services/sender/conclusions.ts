import type { Outcome } from "../../platform/kafka/dispatcher.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import { type Order, type Outcomes, returnClassOf } from "./outcomes.ts";
import type { Submission, Verdict } from "./submission.ts";
import type { Unit } from "./unit-result.ts";

export interface ConclusionsOptions {
  readonly outcomes: Outcomes;
  /** Epoch, ms. */
  readonly now: () => number;
}

/** What the verdict about a message's requests means for the message. */
export class Conclusions {
  private readonly options: ConclusionsOptions;

  constructor(options: ConclusionsOptions) {
    this.options = options;
  }

  /** The outcome, and what it is counted as. */
  of(order: Order, submission: Submission<Unit>, verdict: Verdict): [Outcome, string] {
    const { outcomes, now } = this.options;
    if (verdict.kind === "accepted") {
      // As the provider wrote them: so they are found in its portal, and by the ids that it shows there.
      const ids = submission.ids.map((id) => id.trim());
      // Taken, and an id is missing: its receipts are found by the destination, as those of a message in doubt.
      const told = ids.every((id) => id !== "") ? ids : [];
      return [outcomes.submitted(order, told, submission.weight, now()), "accepted"];
    }
    if (verdict.kind === "in-doubt") return [outcomes.inDoubt(order, verdict.code, now()), "in-doubt"];
    const byMoment = verdict.throttled ? "throttled" : "unsubmitted";
    const errorClass = verdict.kind === "again" ? byMoment : returnClassOf(verdict.outcome);
    if (submission.accepted > 0) return [outcomes.partial(order, verdict.code, now()), "partial"];
    return [outcomes.returned(order, errorClass, verdict.code, now()), errorClass];
  }

  /** What late answers to a message in doubt amount to: the records that say so, and what it is counted as. */
  late(order: Order, submission: Submission<Unit>): [readonly OutRecord[], string] | undefined {
    const { outcomes, now } = this.options;
    const verdict = submission.lateVerdict;
    if (verdict === undefined) return undefined;
    if (verdict.kind === "accepted") return [this.of(order, submission, verdict)[0].events, "accepted"];
    const { events, followUp } = outcomes.refusedLate(order, returnClassOf(verdict.outcome), verdict.code, now());
    return [[...events, ...followUp], "refused"];
  }
}
