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

  it("takes no word of a proxy or of the way for a refusal of the message", () => {
    // A redirect is not followed; a page instead of the API's JSON; a login, a sum, a method or a protocol that is asked for.
    for (const status of [
      300, 301, 302, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 410, 411, 415, 421, 426, 451,
    ])
      expect([status, classifyTwilioResponse(status)]).toEqual([status, "link"]);
    // A code does not change what these say: Twilio's 20004 comes with 405.
    for (const status of [302, 401, 402, 403, 404, 405, 407, 421, 426])
      expect([status, classifyTwilioResponse(status, 20004)]).toEqual([status, "link"]);
  });

  it("tries again what came too early, or what only this request is too long or too odd for", () => {
    for (const status of [409, 413, 414, 422, 425, 431])
      expect([status, classifyTwilioResponse(status)]).toEqual([status, "transient"]);
    expect(classifyTwilioResponse(425, 99999)).toBe("transient");
    for (const status of [400, 409, 413, 415, 422])
      expect([status, classifyTwilioResponse(status, 99999)]).toEqual([status, "refused"]);
  });

  it("is in doubt where the answer to a request that was carried out stands elsewhere", () => {
    expect(classifyTwilioResponse(303)).toBe("in-doubt");
  });
});
