import type { Account } from "../catalog/account.ts";
import { isNumericSender } from "../message/sender-id.ts";
import { ALL_ACCOUNTS } from "./consent-word.ts";

type Terms = Pick<Account, "id" | "inboundNumbers" | "from">;

/** Whom a message to a number is said to, by the catalog. */
export class SaidTo {
  private readonly byNumber = new Map<string, string[]>();
  /** Undefined: of several accounts, as a catalog of an earlier version may have it. */
  private readonly named = new Map<string, string | undefined>();

  constructor(accounts: readonly Terms[]) {
    for (const { id, inboundNumbers = [], from } of accounts) {
      for (const number of inboundNumbers) this.named.set(number, this.named.has(number) ? undefined : id);
      for (const number of new Set([...inboundNumbers, ...(from === undefined ? [] : [from])].map(plain))) {
        const known = this.byNumber.get(number);
        if (known === undefined) this.byNumber.set(number, [id]);
        else known.push(id);
      }
    }
  }

  /** Whether a message can be an account's at all. */
  get hasNumbers(): boolean {
    return this.named.size > 0 || [...this.byNumber.keys()].some(isNumericSender);
  }

  /** The account that a message to this number is for: that of its `inboundNumbers`, else the only one that sends from it. A name is no number. */
  ownerOf(number: string): string | undefined {
    const wanted = plain(number);
    if (this.named.has(wanted) || !isNumericSender(wanted)) return this.named.get(wanted);
    const [only, ...others] = this.byNumber.get(wanted) ?? [];
    return others.length === 0 ? only : undefined;
  }

  /** The accounts whose number or sender it is; all accounts where nobody says that it is theirs. */
  accountsOf(number: string): readonly string[] {
    return this.byNumber.get(plain(number)) ?? [ALL_ACCOUNTS];
  }
}

/** Numbers are the same with their plus or without, names in any case. */
function plain(number: string): string {
  return number.trim().replace(/^\+/, "").toLowerCase();
}
