import type { SnapshotSource } from "../../domain/catalog/snapshot.ts";
import type { ConsentWord } from "../../domain/consent/consent-word.ts";
import type { MessageFacts } from "../../schemas/generated/types.ts";
import type { ConsentCopy } from "./consent-copy.ts";

export interface ConsentGuardOptions {
  readonly copy: Pick<ConsentCopy, "optOut" | "stale" | "staleAlone">;
  readonly catalog: SnapshotSource;
}

type Facts = Pick<MessageFacts, "accountId" | "to" | "lane">;

/** Whether a message may go to its recipient, by what they have said last. Asked by routers and, at submit, by senders. */
export class ConsentGuard {
  private readonly options: ConsentGuardOptions;

  constructor(options: ConsentGuardOptions) {
    this.options = options;
  }

  /** The word that is against it; undefined: none is known, or the lane is one of those of the account for which it does not count. */
  against({ accountId, to, lane }: Facts): ConsentWord | undefined {
    const { copy, catalog } = this.options;
    const lanes = catalog.current.accounts.get(accountId)?.optOut?.lanes;
    return lanes === undefined || lanes.includes(lane) ? copy.optOut(accountId, to) : undefined;
  }

  /** What is known of all recipients is too old to go by. */
  holds({ to }: Pick<Facts, "to">): boolean {
    return this.options.copy.stale(to) && !this.options.copy.staleAlone(to);
  }

  /** What is known of the recipient is too old to go by, and not what is known of others. */
  holdsAlone({ to }: Pick<Facts, "to">): boolean {
    return this.options.copy.staleAlone(to);
  }
}
