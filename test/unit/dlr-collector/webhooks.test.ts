import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { parseProvider } from "../../../domain/catalog/catalog.ts";
import type { HttpProvider } from "../../../domain/catalog/provider.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { WHOLE_TEXT } from "../../../schemas/delivered-records.ts";
import type { Receipt } from "../../../schemas/generated/types.ts";
import { isSignedBy } from "../../../services/dlr-collector/webhooks/twilio-signature.ts";
import { webhookApp } from "../../../services/dlr-collector/webhooks/webhook-app.ts";
import { codecs as simulated } from "./simulated-kafka.ts";

const MESSAGE_ID = "018f0000-0000-7000-8000-000000000001";
const codecs = { receipt: simulated.receipt, inbound: simulated.event as never };
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

function provider(statusCallbackUrl: string): HttpProvider {
  const parsed = parseProvider({
    id: "http-c",
    kind: "http-twilio",
    currency: "EUR",
    rate: 10,
    prices: [{ price: "0.01" }],
    http: { baseUrl: "http://127.0.0.1:9", accountSid: "AC1", authToken: "token-c", statusCallbackUrl },
  });
  if (!parsed.ok || parsed.value.kind !== "http-twilio") throw new Error(JSON.stringify(parsed));
  return parsed.value;
}

interface Setting {
  readonly store?: (records: readonly OutRecord[]) => Promise<void>;
  readonly publicUrl?: string;
}

/** A server of webhooks, and a way to post to it as the provider does. */
async function start({ store, publicUrl }: Setting = {}) {
  const stored: OutRecord[] = [];
  const metrics = new MetricRegistry();
  const server = createServer((request, response) => app(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const app = webhookApp({
    providers: new Map([["http-c", provider(`${origin}/webhooks/twilio/http-c`)]]),
    publicUrl,
    partitions: 6,
    codecs,
    store: store ?? (async (records) => void stored.push(...records)),
    storeTimeoutMs: 50,
    metrics,
    log: silentLog,
    now: () => 9_000,
  });
  const post = (
    path: string,
    form: Record<string, string>,
    sign: string | false = publicUrl ?? origin,
    token = "token-c",
  ) => {
    const text = Object.keys(form)
      .sort()
      .reduce((signed, name) => signed + name + form[name], `${sign}${path}`);
    const signature = createHmac("sha1", token).update(text).digest("base64");
    return fetch(origin + path, {
      method: "POST",
      headers: sign === false ? {} : { "x-twilio-signature": signature },
      body: new URLSearchParams(form),
    });
  };
  const count = (outcome: string) => metrics.counter("webhook_callbacks_total", { help: "" }).with({ outcome }).value;
  return { origin, stored, post, count };
}

function decodedValue(record: OutRecord | undefined): unknown {
  const decoded = codecs.receipt.decode(record!.value!);
  return decoded.ok ? decoded.value : decoded;
}

const PATH = `/webhooks/twilio/http-c?m=${MESSAGE_ID}&d=491701234567`;
const DELIVERED = { MessageSid: "SM1", MessageStatus: "delivered", To: "+491701234567", From: "Acme" };

describe("X-Twilio-Signature", () => {
  const url = "https://mycompany.com/myapp.php?foo=1&bar=2";
  const form = {
    CallSid: "CA1234567890ABCDE",
    Caller: "+12349013030",
    Digits: "1234",
    From: "+12349013030",
    To: "+18005551212",
  };

  it("is right for the example in Twilio's documentation, and for no other URL, form or token", () => {
    const signature = "0/KCTR6DLpKmkAf8muzZqo1nDgQ=";
    expect(isSignedBy("12345", url, form, signature)).toBe(true);
    expect(isSignedBy("12346", url, form, signature)).toBe(false);
    expect(isSignedBy("12345", `${url}&c=3`, form, signature)).toBe(false);
    expect(isSignedBy("12345", url, { ...form, Digits: "1235" }, signature)).toBe(false);
    expect(isSignedBy("12345", url, form, undefined)).toBe(false);
    expect(isSignedBy("12345", url, form, "")).toBe(false);
  });
});

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
    expect((await post(PATH, { MessageSid: "SM1", MessageStatus: "teleported" })).status).toBe(204);
    expect((await post(PATH, { MessageStatus: "delivered" })).status).toBe(204);
    expect((await post("/webhooks/twilio/http-c", { ...DELIVERED, To: "nobody" })).status).toBe(204);
    expect(stored).toEqual([]);
    expect(count("unusable")).toBe(3);
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
