import type { Account as CatalogAccount } from "../../../domain/catalog/account.ts";
import type { Account } from "../access/api-keys.ts";

/** An account whose CRM tells of suppressions, and the secret that signs what it sends. */
export interface WebhookSender {
  readonly account: Account;
  readonly secret: string;
}

/** By account id: who has a `consentWebhook`. */
export function webhookSenders(
  accounts: readonly (Account & Pick<CatalogAccount, "consentWebhook">)[],
): ReadonlyMap<string, WebhookSender> {
  return new Map(
    accounts.flatMap((account) => {
      const secret = account.consentWebhook?.secret;
      return secret === undefined ? [] : [[account.id, { account, secret }] as const];
    }),
  );
}
