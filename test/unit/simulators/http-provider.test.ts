import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { HttpProviderSimulator } from "../../../infra/simulators/http-provider/http-provider.ts";
import { readMessageRequest } from "../../../infra/simulators/http-provider/message-request.ts";
import { httpProviderSettingsSchema } from "../../../infra/simulators/http-provider/settings.ts";
import { twilioSignature } from "../../../infra/simulators/http-provider/twilio-signature.ts";
import { until } from "../smpp/loopback.ts";

const sid = "AC00000000000000000000000000000001";
const token = "sluice-demo-token";
const quick = {
  response: { delay: { kind: "constant", ms: 0 } },
  callbacks: { delay: { kind: "constant", ms: 20 }, states: { delivered: 1 }, intermediateShare: 0, retryMs: 20 },
};

const ends: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function provider(behaviour: Record<string, unknown> = {}): Promise<HttpProviderSimulator> {
  const merged = { ...quick, ...behaviour, callbacks: { ...quick.callbacks, ...(behaviour.callbacks ?? {}) } };
  const made = new HttpProviderSimulator(
    httpProviderSettingsSchema.parse({ port: 0, controlPort: 0, behaviour: merged }),
  );
  await made.start();
  ends.push(() => made.stop());
  return made;
}

interface Received {
  status: string;
  sid: string;
  errorCode: string | undefined;
  signed: boolean;
}

