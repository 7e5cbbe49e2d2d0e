import { describe, expect, it } from "vitest";
import { parseTwilioReceipt } from "../../../../domain/receipts/twilio.ts";

describe("parseTwilioReceipt", () => {
  it("translates every outbound status", () => {
    const states = {
      queued: "queued",
      sending: "queued",
      sent: "enroute",
      delivered: "delivered",
      undelivered: "undelivered",
      failed: "failed",
      accepted: "queued",
      canceled: "failed",
    };
    for (const [MessageStatus, state] of Object.entries(states)) {
      expect(parseTwilioReceipt({ MessageSid: "SM1", MessageStatus })).toEqual({
        ok: true,
        receipt: { providerMessageId: "SM1", state, errorCode: undefined, doneAt: undefined },
      });
    }
  });

  it("keeps the error code, and says what is missing", () => {
    const parsed = parseTwilioReceipt({ MessageSid: "SM1", MessageStatus: "undelivered", ErrorCode: "30003" });
    expect(parsed).toMatchObject({ receipt: { errorCode: "30003" } });
    expect(parseTwilioReceipt({ MessageStatus: "sent" })).toEqual({ ok: false, code: "receipt-without-id" });
    expect(parseTwilioReceipt({ MessageSid: "SM1", MessageStatus: "received" })).toEqual({
      ok: false,
      code: "receipt-without-state",
    });
  });
});
