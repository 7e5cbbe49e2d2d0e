import { afterEach, describe, expect, it } from "vitest";
import { accountSid, keySid } from "../../../../domain/message/twilio-sids.ts";
import { type Account, ApiKeys } from "../../../../services/ingest/access/api-keys.ts";
import { type Answer, type Harness, type HarnessOptions, sha256, startIngest } from "../ingest-harness.ts";

const key = (id: string, more: object = {}) => ({ id, sha256: sha256(`${id}-of-shop`), ...more });
const SHOP: Account = {
  id: "shop",
  apiKeys: [
    key("all"),
    key("send", { scopes: ["send"] }),
    key("read", { scopes: ["read"] }),
    key("admin", { scopes: ["admin"] }),
    key("ended", { expires: Date.now() - 1 }),
    key("ends", { expires: Date.now() + 3_600_000 }),
  ],
};
const SID = accountSid("shop");
const MESSAGE = { to: "+491711234567", from: "ACME", text: "Your code is 123456", lane: "otp" };

let ingest: Harness | undefined;
afterEach(() => ingest?.close());

async function open(options: HarnessOptions = {}): Promise<Harness> {
  ingest = await startIngest({ keys: () => new ApiKeys([SHOP]), cancelAnswerMs: 20, ...options });
  return ingest;
}

const rest = (id: string, method = "POST", path = "/v1/messages", body: unknown = MESSAGE) =>
  ingest!.call(path, { key: `${id}-of-shop`, method, ...(method === "GET" ? {} : { body }) });
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});
const twilio = (id: string, method = "POST", user = SID) =>
  ingest!.call(`/2010-04-01/Accounts/${SID}/Messages.json`, {
    method,
    headers: { ...basic(user, `${id}-of-shop`), "content-type": "application/x-www-form-urlencoded" },
    ...(method === "GET" ? {} : { body: "To=%2B491711234567&From=ACME&Body=Hello" }),
  });
const kannel = (id: string) =>
  ingest!.call(`/cgi-bin/sendsms?username=shop&password=${id}-of-shop&from=ACME&to=491711234567&text=Hello`, {});
const jasmin = (id: string) =>
  ingest!.call(`/send?username=shop&password=${id}-of-shop&from=ACME&to=491711234567&content=Hello`, {});
const code = ({ status, body }: Answer) => `${status} ${body?.code ?? ""}`.trim();

describe("scopes", () => {
  it("say what a key is good for over REST; a key without any is good for all", async () => {
    await open();
    const doings = {
      send: () => rest("send"),
      batch: (id: string) => rest(id, "POST", "/v1/messages/batch", { messages: [MESSAGE] }),
      list: (id: string) => rest(id, "GET", "/v1/messages"),
      status: (id: string) => rest(id, "GET", "/v1/messages/0197a3c0-0000-7000-8000-000000000000"),
      cancel: (id: string) => rest(id, "DELETE", "/v1/messages/0197a3c0-0000-7000-8000-000000000000", {}),
      usage: (id: string) => rest(id, "GET", "/v1/usage?from=2026-01-01"),
      budget: (id: string) => rest(id, "GET", "/v1/budget"),
      suppressions: (id: string) => rest(id, "GET", "/v1/suppressions/%2B491711234567"),
      suppress: (id: string) => rest(id, "PUT", "/v1/suppressions/%2B491711234567", {}),
    };
    const open_ = async (id: string) => {
      const found = [];
      for (const [name, doing] of Object.entries(doings)) {
        const { status } = name === "send" ? await rest(id) : await doing(id);
        expect(status, `${name} with ${id}`).not.toBe(401);
        if (status !== 403) found.push(name);
      }
      return found;
    };
    expect(await open_("send")).toEqual(["send", "batch", "cancel"]);
    expect(await open_("read")).toEqual(["list", "status", "usage", "budget", "suppressions"]);
    expect(await open_("admin")).toEqual(["suppress"]);
    expect(await open_("all")).toEqual(Object.keys(doings));
    expect(code(await rest("read"))).toBe("403 FORBIDDEN");
  });

  it("hold at the other doors, and each says so in its own form", async () => {
    await open();
    expect((await twilio("send")).status).toBe(201);
    expect(code(await twilio("read"))).toBe("403 20403");
    expect((await twilio("read", "GET")).status).toBe(200);
    expect(code(await twilio("send", "GET"))).toBe("403 20403");
    expect((await kannel("send")).status).toBe(202);
    const refused = await kannel("read");
    expect([refused.status, refused.text]).toEqual([403, expect.stringMatching(/^Authorization failed.*scope send$/)]);
    expect((await jasmin("send")).text).toMatch(/^Success/);
    const error = await jasmin("read");
    expect([error.status, error.text]).toEqual([
      403,
      expect.stringMatching(/^Error "Authentication failure.*scope send"$/),
    ]);
    expect(ingest!.writer.records).toHaveLength(3);
  });
});

