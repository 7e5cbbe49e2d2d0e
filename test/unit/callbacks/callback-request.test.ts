import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { callbacksSchema } from "../../../domain/catalog/callbacks.ts";
import { accountSid as accountSidOf } from "../../../domain/message/twilio-sids.ts";
import type { Event, MessageFacts } from "../../../schemas/generated/types.ts";
import { callbackRequest } from "../../../services/callbacks/callback-request.ts";
import { statusCallback } from "../../../services/callbacks/status-callback.ts";
import { NOW } from "../router/router-world.ts";
import { eventOf, messageId } from "./callback-world.ts";

const URL_TEXT = "https://App.example:443/cb?a=1&b=%20#there";
/** The second and third of Standard Webhooks' kind, 24 octets each. */
const SECRETS = [`whsec_${Buffer.alloc(24, 1).toString("base64")}`, `whsec_${Buffer.alloc(24, 2).toString("base64")}`];

function request(settings: object, event: Partial<Event> = {}, facts: Partial<MessageFacts> = {}) {
  const callback = statusCallback(eventOf(1, URL_TEXT, event, facts), "event-1", NOW)!;
  return callbackRequest(callback, callbacksSchema.parse(settings), NOW + 5_000);
}

const FINAL = { type: "final", state: "delivered", doneAt: NOW - 1 } as const;

it("the form of CloudEvents has the content of the standard one, in an envelope of its own, signed by Standard Webhooks", () => {
  const { body, headers, url } = request({ form: "cloudevents", secrets: SECRETS }, FINAL)!;
  expect(url).toBe(URL_TEXT);
  expect(headers["content-type"]).toBe("application/cloudevents+json; charset=UTF-8");
  const standard = JSON.parse(request({ secrets: SECRETS }, FINAL)!.body) as { data: object };
  expect(JSON.parse(body)).toEqual({
    ...{ specversion: "1.0", id: headers["webhook-id"], source: "/sluice/accounts/acme", subject: messageId(1) },
    ...{ type: "sluice.message.delivered", time: new Date(NOW).toISOString(), datacontenttype: "application/json" },
    data: standard.data,
  });
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  const settings = callbacksSchema.parse({ form: "cloudevents", secrets: SECRETS });
  const fresh = callbackRequest(statusCallback(eventOf(1, URL_TEXT, FINAL), "event-1", NOW)!, settings, now)!;
  for (const secret of SECRETS)
    expect(() => new Webhook(secret).verify(fresh.body, { ...fresh.headers })).not.toThrow();
  expect(request({ form: "cloudevents", unsigned: true }, FINAL)!.headers).not.toHaveProperty("webhook-signature");
  // As in the standard form, that a provider is chosen is not told.
  expect(request({ form: "cloudevents", unsigned: true }, { type: "routed" })).toBeUndefined();
});

describe("the standard form", () => {
  it("has all of the message but its text and its price", () => {
    const { body, headers } = request({ secrets: ["s"] }, FINAL, {
      ...{ reference: "order-7", metadata: { campaign: "spring" }, segments: 2, network: "26201", sentAs: "Brand" },
    })!;
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "webhook-timestamp": String((NOW + 5_000) / 1_000),
    });
    expect(headers["webhook-id"]).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(JSON.parse(body)).toEqual({
      type: "message.delivered",
      timestamp: new Date(NOW).toISOString(),
      data: {
        ...{ id: messageId(1), status: "delivered", final: true, account: "acme", to: "+4915112345678", from: "Brand" },
        ...{ lane: "otp", country: "DE", network: "26201", segments: 2, reference: "order-7" },
        ...{ metadata: { campaign: "spring" }, attempt: 1, acceptedAt: new Date(NOW - 1_000).toISOString() },
        ...{ submittedAt: new Date(NOW).toISOString(), doneAt: new Date(NOW - 1).toISOString() },
        ...{ errorClass: null, errorCode: null },
      },
    });
  });

  it("is accepted by the receiver of Standard Webhooks, by each of several secrets", () => {
    const { body, headers } = request({ secrets: SECRETS }, FINAL)!;
    // The receiver compares with its own clock.
    const seconds = String(Math.floor(Date.now() / 1_000));
    const { headers: now } = { headers: { ...headers } };
    expect(() => new Webhook(SECRETS[0]!).verify(body, now)).toThrow("Message timestamp too old");
    const fresh = callbackRequest(
      statusCallback(eventOf(1, URL_TEXT, FINAL), "event-1", NOW)!,
      callbacksSchema.parse({ secrets: SECRETS }),
      Number(seconds) * 1_000,
    )!;
    for (const secret of SECRETS)
      expect(new Webhook(secret).verify(fresh.body, { ...fresh.headers })).toEqual(JSON.parse(fresh.body));
    const other = `whsec_${Buffer.alloc(24, 3).toString("base64")}`;
    expect(() => new Webhook(other).verify(fresh.body, { ...fresh.headers })).toThrow("No matching signature found");
  });

  it("has the signatures of all secrets with one blank between, and nothing else", () => {
    const { body, headers } = request({ secrets: SECRETS }, FINAL)!;
    const signatures = [1, 2].map((octet) => {
      const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
      return `v1,${createHmac("sha256", Buffer.alloc(24, octet)).update(signed).digest("base64")}`;
    });
    expect(headers["webhook-signature"]).toBe(`${signatures[0]} ${signatures[1]}`);
  });

  it("has the same id and body at each attempt, and its own for each event", () => {
    const one = request({ secrets: ["s"] })!;
    expect(request({ secrets: ["s"] })).toEqual(one);
    const other = statusCallback(eventOf(1, URL_TEXT), "event-2", NOW)!;
    expect(other.id).not.toBe(one.headers["webhook-id"]);
  });

  it("has no signature where the account wants none", () => {
    const { headers } = request({ unsigned: true })!;
    expect(Object.keys(headers).sort()).toEqual(["content-type", "webhook-id", "webhook-timestamp"]);
  });

  it("does not tell that a message is queued", () => {
    expect(request({ secrets: ["s"] }, { type: "routed" })).toBeUndefined();
  });
});

