import { hash, timingSafeEqual } from "node:crypto";
import { type AccessKey, hasExpired } from "../../../domain/catalog/access-key.ts";
import type { MessagingService } from "../../../domain/catalog/messaging-service.ts";
import { accountSid } from "../../../domain/message/twilio-sids.ts";

/** What ingest needs to know of an account; the catalog's accounts have it. */
export interface Account {
  readonly id: string;
  readonly apiKeys: readonly AccessKey[];
  readonly smpp?:
    | {
        readonly passwords: readonly AccessKey[];
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

/** A key that lets in, and whom. */
export interface KnownKey {
  readonly account: Account;
  readonly key: AccessKey;
}

interface Entry extends KnownKey {
  readonly digest: Buffer;
}

/** The accounts by the hash of their keys. The keys themselves are never kept, compared or logged. */
export class ApiKeys {
  private readonly byHash = new Map<string, Entry>();
  private readonly ids: ReadonlySet<string>;
  private bySid: ReadonlyMap<string, string> | undefined;

  /** @throws Error when two accounts have a key in common: it could not be said whose message it is. */
  constructor(accounts: readonly Account[]) {
    this.ids = new Set(accounts.map(({ id }) => id));
    for (const account of accounts) {
      for (const key of account.apiKeys) {
        const digest = key.sha256.toLowerCase();
        const owner = this.byHash.get(digest)?.account;
        if (owner !== undefined && owner.id !== account.id) {
          throw new Error(`the API key ${key.id} of account ${account.id} is also one of ${owner.id}; issue another`);
        }
        this.byHash.set(digest, { digest: Buffer.from(digest, "latin1"), account, key });
      }
    }
  }

  /**
   * Whom a key lets in at this time (epoch ms); undefined: nobody. What a map look-up by hash gives away by its time is about the hash of a guess,
   * which is of no use to the guesser; the full comparison takes the same time wherever they differ.
   */
  find(key: string | undefined, now: number): KnownKey | undefined {
    if (key === undefined || key === "" || key.length > MAX_KEY_LENGTH) return undefined;
    const digest = hash("sha256", key, "hex");
    const entry = this.byHash.get(digest);
    if (entry === undefined || !timingSafeEqual(entry.digest, Buffer.from(digest, "latin1"))) return undefined;
    return hasExpired(entry.key, now) ? undefined : entry;
  }

  /** The account that is called so, by its id or its Sid of Twilio's form; undefined: there is none. */
  named(name: string): string | undefined {
    if (this.ids.has(name)) return name;
    this.bySid ??= new Map([...this.ids].map((id) => [accountSid(id), id]));
    return this.bySid.get(name);
  }
}
