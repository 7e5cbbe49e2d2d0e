import { createHmac } from "node:crypto";

/**
 * X-Twilio-Signature of a form POST: base64 of HMAC-SHA1, keyed with the auth token, over the full URL followed by every
 * parameter's name and value in the order of the names (Twilio, "Validating Signatures from Twilio").
 */
export function twilioSignature(authToken: string, url: string, parameters: Readonly<Record<string, string>>): string {
  let signed = url;
  for (const name of Object.keys(parameters).sort()) signed += name + parameters[name];
  return createHmac("sha1", authToken).update(signed, "utf8").digest("base64");
}
