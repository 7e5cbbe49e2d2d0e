import { expect, test } from "vitest";
import { type HttpProvider, httpMeaningsOf } from "../../../domain/catalog/provider.ts";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import { resultOfAnswer, resultOfFault } from "../../../services/sender/http-link.ts";
import { unitResultOf } from "../../../services/sender/smpp-link.ts";

const response = (name: keyof typeof commandStatus, messageId = "") =>
  unitResultOf({ kind: "response", commandStatus: commandStatus[name], messageId });
const reason = { code: "peer_closed", detail: "" } as const;

test("SMPP: what an answer, or none, means", () => {
  expect(response("ESME_ROK", "ab")).toEqual({ outcome: "accepted", code: "", id: "ab" });
  expect(response("ESME_RTHROTTLED")).toMatchObject({ outcome: "throttled", code: "ESME_RTHROTTLED" });
  expect(response("ESME_RMSGQFUL").pauseMs).toBeGreaterThan(0);
  expect(response("ESME_RINVDSTADR")).toEqual({ outcome: "refused", code: "ESME_RINVDSTADR" });
  const own = new Map([
    [0x401, "refused"],
    [0x402, "permanent"],
  ] as const);
  const answer = { kind: "response", commandStatus: 0x401, messageId: "" } as const;
  expect(unitResultOf(answer, own)).toEqual({ outcome: "refused", code: "0x00000401" });
  expect(unitResultOf({ ...answer, commandStatus: 0x402 }, own)).toEqual({ outcome: "permanent", code: "0x00000402" });
  expect(unitResultOf(answer)).toEqual({ outcome: "transient", code: "0x00000401" });
  expect(response("ESME_RINVSRCADR").outcome).toBe("refused");
  expect(response("ESME_RSYSERR").outcome).toBe("transient");
  expect(response("ESME_RINVBNDSTS").outcome).toBe("link");
  expect(unitResultOf({ kind: "timeout" })).toEqual({ outcome: "in-doubt", code: "response-timeout" });
  expect(unitResultOf({ kind: "unanswered", reason, sent: "maybe" })).toEqual({
    outcome: "in-doubt",
    code: "link-lost",
  });
  expect(unitResultOf({ kind: "unanswered", reason, sent: "never" })).toEqual({
    outcome: "unsent",
    code: "link-lost",
    stayed: true,
  });
  expect(unitResultOf({ kind: "unanswered", reason, sent: "refused" })).toEqual({
    outcome: "unsent",
    code: "link-lost",
    stayed: false,
  });
});

test("HTTP: an accepted message has its sid; a 2xx without one is in doubt", () => {
  expect(resultOfAnswer(201, '{"sid":"SM1","status":"queued"}', undefined)).toEqual({
    outcome: "accepted",
    code: "",
    id: "SM1",
  });
  expect(resultOfAnswer(201, "<html>", undefined).outcome).toBe("in-doubt");
});

test.each([
  [429, '{"code":20429}', "3", { outcome: "throttled", code: "20429", pauseMs: 3_000 }],
  [429, "", undefined, { outcome: "throttled", code: "429", pauseMs: 1_000 }],
  // A pause of nothing would be no pause: the same request would go again with the next round trip.
  [429, "", "0", { outcome: "throttled", code: "429", pauseMs: 1_000 }],
  [429, "", "", { outcome: "throttled", code: "429", pauseMs: 1_000 }],
  [429, "", "999999", { outcome: "throttled", code: "429", pauseMs: 60_000 }],
  [400, '{"code":21211}', undefined, { outcome: "refused", code: "21211" }],
  [400, '{"code":"21211"}', undefined, { outcome: "refused", code: "21211" }],
  [400, '{"code":"400"}', undefined, { outcome: "link", code: "400" }],
  [400, '{"code":"E-21211"}', undefined, { outcome: "link", code: "400" }],
  [400, '{"code":21212}', undefined, { outcome: "refused", code: "21212" }],
  [400, "<html>400 Bad Request</html>", undefined, { outcome: "link", code: "400" }],
  [400, '{"message":"no"}', undefined, { outcome: "link", code: "400" }],
  // A gateway's JSON, with the status once more: no code of the API.
  [400, '{"code":400,"message":"Bad Request"}', undefined, { outcome: "link", code: "400" }],
  [400, '{"code":21999}', undefined, { outcome: "refused", code: "21999" }],
  [301, "", undefined, { outcome: "link", code: "301" }],
  [407, "<html>", undefined, { outcome: "link", code: "407" }],
  [425, "", undefined, { outcome: "transient", code: "425" }],
  [503, "busy", undefined, { outcome: "transient", code: "503" }],
  [500, "", undefined, { outcome: "in-doubt", code: "500" }],
  [401, '{"code":20003}', undefined, { outcome: "link", code: "20003" }],
])("HTTP: %i %s", (status, body, retryAfter, expected) => {
  expect(resultOfAnswer(status, body, retryAfter)).toEqual(expected);
});

test("HTTP: what the provider means by its own codes and statuses", () => {
  const http = { statuses: { "90001": "throttled", "21211": "permanent", "503": "in-doubt" } };
  const own = httpMeaningsOf({ http } as unknown as HttpProvider);
  const outcome = (status: number, body: string) => resultOfAnswer(status, body, "2", own);
  expect(outcome(400, '{"code":90001}')).toEqual({ outcome: "throttled", code: "90001", pauseMs: 2_000 });
  expect(outcome(400, '{"code":21211}')).toEqual({ outcome: "permanent", code: "21211" });
  expect(outcome(503, "busy")).toEqual({ outcome: "in-doubt", code: "503" });
  expect(outcome(400, '{"code":21610}').outcome).toBe("permanent");
});

test("HTTP: only a fault before the request is certain", () => {
  expect(resultOfFault({ code: "ECONNREFUSED" }, true)).toEqual({ outcome: "link", code: "ECONNREFUSED", fault: true });
  // The handshake comes before the request: what a certificate stops has not left (seen with undici 7 and Node 24: 0 requests at the server).
  expect(resultOfFault({ code: "CERT_HAS_EXPIRED" }, false)).toEqual({
    outcome: "link",
    code: "CERT_HAS_EXPIRED",
    fault: true,
  });
  // In mid-connection it says nothing of the request.
  expect(resultOfFault({ code: "ERR_SSL_WRONG_VERSION_NUMBER" }, true).outcome).toBe("in-doubt");
  expect(resultOfFault({ code: "UND_ERR_HEADERS_TIMEOUT" }, true)).toEqual({
    outcome: "in-doubt",
    code: "response-timeout",
    fault: true,
  });
  expect(resultOfFault({ code: "ECONNRESET" }, true)).toEqual({ outcome: "in-doubt", code: "ECONNRESET", fault: true });
  expect(resultOfFault(new Error("?"), true)).toEqual({ outcome: "in-doubt", code: "link-lost", fault: true });
});
