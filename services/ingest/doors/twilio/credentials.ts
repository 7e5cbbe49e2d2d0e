import type { IncomingMessage } from "node:http";
import { accountSid, keySid } from "../../../../domain/message/twilio-sids.ts";
import type { KnownKey } from "../../access/api-keys.ts";
import type { KeyGate } from "../../access/key-gate.ts";
import { CODES, TwilioFault } from "./twilio-fault.ts";

/**
 * The account of a request, and its key: HTTP Basic (RFC 7617) with its AccountSid and one of its API keys as the token, or with a key's own Sid and that
 * key as the secret. The account in the path must be the same.
 * @throws TwilioFault 20003, whatever is wrong: who is not let in learns nothing of accounts; 20429 where too many wrong ones have come
 */
export function knownCaller(keys: Pick<KeyGate, "admit">, request: IncomingMessage, sid: string): KnownKey {
  const given = readBasic(request.headers.authorization);
  const fits = ({ account, key }: KnownKey) =>
    given !== undefined &&
    sid === accountSid(account.id) &&
    (given.user === sid || given.user === keySid(account.id, key.id));
  const admission = keys.admit(request, { key: given?.password, account: sid, fits });
  if (admission.outcome === "known") return admission;
  if (admission.outcome === "throttled")
    throw new TwilioFault(429, CODES.tooManyRequests, "Too many wrong keys have come: none is looked at for a while", {
      "retry-after": String(admission.waitSeconds),
    });
  throw new TwilioFault(
    401,
    CODES.unauthorized,
    "The account, its Sid or its key is not right: HTTP Basic takes the AccountSid and an API key of that account",
    { "www-authenticate": 'Basic realm="sluice"' },
  );
}

interface Basic {
  readonly user: string;
  readonly password: string;
}

function readBasic(authorization: string | undefined): Basic | undefined {
  const encoded = /^basic +([A-Za-z0-9+/_=-]+) *$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
