import { expect, it } from "vitest";
import { checkWebhook, signWebhook } from "../../../../platform/http/signed-webhook.ts";

/** The example of the Standard Webhooks specification. */
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT = 1_614_265_330_000;
const BODY = '{"test": 2432232314}';
const SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const HEADERS = { "webhook-id": ID, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE };
const check = (changes: object = {}, body = BODY, now = AT, secret: string | undefined = SECRET) =>
  checkWebhook(secret, { ...HEADERS, ...changes }, Buffer.from(body), now);

it("signs as the specification's example", () => {
  expect(signWebhook(SECRET, ID, AT + 999, BODY)).toEqual(HEADERS);
});

it("takes what it signs, by a secret of any text, up to five minutes old or ahead, among other signatures", () => {
  expect(check()).toEqual({ ok: true, at: AT });
  for (const ms of [-300_000, 300_000]) expect(check({}, BODY, AT + ms).ok).toBe(true);
  expect(check({ "webhook-signature": `v1a,xyz v1,AAAA ${SIGNATURE}` }).ok).toBe(true);
  const signed = signWebhook("geheim", "1", AT, "ä");
  expect(checkWebhook("geheim", signed, Buffer.from("ä"), AT).ok).toBe(true);
});

it.each([
  ["another body", {}, `${BODY} `, AT, /no signature of this account/],
  ["another id", { "webhook-id": "other" }, BODY, AT, /no signature/],
  ["another time", { "webhook-timestamp": "1614265331" }, BODY, AT, /no signature/],
  ["an empty signature", { "webhook-signature": "v1," }, BODY, AT, /no signature/],
  ["another version", { "webhook-signature": SIGNATURE.replace("v1", "v2") }, BODY, AT, /no signature/],
  ["no signature", { "webhook-signature": undefined }, BODY, AT, /are needed/],
  ["an old request", {}, BODY, AT + 301_000, /more than 300 s/],
  ["one from the future", {}, BODY, AT - 301_000, /more than 300 s/],
  ["milliseconds", { "webhook-timestamp": String(AT) }, BODY, AT, /seconds since 1970/],
  ["an id that breaks a line", { "webhook-id": "a\nb" }, BODY, AT, /ASCII without blanks/],
] as const)("refuses %s", (_, changes, body, now, reason) => {
  expect(check(changes, body, now)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
});

it("refuses everything where there is no secret, also what is signed by an empty one", () => {
  const headers = signWebhook("", ID, AT, BODY);
  expect(checkWebhook(undefined, headers, Buffer.from(BODY), AT).ok).toBe(false);
});
