import { describe, expect, it } from "vitest";
import { classifyTwilioResponse, parseTwilioReceipt } from "../../../../domain/receipts/twilio.ts";

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

describe("classifyTwilioResponse", () => {
  it("tells apart what can be sent again, elsewhere, or never", () => {
    expect(classifyTwilioResponse(201)).toBe("accepted");
    expect(classifyTwilioResponse(429)).toBe("throttled");
    expect(classifyTwilioResponse(400, 21211)).toBe("refused");
    expect(classifyTwilioResponse(400, 21610)).toBe("permanent");
    expect(classifyTwilioResponse(403, 21408)).toBe("refused");
    expect(classifyTwilioResponse(400, 99999)).toBe("refused");
    expect(classifyTwilioResponse(401, 20003)).toBe("link");
    expect(classifyTwilioResponse(503)).toBe("transient");
  });

  it("takes an answer that a gateway may have lost for doubt, not for failure", () => {
    for (const status of [408, 500, 502, 504])
      expect([status, classifyTwilioResponse(status)]).toEqual([status, "in-doubt"]);
  });
});
