import { hash, timingSafeEqual } from "node:crypto";
import type { Account } from "../../acceptance/api-keys.ts";

/** Characters of a system_id as the standard has it (SMPP 3.4, 4.1.1): clients cut longer ones. */
const SYSTEM_ID_LENGTH = 15;
const MOST_PASSWORD = 256;

interface Credential {
  readonly account: Account;
  readonly digest: Buffer;
}

/**
 * Who may bind: the system_id is the account's id, or account/key, each as far as fifteen characters go; the password is one of its API keys, or of
 * its SMPP passwords. Neither is kept or logged.
 */
export class SmppAccounts {
  private readonly bySystemId = new Map<string, Credential[]>();

  constructor(accounts: readonly Account[]) {
    for (const account of accounts)
      for (const { id, sha256 } of [...account.apiKeys, ...(account.smpp?.passwords ?? [])]) {
        const credential = { account, digest: Buffer.from(sha256.toLowerCase(), "latin1") };
        for (const name of new Set([account.id, `${account.id}/${id}`].flatMap(asSent))) this.add(name, credential);
      }
  }

  private add(name: string, credential: Credential): void {
    const known = this.bySystemId.get(name);
    if (known === undefined) this.bySystemId.set(name, [credential]);
    else known.push(credential);
  }

  /** The account that may bind with these; undefined: none may. Which of the two is wrong is nobody's business. */
  accountOf(systemId: string, password: string): Account | undefined {
    if (password === "" || password.length > MOST_PASSWORD) return undefined;
    const digest = Buffer.from(hash("sha256", Buffer.from(password, "latin1"), "hex"), "latin1");
    const found = new Set<Account>();
    for (const credential of this.bySystemId.get(systemId) ?? [])
      if (timingSafeEqual(credential.digest, digest)) found.add(credential.account);
    // Two accounts whose names are cut to the same, with the same password: whose message it is could not be said.
    return found.size === 1 ? [...found][0] : undefined;
  }
}

function asSent(name: string): string[] {
  return [name, name.slice(0, SYSTEM_ID_LENGTH)];
}
