import type { IncomingMessage } from "node:http";
import type { ApiKeys, KnownKey } from "./api-keys.ts";
import type { FailedLogins } from "./failed-logins.ts";
import { sourceOf, type TrustedProxies } from "./source-network.ts";

export interface KeyGateOptions {
  readonly keys: () => ApiKeys;
  readonly failures: Pick<FailedLogins, "judge">;
  readonly proxies: TrustedProxies;
  /** Epoch ms by the brokers' clock: what keys end by. */
  readonly now: () => number;
  /** Monotonic ms. */
  readonly clock: () => number;
}

/** What a request shows. */
export interface Shown {
  readonly key: string | undefined;
  /** The account that it names beside the key, by its id or Sid; undefined where the key alone says it. */
  readonly account?: string | undefined;
  /** Whether what it names beside the key is right as well. Default: it is. */
  readonly fits?: (known: KnownKey) => boolean;
}

export type Admission =
  | ({ readonly outcome: "known" } & KnownKey)
  | { readonly outcome: "unknown" }
  | { readonly outcome: "throttled"; readonly waitSeconds: number };

/** Says who an HTTP request is of, whatever the door. */
export class KeyGate {
  private readonly options: KeyGateOptions;

  constructor(options: KeyGateOptions) {
    this.options = options;
  }

  admit(request: IncomingMessage, { key, account, fits = () => true }: Shown): Admission {
    // Who shows none tries none.
    if (key === undefined || key === "") return { outcome: "unknown" };
    const { keys, failures, proxies, now, clock } = this.options;
    const all = keys();
    const found = all.find(key, now());
    const known = found !== undefined && fits(found) ? found : undefined;
    const login = {
      source: sourceOf(request, proxies),
      // A right key has 256 random bits, and nobody has to be kept from it: strangers that try others' accounts do not shut them out.
      account: account === undefined || known !== undefined ? undefined : all.named(account),
      key: known === undefined ? undefined : `${known.account.id}/${known.key.id}`,
    };
    const judged = failures.judge(login, clock());
    if (judged.outcome === "throttled") return judged;
    return known === undefined ? { outcome: "unknown" } : { outcome: "known", account: known.account, key: known.key };
  }
}
