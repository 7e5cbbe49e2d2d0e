import { afterEach, describe, expect, it } from "vitest";
import { canonicalId } from "../../../domain/receipts/provider-message-id.ts";
import { WHOLE_TEXT } from "../../../pipeline/records/delivered-records.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { Receipt } from "../../../schemas/generated/types.ts";
import { decodedValue, startWebhooks as start, stopWebhooks } from "./webhook-harness.ts";

const MESSAGE_ID = "018f0000-0000-7000-8000-000000000001";
afterEach(stopWebhooks);

const PATH = `/webhooks/twilio/http-c?m=${MESSAGE_ID}&d=491701234567`;
const DELIVERED = { MessageSid: "SM1", MessageStatus: "delivered", To: "+491701234567", From: "Acme" };

describe("a status callback", () => {
  it("is stored under the destination, with the message that its address names, before it is answered", async () => {
    const { post, stored, count } = await start();
    const answer = await post(PATH, DELIVERED);
    expect(answer.status).toBe(204);
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({
      topic: "sms.receipts",
      key: "491701234567",
      partition: partitionFor("491701234567", 6),
      headers: { id: "http-c/SM1/delivered" },
    });
    expect(decodedValue(stored[0])).toEqual({
      provider: "http-c",
      providerMessageId: "SM1",
      to: "491701234567",
      messageId: MESSAGE_ID,
      state: "delivered",
      errorCode: null,
      doneAt: null,
      receivedAt: 9_000,
      inbound: null,
      parts: null,
      network: null,
    } satisfies Receipt);
    expect(count("receipt")).toBe(1);
  });

  it("is keyed by its own number when the address has none, and carries the provider's error", async () => {
    const { post, stored } = await start();
    const form = { MessageSid: "SM1", MessageStatus: "undelivered", ErrorCode: "30003", To: "+49 170 1234567" };
    expect((await post("/webhooks/twilio/http-c", form)).status).toBe(204);
    expect(decodedValue(stored[0])).toMatchObject({
      to: "491701234567",
      messageId: null,
      state: "undelivered",
      errorCode: "30003",
    });
  });

  it.each(["queued", "sending", "sent"])("that says %s is on its way", async (MessageStatus) => {
    const { post, stored } = await start();
    await post(PATH, { ...DELIVERED, MessageStatus });
    expect(decodedValue(stored[0])).toMatchObject({ state: "enroute" });
  });

  it("is refused with a wrong signature, or none, and nothing is stored", async () => {
    const { post, stored, count } = await start();
    const wrong = await post(PATH, DELIVERED, undefined, "other-token");
    expect(wrong.status).toBe(403);
    expect(wrong.headers.get("content-type")).toContain("application/problem+json");
    expect(await wrong.json()).toMatchObject({ code: "SIGNATURE_INVALID" });
    expect((await post(PATH, DELIVERED, false)).status).toBe(403);
    expect((await post(`${PATH}0`, DELIVERED, "http://elsewhere")).status).toBe(403);
    expect(stored).toEqual([]);
    expect(count("forged")).toBe(3);
  });

  it("is signed over the public address, where that is another one", async () => {
    const { post, origin } = await start({ publicUrl: "https://sms.example.com/hooks" });
    expect((await post(PATH, DELIVERED)).status).toBe(204);
    expect((await post(PATH, DELIVERED, origin)).status).toBe(403);
  });

  it("is asked for again when it could not be stored", async () => {
    const failing = await start({ store: async () => Promise.reject(new Error("full")) });
    const answer = await failing.post(PATH, DELIVERED);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(failing.count("receipt")).toBe(0);
    const hanging = await start({ store: () => new Promise(() => {}) });
    expect((await hanging.post(PATH, DELIVERED)).status).toBe(503);
    expect(hanging.count("unstored")).toBe(1);
  });

  it("that cannot be understood is not asked for again", async () => {
    const { post, stored, count } = await start();
    expect((await post(PATH, { MessageSid: "SM1", MessageStatus: "received" })).status).toBe(204);
    expect((await post(PATH, { MessageStatus: "delivered" })).status).toBe(204);
    expect(stored).toEqual([]);
    expect(count("unusable")).toBe(2);
  });
});

describe("a status callback in other words", () => {
  it("of the older names is read as well, and tells the carrier's time", async () => {
    const { post, stored } = await start();
    const form = { SmsSid: "SM1", SmsStatus: "delivered", To: "+491701234567", RawDlrDoneDate: "2611231402" };
    expect((await post("/webhooks/twilio/http-c", form)).status).toBe(204);
    expect(decodedValue(stored[0])).toMatchObject({
      providerMessageId: "SM1",
      state: "delivered",
      doneAt: Date.UTC(2026, 10, 23, 14, 2),
    });
  });

  it("with a status that nobody knows is under way, with its code, and is counted", async () => {
    const { post, stored, count } = await start();
    const form = { ...DELIVERED, MessageStatus: "teleported", ErrorCode: "30099" };
    expect((await post(PATH, form)).status).toBe(204);
    expect(decodedValue(stored[0])).toMatchObject({ state: "enroute", errorCode: "30099", messageId: MESSAGE_ID });
    expect([count("unknown-status"), count("receipt"), count("unusable")]).toEqual([1, 0, 0]);
  });

  it.each(["nobody", ""])("to %j, and to nobody in its address, goes where its id is looked up", async (To) => {
    const { post, stored } = await start();
    expect((await post(`/webhooks/twilio/http-c?m=${MESSAGE_ID}`, { ...DELIVERED, To })).status).toBe(204);
    expect(stored[0]).toMatchObject({ topic: "sms.receipts.unplaced", key: `http-c/${canonicalId("SM1")}` });
    expect(decodedValue(stored[0])).toMatchObject({ to: "", messageId: MESSAGE_ID, state: "delivered" });
  });

  it.each(["whatsapp:+491701234567", "rcs:+491701234567"])("to %s is filed under the number", async (To) => {
    const { post, stored } = await start();
    await post("/webhooks/twilio/http-c", { ...DELIVERED, To });
    expect(stored[0]).toMatchObject({ key: "491701234567" });
  });
});

