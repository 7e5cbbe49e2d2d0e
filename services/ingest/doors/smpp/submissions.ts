import { performance } from "node:perf_hooks";
import { commandStatus } from "../../../../domain/smpp/command-status.ts";
import { textOf } from "../../../../domain/smpp/server/read-submission.ts";
import type { DefaultAlphabet } from "../../../../domain/text/data-coding.ts";
import type { Acceptor } from "../../acceptance/acceptor.ts";
import type { DeadlineWriter } from "../../acceptance/deadline-writer.ts";
import type { Account } from "../../access/api-keys.ts";
import { messageOf, receiptToOf, statusOfRejected } from "./message-of-submission.ts";
import type { ClientId, NamedSubmission, SubmitOutcome } from "./named-submission.ts";
import type { PartRecords } from "./parts/part-records.ts";

export interface SubmissionsTerms {
  readonly defaultAlphabet: DefaultAlphabet;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** `short`: for a client that takes eight characters only. */
  readonly newId: (short: boolean) => ClientId;
}

export interface SubmissionsOptions {
  readonly terms: SubmissionsTerms;
  readonly acceptor: Pick<Acceptor, "accept" | "admit" | "wouldAdmit" | "judge">;
  readonly writer: Pick<DeadlineWriter, "write">;
  readonly parts: PartRecords;
}

const FAILED: SubmitOutcome = { status: commandStatus.ESME_RSYSERR, id: "" };

/** Hands submissions in: a whole message to acceptance, a part of one to where parts are kept. */
export class Submissions {
  readonly terms: SubmissionsTerms;
  private readonly options: SubmissionsOptions;

  constructor(options: SubmissionsOptions) {
    this.options = options;
    this.terms = options.terms;
  }

  /** Whether a submission of the account may be handed in. "now" charges its rate, unless it is only looked. */
  turn(account: Account, how: "charge" | "look" = "charge"): "now" | "closed" | "throttled" {
    const { acceptor } = this.options;
    const would = acceptor.wouldAdmit(account);
    if (would !== "yes") return would;
    if (how === "look") return "now";
    const { outcome } = acceptor.admit(account, 1);
    return outcome === "admitted" ? "now" : outcome;
  }

  /** The answer of what is kept by all in-sync replicas, or will not be. `refused`: nothing was written, and it may be tried again. */
  accept(account: Account, submission: NamedSubmission): Promise<SubmitOutcome | "refused"> {
    return submission.part === undefined ? this.acceptWhole(account, submission) : this.acceptPart(account, submission);
  }

  private async acceptWhole(account: Account, submission: NamedSubmission): Promise<SubmitOutcome | "refused"> {
    const { id, shown } = submission.id;
    const message = messageOf(submission, textOf(submission.content), account, this.terms.now());
    const door = { id, receiptTo: receiptToOf(submission, shown) };
    const accepted = await this.options.acceptor.accept(account, [{ message, door }]);
    if (accepted.outcome === "refused") return "refused";
    // No key was given that another message could be under.
    if (!("results" in accepted)) return FAILED;
    const result = accepted.results[0]!;
    if (result.status === "rejected") return { status: statusOfRejected(result), id: "" };
    return accepted.outcome === "accepted" ? { status: commandStatus.ESME_ROK, id: shown } : FAILED;
  }

  private async acceptPart(account: Account, submission: NamedSubmission): Promise<SubmitOutcome | "refused"> {
    const { parts, writer } = this.options;
    const prepared = parts.prepare(account, submission);
    if (!("record" in prepared)) return prepared;
    const written = await writer.write([prepared.record], performance.now());
    if (written === "refused") return written;
    return written === "stored" ? { status: commandStatus.ESME_ROK, id: submission.id.shown } : FAILED;
  }
}
