import type { IncomingMessage } from "node:http";
import { mayDo } from "../../../../domain/catalog/access-key.ts";
import type { Account } from "../../access/api-keys.ts";
import { Refusal } from "./refusal.ts";
import type { SendSmsContext } from "./sendsms-context.ts";

/** What stands beside each other in a request of these forms, and what is said of a wrong one in a form's own words. */
export interface Named {
  /** The account's id. */
  readonly user: string | undefined;
  /** One of its API keys. */
  readonly password: string | undefined;
  readonly said: string;
}

/** The account that a request sends for. @throws Refusal 403, and 429 where too many wrong passwords have come */
export function sendingAccount(
  { keys, metrics }: Pick<SendSmsContext, "keys" | "metrics">,
  request: IncomingMessage,
  { user, password, said }: Named,
): Account {
  const admission = keys.admit(request, { key: password, account: user, fits: ({ account }) => account.id === user });
  if (admission.outcome === "known") {
    if (mayDo(admission.key, "send")) return admission.account;
    metrics.forbidden.add();
    throw new Refusal(403, `${said}: the password is right, and has no scope send`);
  }
  if (admission.outcome === "throttled") {
    metrics.guessed.add();
    throw new Refusal(429, `${said}: too many wrong passwords have come, none is looked at for a while`, {
      "retry-after": String(admission.waitSeconds),
    });
  }
  metrics.unauthorized.add();
  throw new Refusal(403, said);
}