describe("a key's time", () => {
  it("ends it at every door", async () => {
    await open();
    expect((await rest("ends")).status).toBe(202);
    expect(code(await rest("ended"))).toBe("401 UNAUTHORIZED");
    expect(code(await twilio("ended"))).toBe("401 20003");
    expect((await kannel("ended")).status).toBe(403);
    expect((await jasmin("ended")).status).toBe(403);
  });

  it("ends at once for a key that is taken out, while its successor works already", async () => {
    let accounts: Account[] = [{ ...SHOP, apiKeys: [key("old"), key("new")] }];
    await open({ keys: () => new ApiKeys(accounts) });
    expect([(await rest("old")).status, (await rest("new")).status]).toEqual([202, 202]);
    accounts = [{ ...SHOP, apiKeys: [key("new")] }];
    expect([(await rest("old")).status, (await rest("new")).status]).toEqual([401, 202]);
    expect((await twilio("new", "POST", keySid("shop", "new"))).status).toBe(201);
    expect((await twilio("new", "POST", keySid("shop", "old"))).status).toBe(401);
  });
});

describe("wrong keys", () => {
  it("of one address are looked at twenty times, by all doors together; a right one is not told of then, unless it was used from there", async () => {
    await open();
    expect((await rest("all")).status).toBe(202);
    for (let n = 0; n < 5; n++) {
      expect((await rest(`wrong-${n}`)).status).toBe(401);
      expect((await twilio(`wrong-${n}`)).status).toBe(401);
      expect((await kannel(`wrong-${n}`)).status).toBe(403);
      expect((await jasmin(`wrong-${n}`)).status).toBe(403);
    }
    const answers = [
      await rest("wrong"),
      await rest("send"),
      await twilio("send"),
      await kannel("send"),
      await jasmin("send"),
    ];
    expect(answers.map(code)).toEqual(["429 TOO_MANY_FAILURES", "429 TOO_MANY_FAILURES", "429 20429", "429", "429"]);
    for (const { headers } of answers) expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect((await rest("all")).status).toBe(202);
  });

  it("none at all is no guess", async () => {
    await open();
    for (let n = 0; n < 30; n++) expect((await ingest!.call("/v1/budget", { key: undefined })).status).toBe(401);
    expect((await rest("send")).status).toBe(202);
  });

  it("behind a trusted proxy count for the address that it tells of", async () => {
    await open({ proxies: ["127.0.0.1"] });
    const from = (address: string, id: string) =>
      ingest!.call("/v1/budget", { key: `${id}-of-shop`, headers: { "x-forwarded-for": address } });
    for (let n = 0; n < 20; n++) expect((await from("203.0.113.9", `wrong-${n}`)).status).toBe(401);
    expect((await from("203.0.113.9", "read")).status).toBe(429);
    expect((await from("203.0.113.10", "read")).status).toBe(200);
  });
});
