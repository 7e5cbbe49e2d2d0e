import { Chain } from "./chain.ts";
import type { Submission } from "./open-message.ts";

/** Submissions that are to be sent on when their receipts have not come in time, by how long that is. */
export class SilentSubmissions {
  /** Each chain is in the order of its submissions, nearly. */
  private readonly chains = new Map<number, Chain<Submission>>();

  /** `afterMs`: from the submission, milliseconds. */
  add(submission: Submission, afterMs: number): void {
    let chain = this.chains.get(afterMs);
    if (chain === undefined) {
      chain = new Chain();
      this.chains.set(afterMs, chain);
    }
    submission.silence = { chain, link: chain.append(submission) };
  }

  remove(submission: Submission): void {
    submission.silence?.chain.remove(submission.silence.link);
    submission.silence = undefined;
  }

  /** One that has waited for its time at `readUpTo` (epoch ms), removed. */
  due(readUpTo: number): Submission | undefined {
    for (const [afterMs, { first }] of this.chains) {
      if (first === undefined || first.submittedAt + afterMs > readUpTo) continue;
      this.remove(first);
      return first;
    }
    return undefined;
  }
}