/** A receiver of callbacks that answers with the given statuses, then 204. */
async function receiver(
  answers: number[] = [],
): Promise<{ url: string; received: Received[]; connections: () => number }> {
  const received: Received[] = [];
  let connections = 0;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const parameters = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      const expected = twilioSignature(token, `http://${request.headers.host}${request.url}`, parameters);
      received.push({
        status: parameters.MessageStatus!,
        sid: parameters.MessageSid!,
        errorCode: parameters.ErrorCode,
        signed: request.headers["x-twilio-signature"] === expected,
      });
      response.writeHead(answers.shift() ?? 204).end();
    });
  });
  server.on("connection", () => connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    server.closeAllConnections();
    server.close();
    return undefined;
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}/status`, received, connections: () => connections };
}

async function post(
  to: HttpProviderSimulator,
  form: Record<string, string>,
  options: { auth?: string; path?: string; timeoutMs?: number } = {},
) {
  const response = await fetch(
    `http://127.0.0.1:${to.ports.http}${options.path ?? `/2010-04-01/Accounts/${sid}/Messages.json`}`,
    {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(options.auth ?? `${sid}:${token}`).toString("base64")}` },
      body: new URLSearchParams(form),
      signal: AbortSignal.timeout(options.timeoutMs ?? 5_000),
    },
  );
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    body: (await response.json()) as Record<string, string>,
  };
}

const message = { To: "+491701234567", From: "Sluice", Body: "hello" };
const statsOf = (of: HttpProviderSimulator) =>
  of.stats() as { submits: Record<string, number>; receipts: Record<string, number> };

describe("twilioSignature", () => {
  it("gives the signature of the example in Twilio's documentation", () => {
    const parameters = {
      Digits: "1234",
      To: "+18005551212",
      From: "+14158675309",
      Caller: "+14158675309",
      CallSid: "CA1234567890ABCDE",
    };
    const signature = twilioSignature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", parameters);
    expect(signature).toBe("RSOYDt4T1cUTdK1PDd93/VVr8B8=");
  });
});

describe("readMessageRequest", () => {
  it.each([
    ["", 21_604],
    ["To=4917&From=Sluice&Body=x", 21_211],
    ["To=%2B491701234567&Body=x", 21_603],
    ["To=%2B491701234567&From=An%2BOddSender&Body=x", 21_212],
    ["To=%2B491701234567&From=Sluice", 21_602],
    [`To=%2B491701234567&From=Sluice&Body=${"x".repeat(1_601)}`, 21_617],
    ["To=%2B491701234567&From=Sluice&Body=x&StatusCallback=nowhere", 21_609],
  ])("answers %s with %i", (form, code) => {
    expect(readMessageRequest(form)).toMatchObject({ error: { status: 400, code } });
  });

  it("counts the segments", () => {
    const body = encodeURIComponent("ж".repeat(71));
    expect(readMessageRequest(`To=%2B491701234567&From=%2B4930123456&Body=${body}`)).toMatchObject({ segments: 2 });
  });
});

describe("HttpProviderSimulator", () => {
  it("accepts a message, posts a signed callback, and has both in its books", async () => {
    const twilio = await provider();
    const callbacks = await receiver();
    const answer = await post(twilio, { ...message, StatusCallback: `${callbacks.url}?m=ref-1&p=a%20b` });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        status: "queued",
        to: "+491701234567",
        from: "Sluice",
        num_segments: "1",
        error_code: null,
        account_sid: sid,
      },
    });
    expect(answer.body.sid).toMatch(/^SM[0-9a-f]{32}$/);
    await until(() => statsOf(twilio).receipts.acknowledged === 1, "the callback");
    expect(callbacks.received).toEqual([
      { status: "delivered", sid: answer.body.sid, errorCode: undefined, signed: true },
    ]);
    expect([...twilio.ledger.entries()]).toEqual([
      { reference: "ref-1", parts: [{ part: 1, received: 1, accepted: 1 }] },
    ]);
  });

  it("answers errors in Twilio's form", async () => {
    const twilio = await provider({ rules: [{ prefix: "49170", code: 21_610 }] });
    expect(await post(twilio, message, { auth: `${sid}:wrong` })).toMatchObject({
      status: 401,
      body: { code: 20_003 },
    });
    expect(await post(twilio, message, { path: "/elsewhere" })).toMatchObject({ status: 404 });
    expect(await post(twilio, message)).toEqual({
      status: 400,
      retryAfter: null,
      body: {
        code: 21_610,
        message: "Refused by a rule of the simulator",
        more_info: "https://www.twilio.com/docs/errors/21610",
        status: 400,
      },
    });
    twilio.updateSettings({ rules: [], errors: { temporaryShare: 1 } });
    expect(await post(twilio, message)).toMatchObject({ status: 503, body: { code: 20_503 } });
  });

  it("throttles above its rate of segments with Retry-After", async () => {
    const twilio = await provider({ rate: { segmentsPerSecond: 4, tolerance: 0, retryAfterSeconds: 2 } });
    const long = { ...message, Body: "x".repeat(300) };
    const answers = await Promise.all([post(twilio, long), post(twilio, long), post(twilio, long)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 429]);
    expect(answers.find(({ status }) => status === 429)).toMatchObject({ retryAfter: "2", body: { code: 20_429 } });
  });

  it("repeats a callback that fails, over kept connections, and gives up at a refusal", async () => {
    const twilio = await provider({ callbacks: { states: { failed: 1 }, errorCodes: [30_003] } });
    const callbacks = await receiver([500, 503, 204, 400]);
    await post(twilio, { ...message, StatusCallback: `${callbacks.url}?m=ref-1` });
    await until(() => statsOf(twilio).receipts.acknowledged === 1, "the third try");
    expect(callbacks.received.map(({ status, errorCode }) => [status, errorCode])).toEqual(
      Array(3).fill(["failed", "30003"]),
    );
    expect(callbacks.connections()).toBe(1);
    await post(twilio, { ...message, StatusCallback: `${callbacks.url}?m=ref-2` });
    await until(() => statsOf(twilio).receipts.abandoned === 1, "given up");
    expect(statsOf(twilio).receipts).toMatchObject({ planned: 2, posted: 4, retried: 2 });
  });

  it("posts the callback before the answer when told to", async () => {
    const twilio = await provider({ callbacks: { beforeResponseShare: 1 } });
    const callbacks = await receiver();
    const answered = post(twilio, { ...message, StatusCallback: `${callbacks.url}?m=ref-1` });
    const first = await Promise.race([
      answered.then(() => "answer"),
      until(() => callbacks.received.length === 1, "a callback").then(() => "callback"),
    ]);
    expect(first).toBe("callback");
    expect((await answered).body.sid).toBe(callbacks.received[0]!.sid);
  });

  it("takes a message and loses the answer, or cuts the connection; 429 whatever the rate", async () => {
    const callbacks = await receiver();
    const asked = { ...message, StatusCallback: `${callbacks.url}?m=ref-1` };
    const losing = await provider({ response: { delay: { kind: "constant", ms: 0 }, lostShare: 1 } });
    await expect(post(losing, asked, { timeoutMs: 100 })).rejects.toThrow("timeout");
    const cutting = await provider({ response: { delay: { kind: "constant", ms: 0 }, cutShare: 1 } });
    await expect(post(cutting, asked)).rejects.toThrow("fetch failed");
    await until(() => callbacks.received.length === 2, "both callbacks");
    expect(statsOf(losing).submits).toMatchObject({ accepted: 1, lost: 1, cut: 0 });
    expect(statsOf(cutting).submits).toMatchObject({ accepted: 1, lost: 0, cut: 1 });
    const storm = await provider({ errors: { throttledShare: 1 }, rate: { retryAfterSeconds: 3_155_760_000 } });
    expect(await post(storm, asked)).toMatchObject({ status: 429, retryAfter: "3155760000" });
  });

  it("goes silent and comes back, with the callbacks of what it had taken", async () => {
    const twilio = await provider({ dark: { acceptShare: 1 } });
    const callbacks = await receiver();
    await twilio.goDark("silent");
    await expect(
      post(twilio, { ...message, StatusCallback: `${callbacks.url}?m=dark` }, { timeoutMs: 100 }),
    ).rejects.toThrow();
    twilio.updateSettings({ dark: { acceptShare: 0 } });
    await expect(
      post(twilio, { ...message, StatusCallback: `${callbacks.url}?m=lost` }, { timeoutMs: 100 }),
    ).rejects.toThrow();
    expect(callbacks.received).toEqual([]);
    await twilio.goLight();
    await until(() => callbacks.received.length === 1, "the callback");
    expect((await post(twilio, message)).status).toBe(201);
    expect(
      [...twilio.ledger.entries()].map(({ reference, parts }) => [reference, parts[0]!.received, parts[0]!.accepted]),
    ).toEqual([
      ["dark", 1, 1],
      ["lost", 1, 0],
    ]);
    expect(statsOf(twilio).submits).toMatchObject({ received: 3, accepted: 2, whileSilent: 2, unreferenced: 1 });
  });

  it("refuses connections and comes back on the same port", async () => {
    const twilio = await provider();
    const { http } = twilio.ports;
    await twilio.goDark("refuse");
    await expect(fetch(`http://127.0.0.1:${http}/`)).rejects.toThrow();
    await twilio.goLight();
    expect(twilio.ports.http).toBe(http);
    expect((await post(twilio, message)).status).toBe(201);
  });
});
