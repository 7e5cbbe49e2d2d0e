import { hash, timingSafeEqual } from "node:crypto";
import { hasExpired } from "../../../../domain/catalog/access-key.ts";
import type { Account, KnownKey } from "../../access/api-keys.ts";

/** Characters of a system_id as the standard has it (SMPP 3.4, 4.1.1): clients cut longer ones. */
const SYSTEM_ID_LENGTH = 15;
const MOST_PASSWORD = 256;

/** What somebody has bound with, without the password. */
export interface SmppLogin {
  readonly systemId: string;
  /** SHA-256 of the password, hex digits in ASCII. */
  readonly digest: Buffer;
}

interface Credential extends KnownKey {
  readonly digest: Buffer;
}

/** What a login is for: no password is as long. */
export function loginOf(systemId: string, password: string): SmppLogin | undefined {
  if (password === "" || password.length > MOST_PASSWORD) return undefined;
  return { systemId, digest: Buffer.from(hash("sha256", Buffer.from(password, "latin1"), "hex"), "latin1") };
}

/**
 * Who may bind: the system_id is the account's id, or account/key, each as far as fifteen characters go; the password is one of its API keys, or of
 * its SMPP passwords. Neither is kept or logged.
 */
export class SmppAccounts {
  private readonly bySystemId = new Map<string, Credential[]>();

  constructor(accounts: readonly Account[]) {
    for (const account of accounts)
      for (const key of [...account.apiKeys, ...(account.smpp?.passwords ?? [])]) {
        const credential = { account, key, digest: Buffer.from(key.sha256.toLowerCase(), "latin1") };
        for (const name of new Set([account.id, `${account.id}/${key.id}`].flatMap(asSent))) this.add(name, credential);
      }
  }

  private add(name: string, credential: Credential): void {
    const known = this.bySystemId.get(name);
    if (known === undefined) this.bySystemId.set(name, [credential]);
    else known.push(credential);
  }

  /** Whom a login lets in at this time (epoch ms); undefined: nobody. Whether the name or the password is wrong is nobody's business. */
  find({ systemId, digest }: SmppLogin, now: number): KnownKey | undefined {
    const found = (this.bySystemId.get(systemId) ?? []).filter(
      (credential) => timingSafeEqual(credential.digest, digest) && !hasExpired(credential.key, now),
    );
    // Two accounts whose names are cut to the same, with the same password: whose message it is could not be said.
    return new Set(found.map(({ account }) => account)).size === 1 ? found[0] : undefined;
  }

  /** The account that a name is of; undefined: of none, or of several. */
  named(systemId: string): string | undefined {
    const ids = new Set((this.bySystemId.get(systemId) ?? []).map(({ account }) => account.id));
    return ids.size === 1 ? [...ids][0] : undefined;
  }
}

function asSent(name: string): string[] {
  return [name, name.slice(0, SYSTEM_ID_LENGTH)];
}
