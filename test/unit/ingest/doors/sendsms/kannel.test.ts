import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACME, call, type Harness, KEY, OTHER_KEY, startIngest } from "../../ingest-harness.ts";

let ingest: Harness;
beforeEach(async () => {
  ingest = await startIngest({ acceptTimeoutMs: 200 });
});
afterEach(async () => {
  await ingest.close();
  delete ACME.from;
  delete ACME.callbacks;
});

const AUTH = { username: "acme", password: KEY };
const MESSAGE = { ...AUTH, to: "491701234567", from: "ACME", text: "Hello" };
const get = (fields: Record<string, string> | string, headers: Record<string, string> = {}) =>
  call(ingest.server.port, `/cgi-bin/sendsms?${typeof fields === "string" ? fields : new URLSearchParams(fields)}`, {
    key: undefined,
    headers,
  });
const written = () => ingest.writer.records.map((record) => ingest.decode(record));

describe("sendsms", () => {
  it("accepts a message as Kannel answers it, and says its id in a header", async () => {
    const answer = await get({ ...MESSAGE, validity: "10", priority: "2", smsc: "east", account: "shop", binfo: "7" });
    expect([answer.status, answer.text]).toEqual([202, "0: Accepted for delivery"]);
    const [request] = written();
    expect(request).toMatchObject({
      ...{
        accountId: "acme",
        to: "491701234567",
        from: "ACME",
        text: "Hello",
        validitySeconds: 600,
        callbackUrl: null,
      },
      metadata: { smsc: "east", account: "shop", binfo: "7" },
    });
    expect(answer.headers["x-sluice-message-ids"]).toBe(request!.messageId);
    expect(ingest.writer.records[0]!.topic).toBe("sms.requests.otp");
  });

  it("takes POST with a form, and its short names", async () => {
    const body = new URLSearchParams({
      user: "acme",
      pass: KEY,
      to: "491701234567",
      from: "ACME",
      text: "Grüße",
    }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await call(ingest.server.port, "/cgi-bin/sendsms", { key: undefined, body, headers });
    expect(answer.status).toBe(202);
    expect(written()[0]!.text).toBe("Grüße");
    expect((await call(ingest.server.port, "/cgi-bin/sendsms", { key: undefined, body: "{}" })).status).toBe(415);
  });

  it("takes POST with its fields in the query and no body at all", async () => {
    const socket = connect(ingest.server.port, "127.0.0.1");
    socket.write(
      `POST /cgi-bin/sendsms?${new URLSearchParams(MESSAGE)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 202 /);
    expect(written()[0]!.to).toBe("491701234567");
  });

  it("sends to several, each once, and names those that it cannot", async () => {
    const answer = await get({ ...MESSAGE, to: "+491701234561 491701234562 12 491701234562" });
    expect([answer.status, answer.text]).toEqual([202, "0: Accepted for delivery Denied receivers are: 12"]);
    expect(written().map(({ to }) => to)).toEqual(["491701234561", "491701234562"]);
    expect(String(answer.headers["x-sluice-message-ids"]).split(",")).toEqual(
      written().map(({ messageId }) => messageId),
    );
    await get({ ...MESSAGE, to: "+491701234563 491701234563 00491701234563" });
    expect(written().map(({ to }) => to)).toEqual(["491701234561", "491701234562", "491701234563"]);
    const many = Array.from({ length: 101 }, (_, i) => `4917012345${String(i).padStart(3, "0")}`).join(" ");
    expect((await get({ ...MESSAGE, to: many })).status).toBe(400);
  });

  it.each([
    ["UTF-8", "text=Gr%C3%BC%C3%9Fe"],
    ["Latin-1", "charset=ISO-8859-1&text=Gr%FC%DFe"],
    ["windows-1252", "charset=windows-1252&coding=0&text=Gr%FC%DFe"],
    ["UTF-16 under coding 2", "coding=2&text=%00G%00r%00%FC%00%DF%00e"],
    ["UTF-8 under coding 2", "coding=2&charset=utf-8&text=Gr%C3%BC%C3%9Fe"],
  ])("reads a text in %s", async (_, text) => {
    expect((await get(`username=acme&password=${KEY}&from=ACME&to=491701234567&${text}`)).status).toBe(202);
    expect(written()[0]!.text).toBe("Grüße");
  });

  it("defers, and says so", async () => {
    const answer = await get({ ...MESSAGE, deferred: "60" });
    expect([answer.status, answer.text]).toEqual([202, "3: Queued for later delivery"]);
    expect(Math.abs(written()[0]!.sendAt! - Date.now() - 3_600_000)).toBeLessThan(60_000);
    expect((await get({ ...MESSAGE, deferred: "999999999" })).text).toContain("deferred: at most 35 days ahead");
  });

  it.each([
    [{ password: "wrong" }, 403, "Authorization failed for sendsms"],
    [{ password: OTHER_KEY }, 403, "Authorization failed for sendsms"],
    [{ username: "globex" }, 403, "Authorization failed for sendsms"],
    [{ to: " " }, 400, "Empty receiver number not allowed, rejected"],
    [{ from: "" }, 400, "Sender missing and no global set, rejected"],
    [{ text: "" }, 400, "Empty text not allowed, rejected"],
    [{ to: "0170123" }, 400, "to: "],
    [{ from: "ÄÖÜ" }, 400, "from: "],
    [{ text: "x".repeat(1_601) }, 400, "text: "],
    [{ coding: "1" }, 400, "coding: 8-bit"],
    [{ coding: "x" }, 400, "Coding field misformed, rejected"],
    [{ charset: "klingon" }, 400, "Charset or body misformed, rejected"],
    [{ priority: "7" }, 400, "Priority field misformed, rejected"],
    [{ validity: "-1" }, 400, "Validity field misformed, rejected"],
    [{ udh: "\x05\x00" }, 400, "udh: "],
    [{ mclass: "0" }, 400, "mclass: "],
    [{ "dlr-url": "http://acme.example/?s=%d", "dlr-mask": "31" }, 400, "dlr-url: "],
    [{ flash: "1" }, 400, "flash: there is no such field here"],
  ])("refuses %j with %i", async (fields, status, text) => {
    const answer = await get({ ...MESSAGE, ...fields } as Record<string, string>);
    expect(answer.status).toBe(status);
    expect(answer.text.startsWith(text), answer.text).toBe(true);
    expect(ingest.writer.sends).toEqual([]);
  });

  it("says when there is no receiver at all, and takes the account's own sender", async () => {
    ACME.from = "Own";
    const { to: _, ...rest } = MESSAGE;
    expect((await get(rest)).text).toBe("Missing receiver number, rejected");
    expect((await get({ ...MESSAGE, from: "" })).status).toBe(202);
  });

  it("keeps an address of reports that it can honour, and none that nobody wants called", async () => {
    const url = "https://acme.example/dlr?id=7";
    await get({ ...MESSAGE, "dlr-url": url, "dlr-mask": "31" });
    await get({ ...MESSAGE, "dlr-url": url, "dlr-mask": "0" });
    await get({ ...MESSAGE, "dlr-mask": "31" });
    expect(written().map(({ callbackUrl }) => callbackUrl)).toEqual([url, null, null]);
  });

  it("keeps an address with escapes, and the mask, for an account that is told in Kannel's form", async () => {
    ACME.callbacks = { form: "kannel" };
    const url = "https://acme.example/dlr?id=7&s=%d&from=%p&when=%t";
    await get({ ...MESSAGE, "dlr-url": url, "dlr-mask": "3", smsc: "east" });
    await get({ ...MESSAGE, "dlr-url": url });
    await get(MESSAGE);
    expect(written().map(({ callbackUrl, metadata }) => [callbackUrl, metadata])).toEqual([
      [url, { "dlr-mask": "3", smsc: "east" }],
      [url, { "dlr-mask": "0" }],
      [null, { "dlr-mask": "0" }],
    ]);
    expect((await get({ ...MESSAGE, "dlr-url": "http://%d.example/", "dlr-mask": "1" })).status).toBe(400);
    expect((await get({ ...MESSAGE, "dlr-url": url, "dlr-mask": "x" })).text).toBe(
      "DLR-Mask field misformed, rejected",
    );
  });

  it("is sent once under one Idempotency-Key", async () => {
    const headers = { "idempotency-key": "order 7" };
    const to = "491701234561 491701234562";
    const [one, two] = [await get({ ...MESSAGE, to }, headers), await get({ ...MESSAGE, to }, headers)];
    expect(two.headers["x-sluice-message-ids"]).toBe(one.headers["x-sluice-message-ids"]);
    const otherwise = await get({ ...MESSAGE, to: "+491701234561 00491701234562" }, headers);
    expect(otherwise.headers["x-sluice-message-ids"]).toBe(one.headers["x-sluice-message-ids"]);
    expect((await get({ ...MESSAGE, to, text: "other" }, headers)).status).toBe(422);
  });

  it("knows the repeat of a deferred message, whose time counts from each request", async () => {
    const headers = { "idempotency-key": "order 8" };
    const first = await get({ ...MESSAGE, deferred: "60" }, headers);
    await expect.poll(() => Date.now()).toBeGreaterThan(written()[0]!.acceptedAt! + 1);
    const repeat = await get({ ...MESSAGE, deferred: "60" }, headers);
    expect([repeat.status, repeat.text]).toEqual([202, "3: Queued for later delivery"]);
    expect(repeat.headers["x-sluice-message-ids"]).toBe(first.headers["x-sluice-message-ids"]);
    expect((await get({ ...MESSAGE, deferred: "61" }, headers)).status).toBe(422);
    expect((await get(MESSAGE, headers)).status).toBe(422);
  });

  it("charges each receiver, and answers 429 with Retry-After beyond the rate", async () => {
    const to = Array.from({ length: 60 }, (_, i) => `4917012345${10 + i}`).join(" ");
    const fields = { ...MESSAGE, username: "globex", password: OTHER_KEY, to, priority: "3" };
    expect((await get(fields)).status).toBe(202);
    const late = await get(fields);
    expect([late.status, late.text]).toEqual([
      429,
      "Temporal failure, try again later. The account's message rate is used up.",
    ]);
    expect(Number(late.headers["retry-after"])).toBeGreaterThan(1);
  });

  it("answers 503 with Retry-After while Kafka takes nothing, does not answer, or bodies fill the memory", async () => {
    ingest.writer.hasRoom = false;
    const closed = await get(MESSAGE);
    expect([closed.status, closed.text, closed.headers["retry-after"]]).toEqual([
      503,
      "Temporal failure, try again later.",
      "1",
    ]);
    ingest.writer.hasRoom = true;
    ingest.writer.onSend = () => new Promise(() => {});
    const unknown = await get(MESSAGE);
    expect(unknown.status).toBe(503);
    expect(unknown.text).toContain("not known");
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect(
      (
        await call(ingest.server.port, "/cgi-bin/sendsms", {
          key: undefined,
          headers,
          body: `text=${"x".repeat(70_000)}`,
        })
      ).status,
    ).toBe(413);
    const many = Array.from({ length: 101 }, (_, i) => `p${i}=1`).join("&");
    expect((await get(many)).text).toContain("Too many fields");
    expect(ingest.context.bodies.held).toBe(0);
  });

  it("has no other methods", async () => {
    const answer = await call(ingest.server.port, "/cgi-bin/sendsms", { key: undefined, method: "DELETE" });
    expect([answer.status, answer.headers.allow]).toEqual([405, "GET, POST"]);
  });
});
