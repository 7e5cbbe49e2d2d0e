import { afterEach, describe, expect, it } from "vitest";
import { accountSid, keySid, messageIdOf } from "../../../../../domain/message/twilio-sids.ts";
import {
  ACME,
  call,
  GLOBEX,
  type Harness,
  type HarnessOptions,
  KEY,
  OTHER_KEY,
  startIngest,
} from "../../ingest-harness.ts";
import { ACME_SID, errorOf, sdk } from "./sdk.ts";

const SERVICE = `MG${"1f".repeat(16)}`;
const TO = "+491701234567";

let ingest: Harness;
const start = async (options: HarnessOptions = {}) => {
  ingest = await startIngest(options);
  return sdk(ingest.server.port);
};
afterEach(async () => {
  await ingest.close();
  for (const name of ["from", "messagingServices", "optOut", "maxPerSecond", "lanes"] as const) delete ACME[name];
});
const written = () => ingest.writer.records.map((record) => ingest.decode(record));

describe("messages.create", () => {
  it("hands a message in, and answers with the resource that the SDK knows", async () => {
    const client = await start();
    const message = await client.messages.create({
      to: TO,
      from: "ACME",
      body: "Grüße, 5€",
      statusCallback: "https://acme.example/status?id=7",
    });
    const [request] = written();
    expect(request).toMatchObject({
      accountId: "acme",
      to: "491701234567",
      from: "ACME",
      text: "Grüße, 5€",
      callbackUrl: "https://acme.example/status?id=7",
      // Twilio's own default.
      validitySeconds: 36_000,
      sendAt: null,
      transliterate: false,
    });
    expect(ingest.writer.records[0]!.topic).toBe("sms.requests.transactional");
    expect(message).toMatchObject({
      accountSid: ACME_SID,
      apiVersion: "2010-04-01",
      body: "Grüße, 5€",
      direction: "outbound-api",
      errorCode: null,
      errorMessage: null,
      from: "ACME",
      messagingServiceSid: null,
      numMedia: "0",
      numSegments: "1",
      price: null,
      status: "queued",
      to: TO,
      dateSent: null,
      uri: `/2010-04-01/Accounts/${ACME_SID}/Messages/${message.sid}.json`,
    });
    expect(messageIdOf(message.sid)).toBe(request!.messageId);
    expect(Math.abs(message.dateCreated.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it("takes validity, a time, and plain characters in place of others", async () => {
    const client = await start();
    const sendAt = new Date(Date.now() + 3_600_000);
    const message = await client.messages.create({
      ...{ to: TO, from: "ACME", body: "“quoted”", validityPeriod: 600, smartEncoded: true, maxPrice: 0.01 },
      ...{ scheduleType: "fixed" as const, sendAt, messagingServiceSid: "" },
    });
    expect(message.status).toBe("scheduled");
    const [request] = written();
    expect(request).toMatchObject({ validitySeconds: 600, transliterate: true });
    expect(request!.sendAt).toBe(Math.floor(sendAt.getTime() / 1_000) * 1_000);
  });

  it("sends as its messaging service says in the catalog", async () => {
    ACME.messagingServices = [{ sid: SERVICE, from: "Shop", lane: "otp", labels: { campaign: "login" } }];
    const client = await start();
    const message = await client.messages.create({ to: TO, messagingServiceSid: SERVICE, body: "Your code is 123456" });
    expect(message).toMatchObject({ status: "accepted", messagingServiceSid: SERVICE, from: "Shop" });
    expect(written()[0]).toMatchObject({ from: "Shop", metadata: { campaign: "login" } });
    expect(ingest.writer.records[0]!.topic).toBe("sms.requests.otp");
  });

  it("is the same message for the same token, and another text under it is a conflict", async () => {
    await start();
    for (const name of ["I-Twilio-Idempotency-Token", "Idempotency-Key"]) {
      const client = sdk(ingest.server.port, ACME_SID, KEY, { [name]: `token of ${name}` });
      const one = await client.messages.create({ to: TO, from: "ACME", body: "once" });
      const two = await client.messages.create({ to: TO, from: "ACME", body: "once" });
      expect(two.sid).toBe(one.sid);
      expect(await errorOf(client.messages.create({ to: TO, from: "ACME", body: "twice" }))).toMatchObject({
        status: 409,
        code: 20_409,
      });
    }
  });

  it.each([
    [{ to: "", body: "x", from: "ACME" }, 21_604],
    [{ to: "0170 1234567", body: "x", from: "ACME" }, 21_211],
    [{ to: "whatsapp:+491701234567", body: "x", from: "ACME" }, 21_211],
    [{ to: "+49170", body: "x", from: "ACME" }, 21_211],
    [{ to: TO, body: "x" }, 21_603],
    [{ to: TO, body: "x", from: "ÄÖÜ" }, 21_212],
    [{ to: TO, from: "ACME" }, 21_602],
    [{ to: TO, from: "ACME", body: "x".repeat(1_601) }, 21_617],
    [{ to: TO, from: "ACME", body: "x", statusCallback: "ftp://acme.example" }, 21_609],
    [
      { to: TO, from: "ACME", body: "x", mediaUrl: ["https://acme.example/a.png", "https://acme.example/b.png"] },
      21_620,
    ],
    [{ to: TO, from: "ACME", contentSid: `HX${"0".repeat(32)}` }, 21_655],
    [{ to: TO, from: "ACME", body: "x", contentVariables: "{}" }, 21_656],
    [{ to: TO, from: "ACME", body: "x", validityPeriod: 1 }, 20_422],
    [{ to: TO, from: "ACME", body: "x", scheduleType: "fixed" }, 35_111],
    [
      { to: TO, from: "ACME", body: "x", scheduleType: "fixed", sendAt: new Date(Date.now() + 40 * 86_400_000) },
      35_114,
    ],
    [{ to: TO, from: "ACME", body: "x", shortenUrls: true }, 20_422],
  ])("refuses %j as %i, and writes nothing", async (parameters, code) => {
    const client = await start();
    const error = await errorOf(client.messages.create(parameters as Parameters<typeof client.messages.create>[0]));
    expect(error).toMatchObject({ code, status: 400 });
    expect(ingest.writer.sends).toEqual([]);
  });

  it("refuses a messaging service that the catalog does not have, and a parameter that nobody knows", async () => {
    const client = await start();
    expect(await errorOf(client.messages.create({ to: TO, messagingServiceSid: SERVICE, body: "x" }))).toMatchObject({
      status: 404,
      code: 21_701,
    });
    const answer = await form("To=%2B491701234567&From=ACME&Body=x&StatusCallBack=https://acme.example");
    expect(answer.body).toMatchObject({ code: 20_001, status: 400 });
    expect(answer.body.message).toContain("StatusCallBack");
    expect(ingest.writer.sends).toEqual([]);
  });

  it("refuses what the recipient has stopped, in the lanes that the account's opt-out is for", async () => {
    const client = await start();
    ingest.consent.say("acme", "491701234567");
    expect(await errorOf(client.messages.create({ to: TO, from: "ACME", body: "x" }))).toMatchObject({
      status: 400,
      code: 21_610,
    });
    expect(ingest.writer.sends).toEqual([]);
    ACME.optOut = { lanes: ["marketing"] };
    expect((await client.messages.create({ to: TO, from: "ACME", body: "x" })).status).toBe("queued");
  });
});

describe("who asks", () => {
  it("takes an API key's own Sid with the key as its secret", async () => {
    await start();
    const client = sdk(ingest.server.port, keySid("acme", "main"));
    expect((await client.messages.create({ to: TO, from: "ACME", body: "x" })).accountSid).toBe(ACME_SID);
  });

  it.each([
    ["another key", ACME_SID, "wrong"],
    ["another account's key", ACME_SID, OTHER_KEY],
    ["another account's Sid", accountSid("globex"), KEY],
    ["another key's Sid", keySid("acme", "second"), KEY],
  ])("answers 20003 to %s", async (_, user, key) => {
    await start();
    const client = sdk(ingest.server.port, user, key);
    expect(await errorOf(client.messages.create({ to: TO, from: "ACME", body: "x" }))).toMatchObject({
      status: 401,
      code: 20_003,
    });
    expect(await errorOf(client.messages.list({ limit: 1 }))).toMatchObject({ status: 401, code: 20_003 });
    expect(ingest.writer.sends).toEqual([]);
  });

  it("answers 20003 without credentials, and 20404 for what is not here", async () => {
    await start();
    const none = await call(ingest.server.port, `/2010-04-01/Accounts/${ACME_SID}/Messages.json`, { key: undefined });
    expect([none.status, none.body.code, none.headers["www-authenticate"]]).toEqual([
      401,
      20_003,
      'Basic realm="sluice"',
    ]);
    const calls = await call(ingest.server.port, `/2010-04-01/Accounts/${ACME_SID}/Calls.json`, { key: undefined });
    expect(calls.body).toMatchObject({
      status: 404,
      code: 20_404,
      more_info: "https://www.twilio.com/docs/errors/20404",
    });
  });

  it("answers 20003 where the path names another account than the credentials", async () => {
    await start();
    const answer = await call(ingest.server.port, `/2010-04-01/Accounts/${accountSid("globex")}/Messages.json`, {
      key: undefined,
      headers: { authorization: `Basic ${btoa(`${ACME_SID}:${KEY}`)}` },
    });
    expect([answer.status, answer.body.code]).toEqual([401, 20_003]);
  });

  it("derives Sids as the documentation does", () => {
    // printf '%s' sluice-account:acme | sha256sum
    expect(ACME_SID).toBe("AC0f3e3f67669172811ebe899429982e94");
    expect(keySid("acme", "main")).toMatch(/^SK[0-9a-f]{32}$/);
    expect(keySid("acme", "main")).not.toBe(keySid("acme", "mai"));
  });
});

describe("bounds", () => {
  it("answers 20429 with Retry-After beyond the account's rate", async () => {
    await start();
    const url = `/2010-04-01/Accounts/${accountSid("globex")}/Messages.json`;
    const answers = await Promise.all(
      Array.from({ length: 15 }, (_, i) =>
        call(ingest.server.port, url, {
          ...{ key: undefined, body: `To=%2B4917012345${60 + i}&From=ACME&Body=x` },
          headers: {
            authorization: `Basic ${btoa(`${accountSid("globex")}:${OTHER_KEY}`)}`,
            "content-type": "application/x-www-form-urlencoded",
          },
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(GLOBEX.maxPerSecond! + 2);
    const late = answers.find(({ status }) => status === 429);
    expect(late?.body.code).toBe(20_429);
    expect(Number(late?.headers["retry-after"])).toBeGreaterThanOrEqual(1);
  });

  it("answers 20503 with Retry-After while Kafka takes nothing, and when it does not answer in time", async () => {
    const client = await start({ acceptTimeoutMs: 100 });
    ingest.writer.hasRoom = false;
    expect(await errorOf(client.messages.create({ to: TO, from: "ACME", body: "x" }))).toMatchObject({
      status: 503,
      code: 20_503,
    });
    ingest.writer.hasRoom = true;
    ingest.writer.onSend = () => new Promise(() => {});
    const error = await errorOf(client.messages.create({ to: TO, from: "ACME", body: "x" }));
    expect(error).toMatchObject({ status: 503, code: 20_503 });
    expect(error.message).toContain("not known");
  });

  it("reads no form beyond its bounds, of bytes, of parameters, of memory", async () => {
    await start({ bodyBudget: 50_000 });
    expect((await form(`Body=${"x".repeat(70_000)}`)).status).toBe(413);
    expect((await form(`Body=${"x".repeat(60_000)}`)).status).toBe(503);
    expect((await form(Array.from({ length: 101 }, (_, i) => `p${i}=1`).join("&"))).body.code).toBe(20_422);
    expect((await form("To=1&To=2")).body.message).toContain("given 2 times");
    expect((await form("Body=%FF")).body.message).toContain("UTF-8");
    expect(ingest.context.bodies.held).toBe(0);
  });
});

function form(body: string) {
  return call(ingest.server.port, `/2010-04-01/Accounts/${ACME_SID}/Messages.json`, {
    ...{ key: undefined, body },
    headers: {
      authorization: `Basic ${btoa(`${ACME_SID}:${KEY}`)}`,
      "content-type": "application/x-www-form-urlencoded",
    },
  });
}
