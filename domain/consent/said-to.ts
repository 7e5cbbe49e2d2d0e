import type { Account } from "../catalog/account.ts";
import { ALL_ACCOUNTS } from "./consent-word.ts";

type Terms = Pick<Account, "id" | "inboundNumbers" | "from">;

/** Whom a message to a number is said to, by the catalog. */
export class SaidTo {
  private readonly byNumber = new Map<string, string[]>();

  constructor(accounts: readonly Terms[]) {
    for (const { id, inboundNumbers = [], from } of accounts)
      for (const number of new Set([...inboundNumbers, ...(from === undefined ? [] : [from])].map(plain))) {
        const known = this.byNumber.get(number);
        if (known === undefined) this.byNumber.set(number, [id]);
        else known.push(id);
      }
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
