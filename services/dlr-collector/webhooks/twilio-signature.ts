import { createHmac, timingSafeEqual } from "node:crypto";

/** A form's parameters; one that is repeated has several values. */
export type FormParameters = Readonly<Record<string, string | readonly string[]>>;

/**
 * Whether X-Twilio-Signature is right: base64 of HMAC-SHA1, keyed with the account's auth token, over the full URL that
 * the provider called and every parameter's name and value in the order of the names (Twilio, "Security", "Validating
 * Signatures from Twilio"). Takes the same time for any wrong signature of the right length.
 */
export function isSignedBy(
  authToken: string,
  url: string,
  parameters: FormParameters,
  signature: string | undefined,
): boolean {
  if (signature === undefined) return false;
  const mac = createHmac("sha1", authToken).update(url, "utf8");
  for (const name of Object.keys(parameters).sort()) {
    const value = parameters[name]!;
    if (typeof value === "string") mac.update(name + value, "utf8");
    else for (const one of [...new Set(value)].sort()) mac.update(name + one, "utf8");
  }
  const expected = mac.digest();
  const given = Buffer.from(signature, "base64");
  return given.length === expected.length && timingSafeEqual(given, expected);
}