describe("a message from a handset", () => {
  const INBOUND = { MessageSid: "SM9", SmsSid: "SM9", SmsStatus: "received", To: "+12025550100", Body: "STOP" };
  it.each([
    [{ From: "68849" }, "68849"],
    [{ From: "12345678" }, "12345678"],
    [{ From: "AMAZON" }, "AMAZON"],
    [{ From: "1&1" }, "1&1"],
    [{ From: "Bücher 24" }, "Bücher 24"],
    [{ From: "whatsapp:+491701234567" }, "whatsapp:+491701234567"],
    [{ From: "rcs:acme_agent" }, "rcs:acme_agent"],
    [{ From: "messenger:1234567890" }, "messenger:1234567890"],
    [{ From: "+491701234567" }, "491701234567"],
    [{ From: "+49 (170) 1234567" }, "491701234567"],
    [{ From: "491701234567" }, "491701234567"],
    // The form that Mexico gave up, under which some networks still answer.
    [{ From: "+5215500000012" }, "525500000012"],
    // A landline, and a premium number, to which no message may go.
    [{ From: "+493012345678" }, "493012345678"],
    [{ From: "+499001234567" }, "499001234567"],
    [{ From: "" }, ""],
    [{}, ""],
  ])("whose sender is %j is kept with it", async (sender, from) => {
    const { post, stored, count } = await start();
    expect((await post("/webhooks/twilio/http-c", { ...INBOUND, ...sender })).status).toBe(204);
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({ topic: "sms.inbound", key: from, headers: { id: "http-c/SM9/inbound" } });
    expect(decodedValue(stored[0])).toMatchObject({ from, to: "12025550100", text: "STOP" });
    expect(count("inbound")).toBe(1);
  });

  it.each([
    [
      "no text, for it is a picture",
      { NumMedia: "1", MediaUrl0: "https://example.com/1", Body: "" },
      "12025550100",
      "",
    ],
    ["more than one segment", { NumSegments: "3", Body: " two\nlines " }, "12025550100", " two\nlines "],
    ["an answer that the provider has acted on", { OptOutType: "STOP" }, "12025550100", "STOP"],
    ["the status in the newer name", { MessageStatus: "received", SmsStatus: "" }, "12025550100", "STOP"],
    ["no status at all", { SmsStatus: "" }, "12025550100", "STOP"],
    ["a short code as its destination", { To: "12345" }, "12345", "STOP"],
    ["no destination", { To: "" }, "", "STOP"],
  ])("with %s is kept", async (_, more, to, text) => {
    const { post, stored } = await start();
    const form: Record<string, string> = { ...INBOUND, From: "+491701234567", ...more };
    expect((await post("/webhooks/twilio/http-c", form)).status).toBe(204);
    expect(stored[0]).toMatchObject({ topic: "sms.inbound", key: "491701234567" });
    expect(decodedValue(stored[0])).toMatchObject({ from: "491701234567", to, text });
  });
});

describe("what comes with a message from a handset", () => {
  it("is kept: pictures, and what the provider has taken it for", async () => {
    const { post, stored } = await start();
    const form = { MessageSid: "MM9", SmsStatus: "received", From: "+491701234567", To: "+12025550100", Body: "STOP" };
    const media = { NumMedia: "2", MediaUrl0: "https://example.com/a", MediaUrl1: "https://example.com/b" };
    await post("/webhooks/twilio/http-c", { ...form, ...media, OptOutType: "STOP" });
    await post("/webhooks/twilio/http-c", form);
    expect(stored.map(decodedValue)).toMatchObject([
      { media: ["https://example.com/a", "https://example.com/b"], optOut: "STOP" },
      { media: [], optOut: null },
    ]);
  });
});

describe("other requests", () => {
  it("a message from a handset goes to sms.inbound under its number", async () => {
    const { post, stored } = await start();
    const form = { MessageSid: "SM9", SmsStatus: "received", From: "+491701234567", To: "+12025550100", Body: "STOP" };
    expect((await post("/webhooks/twilio/http-c", form)).status).toBe(204);
    expect(stored[0]).toMatchObject({
      topic: "sms.inbound",
      key: "491701234567",
      headers: { id: "http-c/SM9/inbound" },
    });
    expect(decodedValue(stored[0])).toEqual({
      ...WHOLE_TEXT,
      provider: "http-c",
      from: "491701234567",
      to: "12025550100",
      text: "STOP",
      receivedAt: 9_000,
    });
  });

  it("get problems that say what is wrong", async () => {
    const { post, origin } = await start();
    expect((await post("/webhooks/twilio/nobody", DELIVERED)).status).toBe(404);
    expect((await post("/elsewhere", DELIVERED)).status).toBe(404);
    expect((await fetch(`${origin}/webhooks/twilio/http-c`)).status).toBe(405);
    expect((await post(PATH, { ...DELIVERED, Body: "x".repeat(70_000) })).status).toBe(413);
  });
});
