/** What handsets send reaches its account: posted, over SMPP and by the API, once the services are killed in between as well. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { SmppClient } from "../../domain/smpp/client.ts";
import { concatenationOf } from "../../domain/smpp/concatenation.ts";
import type { DeliverSmPdu } from "../../domain/smpp/pdu.ts";
import { decodeUcs2 } from "../../domain/text/encoding.ts";
import { ControlClient } from "../../infra/local/control-client.ts";
import type { InboundData } from "../../pipeline/records/inbound-data.ts";
import { LiveCatalogFiles } from "../fixture/live-catalog.ts";
import { disconnect, freshNumber, until } from "./sluice.ts";

const { environment, stateDir, simulators, ingestUrl, smppPort } = inject("sluice");
const catalog = new LiveCatalogFiles(environment);
const control = new ControlClient(stateDir);
const files = catalog.read(environment.SLUICE_CATALOG_DIR!);

const ACCOUNT = "answered";
const KEY = "a-key-of-the-answered-account";
const NUMBER = "491700099001";
const SECRET = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
const folder = mkdtempSync(join(tmpdir(), "sluice-inbound-"));

interface Heard {
  readonly webhookId: string;
  readonly type: string;
  readonly data: InboundData & { readonly number?: string };
}

/** The customer's address. */
const heard: Heard[] = [];
let answers = 204;
const server: Server = createServer(async (request, response) => {
  const body = (await buffer(request)).toString();
  const read = new Webhook(SECRET).verify(body, request.headers as Record<string, string>) as Omit<Heard, "webhookId">;
  if (answers === 204) heard.push({ ...read, webhookId: String(request.headers["webhook-id"]) });
  response.writeHead(answers).end();
});
/** What it has heard of a handset, each once, in order; no text is sent twice. */
const heardOf = (number: string) => [
  ...new Set(
    heard
      .filter(({ data }) => (data.from ?? data.number) === `+${number}`)
      .map((one) => (one.type === "message.received" ? one.data.text : one.type)),
  ),
];

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const secret = join(folder, "secret");
  writeFileSync(secret, SECRET);
  const own = {
    ...{ id: ACCOUNT, name: ACCOUNT, inboundNumbers: [NUMBER], smpp: { inbound: true } },
    apiKeys: [{ id: "k", sha256: createHash("sha256").update(KEY).digest("hex") }],
    inboundUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`,
    callbacks: { secrets: [{ file: secret }] },
  };
  const applied = await catalog.apply({ ...files, accounts: [...files.accounts, own] });
  expect(applied, applied.err).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await catalog.apply(files);
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
  await disconnect();
});

/** A handset sends a text, by the simulator's bind. */
async function sends(from: string, text: string, parts = 1): Promise<void> {
  const body = JSON.stringify({ from, to: NUMBER, text });
  // As a centre does, what is not acknowledged is delivered again.
  await until("a sender has acknowledged it", async () => {
    const response = await fetch(`${simulators["smsc-a"]}/inbound`, { method: "POST", body });
    return ((await response.json()) as { parts?: number }).parts === parts;
  });
}

async function listed(query: string): Promise<InboundData[]> {
  const response = await fetch(`${ingestUrl}/v1/inbound?${query}`, { headers: { authorization: `Bearer ${KEY}` } });
  expect(response.status).toBe(200);
  return ((await response.json()) as { messages: InboundData[] }).messages;
}

/** A client as Kannel is one: it answers each deliver_sm, and puts parts together. */
function bind() {
  const delivered: DeliverSmPdu[] = [];
  const client = new SmppClient(
    {
      ...{ host: "127.0.0.1", port: smppPort, bind: { systemId: ACCOUNT, password: KEY }, bindType: "bind_receiver" },
      ...{ window: 10, responseTimeoutMs: 20_000, enquireLinkMs: 5_000 },
    },
    {
      onDeliver: (pdu, acknowledge) => {
        delivered.push({ ...pdu, shortMessage: Buffer.from(pdu.shortMessage) });
        acknowledge();
      },
    },
  );
  client.start();
  return { client, from: (number: string) => delivered.filter(({ sourceAddr }) => sourceAddr === number) };
}

const LONG = `Grüße an alle, die das 😀 lesen. ${"Und so weiter. ".repeat(8)}`;

test("a message reaches the account by all three ways, a long one whole, and STOP as what it says as well", async () => {
  const handset = freshNumber();
  const { client, from } = bind();
  await sends(handset, "Yes, at nine");
  await sends(handset, LONG, 3);
  await sends(handset, "STOP");
  const texts = ["Yes, at nine", LONG, "STOP"];
  await until(
    () => `it is posted: ${JSON.stringify(heardOf(handset))}`,
    () => heardOf(handset).length === 4,
  );
  expect(heardOf(handset)).toEqual([...texts, "recipient.opted_out"]);
  await until(
    () => `it comes over SMPP: ${from(handset).length} of 5`,
    () => from(handset).length >= 5,
  );
  const whole = from(handset).filter((pdu) => concatenationOf(pdu) === undefined);
  expect(whole.map(({ shortMessage, esmClass }) => [shortMessage.toString("latin1"), esmClass])).toEqual([
    ["Yes, at nine", 0],
    ["STOP", 0],
  ]);
  const parts = from(handset)
    .filter((pdu) => concatenationOf(pdu) !== undefined)
    .sort((a, b) => concatenationOf(a)!.part - concatenationOf(b)!.part);
  expect(parts.map((pdu) => decodeUcs2(pdu.shortMessage.subarray(6))).join("")).toBe(LONG);
  expect(parts[0]).toMatchObject({ dataCoding: 8, destinationAddr: NUMBER });
  let rows: InboundData[] = [];
  await until("it is listed", async () => {
    rows = await listed(`number=%2B${handset}`);
    return rows.length === 3;
  });
  expect(rows.map(({ text }) => text).sort()).toEqual([...texts].sort());
  expect(rows.find(({ text }) => text === LONG)).toMatchObject({ segments: 3, missing: 0, to: `+${NUMBER}` });
  expect(new Set(rows.map(({ id }) => id))).toEqual(
    new Set(heard.filter(({ data }) => data.from === `+${handset}`).map(({ data }) => data.id)),
  );
  expect(await listed(`to=12345&number=%2B${handset}`)).toEqual([]);
  await client.stop(2_000);
});

test("what came while nobody took it, and over a kill -9 of callbacks, dlr-collector and ingest, comes all the same, in order", async () => {
  const handset = freshNumber();
  answers = 503;
  const texts = Array.from({ length: 8 }, (_, i) => `Message ${i}`);
  for (const text of texts.slice(0, 4)) await sends(handset, text);
  await control.signal("callbacks", "SIGKILL");
  await control.signal("dlr-collector", "SIGKILL");
  for (const text of texts.slice(4)) await sends(handset, text);
  await control.signal("ingest", "SIGKILL");
  answers = 204;
  await until(
    () => `it is posted: ${JSON.stringify(heardOf(handset))}`,
    () => heardOf(handset).length >= texts.length,
  );
  expect(heardOf(handset)).toEqual(texts);
  const { client, from } = bind();
  const got = () => new Set(from(handset).map(({ shortMessage }) => shortMessage.toString("latin1")));
  await until(
    () => `it comes over SMPP: ${got().size}`,
    () => got().size === texts.length,
  );
  const all = async () => [...new Set((await listed(`number=%2B${handset}`)).toReversed().map(({ text }) => text))];
  await until("it is listed", async () => (await all()).length === texts.length);
  expect(await all()).toEqual(texts);
  await client.stop(2_000);
});
