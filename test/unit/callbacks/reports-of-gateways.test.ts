import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { callbacksSchema } from "../../../domain/catalog/callbacks.ts";
import type { Callback, Event, MessageFacts } from "../../../schemas/generated/types.ts";
import { callbackRequest, isTold } from "../../../services/callbacks/callback-request.ts";
import { statusCallback } from "../../../services/callbacks/status-callback.ts";
import { NOW } from "../router/router-world.ts";
import { eventOf, messageId } from "./callback-world.ts";

const FINAL = { type: "final", state: "delivered", doneAt: NOW } as const;
const NOT_SENT = { type: "final", state: "failed", submittedAt: null, doneAt: NOW } as const;
const ID = messageId(1);
/** NOW as Kannel and receipts write it. */
const TIME = new Date(NOW).toISOString();
const [DAY, CLOCK] = [TIME.slice(0, 10), TIME.slice(11, 19)];
const DATE = TIME.slice(2, 16).replace(/[-T:]/g, "");

function request(form: string, url: string, event: Partial<Event> = {}, facts: Partial<MessageFacts> = {}, more = {}) {
  const callback = statusCallback(eventOf(1, url, event, facts), "event-1", NOW)!;
  return callbackRequest(callback, callbacksSchema.parse({ form, unsigned: true, ...more }), NOW);
}
/** A message from a handset. */
function inbound(form: string, url: string, text: string, binary: string | null = null) {
  const data = { id: ID, account: "acme", from: "+4915112345678", to: "12345", text, binary, receivedAt: TIME };
  const all = { ...data, segments: 1, missing: 0, media: [], optOut: null };
  const of = { id: "msg_1", type: "message.received", at: NOW, accountId: "acme", messageId: ID, lane: "inbound", url };
  const callback: Callback = { ...of, data: JSON.stringify(all), since: NOW, attempts: 0, failure: null };
  return callbackRequest(callback, callbacksSchema.parse({ form, unsigned: true }), NOW);
}

describe("the form of Kannel", () => {
  const url = (escapes: string, event: Partial<Event> = FINAL, facts: Partial<MessageFacts> = {}) =>
    request("kannel", `https://a.example/dlr?x=${escapes}`, event, facts)?.url.replace("https://a.example/dlr?x=", "");

  it("is a GET without a body", () => {
    expect(request("kannel", "https://a.example/dlr?s=%d", FINAL)).toMatchObject({
      ...{ url: "https://a.example/dlr?s=1", body: "", terms: { method: "GET" } },
    });
  });

  it.each([
    ["%d", "1"],
    ["%p", "Acme"],
    ["%P-%Q", "%2B4915112345678-%2B4915112345678"],
    ["%q", "Acme"],
    ["%I", ID],
    ["%F", ID],
    ["%n", "acme"],
    ["%t", `${DAY}+${CLOCK}`],
    ["%T", String(Math.floor(NOW / 1_000))],
    ["%c%C%O", "0UTF-800"],
    ["%i,%o,%B", "east,shop,7"],
    ["%a%b%k%s%r%u%m%D", ""],
    ["100%%25%z", "100%25%z"],
    [
      "%A",
      `id%3A${ID}+sub%3A001+dlvrd%3A001+submit+date%3A${DATE}+done+date%3A${DATE}+stat%3ADELIVRD+err%3A000+text%3A`,
    ],
  ])("fills in %s", (escapes, filled) => {
    expect(url(escapes, FINAL, { metadata: { smsc: "east", account: "shop", binfo: "7" } })).toBe(filled);
  });

  it.each<[Partial<Event>, string, string]>([
    [{ type: "submitted" }, "8", "ACK%2F"],
    [{ ...FINAL, state: "undelivered", errorCode: "27" }, "2", "stat%3AUNDELIV+err%3A027"],
    [{ ...FINAL, state: "expired", errorCode: "x" }, "2", "stat%3AEXPIRED+err%3A999"],
    [{ ...NOT_SENT, errorCode: "ESME_RINVDSTADR", errorClass: "invalid" }, "16", "NACK%2FESME_RINVDSTADR%2Finvalid"],
  ])("tells %j as %s", (event, kind, reply) => {
    expect(url("%d", event)).toBe(kind);
    expect(url("%A", event)).toContain(reply);
  });

  it("tells what the mask asks for, all without one, and nothing of what nobody knows", () => {
    const events = [{ type: "submitted" }, FINAL, { ...FINAL, state: "undelivered" }, NOT_SENT] as const;
    const told = (mask?: string) =>
      events
        .map((event) => url("%d", event, mask === undefined ? {} : { metadata: { "dlr-mask": mask } }) ?? "-")
        .join("");
    expect([told(), told("31"), told("3"), told("24"), told("0")]).toEqual(["81216", "81216", "-12-", "8--16", "----"]);
    for (const form of ["kannel", "jasmin"] as const)
      expect(["unknown", "queued", "sent", "delivered"].map((status) => isTold(status, form))).toEqual([
        ...[false, false, true, true],
      ]);
  });

  it("asks for a message from a handset as a sms-service does", () => {
    const got = inbound(
      "kannel",
      "https://a.example/mo?from=%p&to=%P&k=%k&1=%s&2=%s&3=%s&rest=%r&all=%a&raw=%b",
      " Buy  2 👍",
    );
    expect(got?.url).toBe(
      "https://a.example/mo?from=%2B4915112345678&to=12345&k=Buy&1=2&2=%F0%9F%91%8D&3=&rest=2+%F0%9F%91%8D&all=Buy+2+%F0%9F%91%8D&raw=+Buy++2+%F0%9F%91%8D",
    );
    expect(inbound("kannel", "https://a.example/?b=%b&c=%c&C=%C", "", "00ff")?.url).toBe(
      "https://a.example/?b=%00%ff&c=1&C=8-BIT",
    );
    // What would be longer than any server takes is not called.
    expect(inbound("kannel", "https://a.example/?b=%b", "x".repeat(17_000))).toBeUndefined();
  });
});

