/** The signature of webhooks that Twilio posts, and that are posted in its form. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** A form's parameters; one that is repeated has several values. */
export type FormParameters = Readonly<Record<string, string | readonly string[]>>;

/** What the signature of a callback is checked against. */
export interface SignedCallback {
  /** The spellings of the address that was called, each with path and query. */
  readonly addresses: Iterable<string>;
  /** The parameters of a form; undefined for a body of another kind, which is signed by `bodyHash` alone. */
  readonly form: FormParameters | undefined;
  /** The octets of the body. */
  readonly body: Uint8Array;
  /** Query parameter bodySHA256, which is in the signed address: SHA-256 of the body in hexadecimal digits. */
  readonly bodyHash: string | undefined;
  /** X-Twilio-Signature. */
  readonly signature: string | undefined;
  /** X-Twilio-Webhooks-Signature-Settings: `key=…,algorithm=…`; undefined: the auth token with HMAC_SHA1. */
  readonly settings: string | undefined;
}

const HASH_OF_ALGORITHM: ReadonlyMap<string, string> = new Map([
  ["HMAC_SHA1", "sha1"],
  ["HMAC_SHA256", "sha256"],
]);

/** X-Twilio-Signature of a form that is posted to an address, by the auth token with HMAC_SHA1. `address`: with path and query, as it is called. */
export function signForm(secret: string, address: string, form: FormParameters): string {
  return createHmac("sha1", secret).update(address, "utf8").update(signedParameters(form), "utf8").digest("base64");
}

/**
 * Whether X-Twilio-Signature is right: base64 of an HMAC over the full address that the provider called, followed by
 * every parameter's name and value in the order of the names (Twilio, "Security", "Validating Signatures from Twilio").
 * A body that is no form is signed by its hash in the query. Takes the same time for any wrong signature of the right length.
 */
export function isSignedBy(secret: string, callback: SignedCallback): boolean {
  const { signature, settings } = callback;
  const hash = HASH_OF_ALGORITHM.get(algorithmOf(settings));
  if (signature === undefined || hash === undefined) return false;
  const given = Buffer.from(signature, "utf8");
  const contents = contentsOf(callback);
  for (const address of callback.addresses)
    for (const content of contents) {
      const expected = Buffer.from(
        createHmac(hash, secret).update(address, "utf8").update(content, "utf8").digest("base64"),
      );
      if (given.length !== expected.length) return false;
      if (timingSafeEqual(given, expected)) return true;
    }
  return false;
}

/** What may stand behind the address in what is signed. None: nothing would vouch for the body. */
function contentsOf({ form, body, bodyHash }: SignedCallback): string[] {
  const contents: string[] = [];
  if (form !== undefined) contents.push(signedParameters(form));
  if (bodyHash !== undefined) {
    const expected = Buffer.from(createHash("sha256").update(body).digest("hex"));
    const given = Buffer.from(bodyHash, "utf8");
    if (given.length === expected.length && timingSafeEqual(given, expected)) contents.push("");
  }
  return contents;
}

/** Names and values in their order; a value that is repeated counts once, as in Twilio's SDKs. */
function signedParameters(form: FormParameters): string {
  let text = "";
  for (const name of Object.keys(form).sort()) {
    const value = form[name]!;
    if (typeof value === "string") text += name + value;
    else for (const one of [...new Set(value)].sort()) text += name + one;
  }
  return text;
}

/** The algorithm that the header names; without a name the one of old. */
function algorithmOf(settings: string | undefined): string {
  for (const part of settings?.split(",") ?? []) {
    const equals = part.indexOf("=");
    const value = part.slice(equals + 1).trim();
    if (equals > 0 && part.slice(0, equals).trim() === "algorithm" && value !== "") return value.toUpperCase();
  }
  return "HMAC_SHA1";
}
