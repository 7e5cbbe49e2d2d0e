import { hash, timingSafeEqual } from "node:crypto";
import type { MessagingService } from "../../../domain/catalog/messaging-service.ts";

/** What ingest needs to know of an account; the catalog's accounts have it. */
export interface Account {
  readonly id: string;
  /** SHA-256 of each key, 64 hex digits. */
  readonly apiKeys: readonly { readonly id: string; readonly sha256: string }[];
  readonly smpp?:
    | {
        readonly passwords: readonly { readonly id: string; readonly sha256: string }[];
        readonly maxBinds?: number | undefined;
      }
    | undefined;
  /** Lanes it may use; undefined: all. */
  readonly lanes?: readonly string[] | undefined;
  /** Messages a second it may hand in; undefined: no limit. */
  readonly maxPerSecond?: number | undefined;
  /** Who its messages come from that name no sender. */
  readonly from?: string | undefined;
  /** In what form it is told of its messages; undefined: it is not. */
  readonly callbacks?: { readonly form: string } | undefined;
  readonly optOut?:
    | { readonly liftedByAccount?: boolean | undefined; readonly lanes?: readonly string[] | undefined }
    | undefined;
  /** What the messaging services of Twilio that it names stand for. */
  readonly messagingServices?: readonly MessagingService[] | undefined;
}

/** No key of ours is longer; a longer one is refused without hashing it. */
const MAX_KEY_LENGTH = 256;

interface Entry {
  readonly digest: Buffer;
  readonly account: Account;
}

/** The accounts by the hash of their keys. The keys themselves are never kept, compared or logged. */
export class ApiKeys {
  readonly #byHash = new Map<string, Entry>();

  /** @throws Error when two accounts have a key in common: it could not be said whose message it is. */
  constructor(accounts: readonly Account[]) {
    for (const account of accounts) {
      for (const key of account.apiKeys) {
        const digest = key.sha256.toLowerCase();
        const owner = this.#byHash.get(digest)?.account;
        if (owner !== undefined && owner.id !== account.id) {
          throw new Error(`the API key ${key.id} of account ${account.id} is also one of ${owner.id}; issue another`);
        }
        this.#byHash.set(digest, { digest: Buffer.from(digest, "latin1"), account });
      }
    }
  }

  /**
   * The account that a key belongs to. What a map look-up by hash gives away by its time is about the hash of a guess,
   * which is of no use to the guesser; the full comparison takes the same time wherever they differ.
   */
  accountOf(key: string | undefined): Account | undefined {
    if (key === undefined || key === "" || key.length > MAX_KEY_LENGTH) return undefined;
    const digest = hash("sha256", key, "hex");
    const entry = this.#byHash.get(digest);
    if (entry === undefined || !timingSafeEqual(entry.digest, Buffer.from(digest, "latin1"))) return undefined;
    return entry.account;
  }
}
