import { hash } from "node:crypto";
import { accountSid, keySid } from "../../../../domain/message/twilio-sids.ts";
import type { Account, ApiKeys } from "../../acceptance/api-keys.ts";
import { CODES, TwilioFault } from "./twilio-fault.ts";

/**
 * The account of a request: HTTP Basic (RFC 7617) with its AccountSid and one of its API keys as the token, or with a key's own Sid and that key as the
 * secret. The account in the path must be the same.
 * @throws TwilioFault 20003, whatever is wrong: who is not let in learns nothing of accounts.
 */
export function accountOf(keys: Pick<ApiKeys, "accountOf">, authorization: string | undefined, sid: string): Account {
  const given = readBasic(authorization);
  const account = given === undefined ? undefined : keys.accountOf(given.password);
  if (given === undefined || account === undefined || sid !== accountSid(account.id) || !names(account, given))
    throw new TwilioFault(
      401,
      CODES.unauthorized,
      "The account, its Sid or its key is not right: HTTP Basic takes the AccountSid and an API key of that account",
      { "www-authenticate": 'Basic realm="sluice"' },
    );
  return account;
}

interface Basic {
  readonly user: string;
  readonly password: string;
}

function names(account: Account, { user, password }: Basic): boolean {
  if (user === accountSid(account.id)) return true;
  if (!user.startsWith("SK")) return false;
  const digest = hash("sha256", password, "hex");
  return account.apiKeys.some(({ id, sha256 }) => sha256.toLowerCase() === digest && keySid(account.id, id) === user);
}

function readBasic(authorization: string | undefined): Basic | undefined {
  const encoded = /^basic +([A-Za-z0-9+/_=-]+) *$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