describe("the form of Twilio", () => {
  const form = (
    event: Partial<Event>,
    facts: Partial<MessageFacts> = {},
    settings: object = { secrets: ["token"] },
  ) => {
    const made = request({ form: "twilio", ...settings }, event, facts);
    return made === undefined ? undefined : Object.fromEntries(new URLSearchParams(made.body));
  };

  it("has Twilio's parameters", () => {
    const sid = "SM018f0000000070008000000000000001";
    expect(form(FINAL)).toEqual({
      ...{ AccountSid: accountSidOf("acme"), ApiVersion: "2010-04-01", From: "Acme", To: "+4915112345678" },
      ...{ MessageSid: sid, MessageStatus: "delivered", SmsSid: sid, SmsStatus: "delivered" },
    });
    expect(accountSidOf("acme")).toMatch(/^AC[0-9a-f]{32}$/);
    const accountSid = `AC${"0".repeat(32)}`;
    expect(form(FINAL, {}, { secrets: ["t"], accountSid })).toMatchObject({ AccountSid: accountSid });
  });

  it("is signed over the address as it is called, then every parameter in the order of the names", () => {
    const { body, headers } = request({ form: "twilio", secrets: ["token", "older"] }, FINAL)!;
    let signed = "https://app.example/cb?a=1&b=%20";
    for (const [name, value] of [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : 1)))
      signed += name + value;
    expect(headers["x-twilio-signature"]).toBe(createHmac("sha1", "token").update(signed).digest("base64"));
    expect(headers["content-type"]).toBe("application/x-www-form-urlencoded; charset=UTF-8");
  });

  it.each([
    [{ type: "routed" }, "queued", undefined],
    [{ type: "submitted" }, "sent", undefined],
    [FINAL, "delivered", undefined],
    [{ ...FINAL, state: "undelivered" }, "undelivered", "30008"],
    [{ ...FINAL, state: "failed" }, "failed", "30008"],
    [{ ...FINAL, state: "expired" }, "undelivered", "30036"],
    [{ ...FINAL, state: "expired", submittedAt: null }, "failed", "30036"],
    [{ ...FINAL, state: "rejected", submittedAt: null, errorClass: "opted-out" }, "failed", "21610"],
    [{ ...FINAL, state: "rejected" }, "undelivered", "30008"],
  ] as [Partial<Event>, string, string | undefined][])("tells %j as %s", (event, status, code) => {
    const told = form(event)!;
    expect([told.MessageStatus, told.ErrorCode]).toEqual([status, code]);
  });

  it("has no word for a message of which nobody knows what became", () => {
    expect(form({ ...FINAL, state: "unknown" })).toBeUndefined();
  });
});

describe("an account's callbacks in the catalog", () => {
  const problem = (settings: object) => callbacksSchema.safeParse(settings).error?.issues[0]?.message;

  it("are signed, or say that they are not", () => {
    const either = "either secrets, which sign what is posted, or unsigned: true";
    expect(problem({})).toBe(either);
    expect(problem({ secrets: ["s"], unsigned: true })).toBe(either);
    expect(problem({ secrets: ["s"] })).toBeUndefined();
    expect(problem({ unsigned: true })).toBeUndefined();
  });

  it("name an AccountSid in the form of Twilio alone", () => {
    const accountSid = `AC${"0".repeat(32)}`;
    expect(problem({ secrets: ["s"], accountSid })).toBe("goes with form: twilio");
    expect(problem({ secrets: ["s"], accountSid, form: "twilio" })).toBeUndefined();
    expect(problem({ secrets: ["s"], accountSid: "AC1", form: "twilio" })).toMatch("32 hexadecimal digits");
  });
});
