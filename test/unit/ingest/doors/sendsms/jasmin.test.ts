import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSmppTime } from "../../../../../services/ingest/doors/sendsms/smpp-time.ts";
import { ACME, call, type Harness, KEY, OTHER_KEY, startIngest } from "../../ingest-harness.ts";

let ingest: Harness;
beforeEach(async () => {
  ingest = await startIngest({ acceptTimeoutMs: 200 });
});
afterEach(async () => {
  await ingest.close();
  delete ACME.callbacks;
});

const MESSAGE = { username: "acme", password: KEY, to: "+491701234567", from: "ACME", content: "Hello" };
const get = (fields: Record<string, string> | string, headers: Record<string, string> = {}) =>
  call(ingest.server.port, `/send?${typeof fields === "string" ? fields : new URLSearchParams(fields)}`, {
    key: undefined,
    headers,
  });
const written = () => ingest.writer.records.map((record) => ingest.decode(record));

describe("send", () => {
  it("accepts a message, and gives its id as Jasmin does", async () => {
    const answer = await get({
      ...MESSAGE,
      priority: "1",
      "validity-period": "15",
      tags: "gold,eu",
      dlr: "yes",
      "dlr-url": "https://acme.example/dlr",
      "dlr-level": "3",
    });
    const [request] = written();
    expect([answer.status, answer.text]).toEqual([200, `Success "${request!.messageId}"`]);
    expect(request).toMatchObject({
      ...{ accountId: "acme", to: "491701234567", from: "ACME", text: "Hello", validitySeconds: 900 },
      ...{ callbackUrl: "https://acme.example/dlr", metadata: { tags: "gold,eu" } },
    });
    expect(ingest.writer.records[0]!.topic).toBe("sms.requests.transactional");
  });

  it("keeps level and method for an account that is told in Jasmin's form", async () => {
    ACME.callbacks = { form: "jasmin" };
    const url = "https://acme.example/dlr";
    const asked = { dlr: "yes", "dlr-url": url, "dlr-level": "2", "dlr-method": "get", tags: "gold" };
    expect((await get({ ...MESSAGE, ...asked })).status).toBe(200);
    await get({ ...MESSAGE, "dlr-url": url });
    expect(written().map(({ callbackUrl, metadata }) => [callbackUrl, metadata])).toEqual([
      [url, { "dlr-level": "2", "dlr-method": "GET", tags: "gold" }],
      [url, { "dlr-level": "1", "dlr-method": "POST" }],
    ]);
  });

  it("takes POST with a form", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams(MESSAGE).toString();
    expect((await call(ingest.server.port, "/send", { key: undefined, headers, body })).text).toMatch(
      /^Success "[0-9a-f-]{36}"$/,
    );
  });

  it.each([
    ["coding 0", "content=Gr%C3%BC%C3%9Fe"],
    ["coding 3", "coding=3&content=Gr%FC%DFe"],
    ["coding 8", "coding=8&content=%00G%00r%00%FC%00%DF%00e"],
    ["hexadecimal under coding 0", "hex-content=47727e1e65"],
    ["hexadecimal under coding 8", "coding=8&hex-content=0047007200FC00DF0065"],
  ])("reads a text of %s", async (_, text) => {
    const answer = await get(`username=acme&password=${KEY}&to=491701234567&from=ACME&${text}`);
    expect(answer.text).toContain("Success");
    expect(written()[0]!.text).toBe("Grüße");
  });

  it.each([
    [{ password: "wrong" }, 403, "Authentication failure"],
    [{ username: "globex" }, 403, "Authentication failure"],
    [{ to: "x" }, 400, "Argument [to] has an invalid value."],
    [{ to: "0170123" }, 400, "Argument [to] has an invalid value"],
    [{ coding: "4" }, 400, "Argument [coding] has an invalid value"],
    [{ priority: "4" }, 400, "Argument [priority] has an invalid value."],
    [{ "hex-content": "41" }, 400, "content and hex-content cannot be used both in same request."],
    [{ "dlr-url": "http://acme.example/dlr", "dlr-method": "GET" }, 400, "Argument [dlr-method] has an invalid value"],
    [{ sdt: "261332000000000+" }, 400, "Argument [sdt] has an invalid value"],
    [{ "validity-period": "99999999" }, 400, "Argument [validity-period] has an invalid value"],
    [{ custom_tlvs: "[]" }, 400, "Argument [custom_tlvs] is not supported"],
    [{ flash: "1" }, 400, "Argument [flash] is unknown."],
  ])("refuses %j with %i", async (fields, status, text) => {
    const answer = await get({ ...MESSAGE, ...fields } as Record<string, string>);
    expect(answer.status, answer.text).toBe(status);
    expect(answer.text.startsWith(`Error "${text}`), answer.text).toBe(true);
    expect(ingest.writer.sends).toEqual([]);
  });

  it("names what is missing", async () => {
    const { to: _, ...noTo } = MESSAGE;
    expect((await get(noTo)).text).toBe('Error "Mandatory argument [to] is not found."');
    const { content: __, ...noContent } = MESSAGE;
    expect((await get(noContent)).text).toBe('Error "content or hex-content not present."');
  });

  it("answers 429 beyond the rate and 503 while Kafka takes nothing", async () => {
    const fields = { ...MESSAGE, username: "globex", password: OTHER_KEY, priority: "3" };
    const answers = [];
    for (let i = 0; i < 40 && answers.at(-1)?.status !== 429; i++)
      answers.push(await get({ ...fields, content: `n${i}` }));
    expect(answers.at(-1)).toMatchObject({ status: 429, text: 'Error "User throughput exceeded"' });
    expect(answers.at(-1)!.headers["retry-after"]).toBeDefined();
    ingest.writer.hasRoom = false;
    const closed = await get(MESSAGE);
    expect([closed.status, closed.headers["retry-after"]]).toEqual([503, "1"]);
  });

  it("knows the repeat of a message whose time counts from each request", async () => {
    const headers = { "idempotency-key": "order 8" };
    const later = { ...MESSAGE, sdt: "000000010000000R" };
    const first = await get(later, headers);
    expect(first.status, first.text).toBe(200);
    // Times in SMPP's form are of whole seconds.
    await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(written()[0]!.acceptedAt! + 1_000);
    expect((await get(later, headers)).text).toBe(first.text);
    expect((await get({ ...MESSAGE, sdt: "000000020000000R" }, headers)).status).toBe(422);
  });

  it("does not guess what a message costs or what is left", async () => {
    for (const path of ["/rate?to=1", "/balance"]) {
      const answer = await call(ingest.server.port, path, { key: undefined });
      expect([answer.status, answer.text.slice(0, 7)]).toEqual([404, 'Error "']);
    }
    // What only begins alike is nobody's.
    expect((await call(ingest.server.port, "/sender")).body.code).toBe("NOT_FOUND");
  });
});

describe("times in SMPP's form", () => {
  const NOW = Date.UTC(2026, 11, 2, 12);
  it.each([
    ["000000000100000R", NOW + 60_000],
    ["000001020304000R", NOW + 86_400_000 + (2 * 3_600 + 3 * 60 + 4) * 1_000],
    ["261203120000000+", Date.UTC(2026, 11, 3, 12)],
    ["261203120000004+", Date.UTC(2026, 11, 3, 11)],
    ["261203120000508-", Date.UTC(2026, 11, 3, 14, 0, 0, 500)],
    ["260230120000000+", undefined],
    ["261203250000000+", undefined],
    ["261203120000049+", undefined],
    ["soon", undefined],
  ])("reads %s", (text, time) => {
    expect(readSmppTime(text, NOW)).toBe(time);
  });
});