describe("the form of Jasmin", () => {
  const fields = (event: Partial<Event>, metadata: Record<string, string> = {}) => {
    const made = request("jasmin", "https://a.example/dlr?x=1", event, { metadata });
    return made === undefined ? undefined : Object.fromEntries(new URLSearchParams(made.body));
  };

  it("is posted, and taken when it is answered so", () => {
    expect(request("jasmin", "https://a.example/dlr?x=1", FINAL)).toMatchObject({
      ...{ url: "https://a.example/dlr?x=1", terms: { method: "POST", answer: "ACK/Jasmin" } },
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(fields(FINAL)).toEqual({
      ...{ id: ID, level: "2", message_status: "DELIVRD", connector: "sluice", id_smsc: ID, sub: "001", dlvrd: "001" },
      ...{ subdate: DATE, donedate: DATE, err: "000", text: "" },
    });
    expect(fields({ type: "submitted" })).toEqual({
      id: ID,
      level: "1",
      message_status: "ESME_ROK",
      connector: "sluice",
    });
    expect(fields({ ...NOT_SENT, errorCode: "ESME_RTHROTTLED" })).toMatchObject({
      level: "1",
      message_status: "ESME_RTHROTTLED",
    });
    expect(fields(NOT_SENT)).toMatchObject({ level: "1", message_status: "ESME_RSUBMITFAIL" });
  });

  it("tells the level that was asked for", () => {
    const events = [{ type: "submitted" }, FINAL, NOT_SENT] as const;
    const told = (level: string) => events.map((event) => fields(event, { "dlr-level": level })?.level ?? "-").join("");
    expect([told("1"), told("2"), told("3")]).toEqual(["1-1", "-2-", "121"]);
  });

  it("goes into the query where GET was asked for", () => {
    const made = request(
      "jasmin",
      "https://a.example/dlr?x=1",
      { type: "submitted" },
      { metadata: { "dlr-method": "GET" } },
    )!;
    expect(made.terms?.method).toBe("GET");
    expect(made.url).toBe(`https://a.example/dlr?x=1&id=${ID}&level=1&connector=sluice&message_status=ESME_ROK`);
    expect(made.body).toBe("");
  });

  it("is signed beside it where the account has secrets", () => {
    const { body, headers } = request(
      "jasmin",
      "https://a.example/",
      FINAL,
      {},
      { unsigned: undefined, secrets: ["s"] },
    )!;
    const signed = createHmac("sha256", "s").update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
    expect(headers["webhook-signature"]).toBe(`v1,${signed.digest("base64")}`);
  });

  it("throws a message from a handset as to an HTTP connector", () => {
    const { body, terms } = inbound("jasmin", "https://a.example/mo", "Hé")!;
    expect(terms).toEqual({ method: "POST", answer: "ACK/Jasmin" });
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      ...{ id: ID, from: "+4915112345678", to: "12345", "origin-connector": "sluice", priority: "0", coding: "0" },
      ...{ content: "Hé", binary: Buffer.from("Hé").toString("hex") },
    });
  });
});
