import { rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { newMessageId } from "../../../domain/message/message-id.ts";
import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { DeadLetter, Event } from "../../../schemas/generated/types.ts";
import { CALLBACKS_TOPIC, DEAD_LETTER_TOPIC, EVENTS_TOPIC } from "../../../schemas/topics.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { eventOf } from "../../unit/callbacks/callback-world.ts";
import { connectionTo, readAll, until } from "../platform/kafka-runtime.ts";
import { type CallbacksProcess, prepare, startCallbacks } from "./callbacks-process.ts";

const P = 6;
const SECRET = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
const LOOPBACK = { SLUICE_CALLBACK_ALLOW: "127.0.0.0/8" };
const cluster = sharedCluster();
const connection = connectionTo(cluster.brokers);
const producer = new RecordProducer({ connection });
const running: CallbacksProcess[] = [];
const servers: Server[] = [];
let environment: NodeJS.ProcessEnv;
let codecs: SluiceCodecs;

beforeAll(async () => {
  environment = await prepare(cluster, [{ id: "callback-test", name: "c", callbacks: { secrets: [SECRET] } }]);
  codecs = await connectCodecs(cluster.registryUrl);
  await producer.connect();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.end("SIGKILL")));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(async () => {
  await producer.close();
  if (environment?.SLUICE_CATALOG_DIR) rmSync(environment.SLUICE_CATALOG_DIR, { recursive: true });
});

async function start(env: NodeJS.ProcessEnv): Promise<CallbacksProcess> {
  const one = await startCallbacks({ ...environment, ...env });
  running.push(one);
  return one;
}

interface Heard {
  readonly webhookId: string;
  readonly id: string;
  readonly status: string;
}

/** A customer's address, which checks signatures as the specification's own receiver does. */
async function customer(takes: () => boolean | Promise<boolean>) {
  const heard: Heard[] = [];
  let asked = 0;
  const server = createServer(async (request, response) => {
    asked++;
    const body = (await buffer(request)).toString();
    const { data } = new Webhook(SECRET).verify(body, request.headers as Record<string, string>) as { data: Heard };
    const taken = await takes();
    if (taken) heard.push({ webhookId: String(request.headers["webhook-id"]), id: data.id, status: data.status });
    response.writeHead(taken ? 204 : 503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/cb`;
  return {
    url,
    heard,
    asked: () => asked,
    /** What it has heard of a message, each once. */
    of: (id: string) => [...new Set(heard.filter((one) => one.id === id).map(({ status }) => status))],
  };
}

let next = Math.floor(Math.random() * 90_000) * 100;

function message(url: string) {
  const messageId = newMessageId();
  const to = `49171${String(next++).padStart(7, "0")}`;
  const record = (more: Partial<Event>): OutRecord => {
    const at = Date.now();
    const facts = { accountId: "callback-test", messageId, to, acceptedAt: at };
    const event = eventOf(1, url, { at, submittedAt: at, ...more }, facts);
    const kind = event.type === "final" ? "final" : `1/${event.type}`;
    const headers = { id: `${messageId}/${kind}` };
    const value = codecs.event.encode(event);
    return { topic: EVENTS_TOPIC, partition: partitionFor(to, P), key: to, value, headers };
  };
  return {
    id: messageId,
    sent: () => record({}),
    delivered: () => record({ type: "final", state: "delivered", doneAt: Date.now() }),
  };
}

/** What still stands in sms.callbacks of these messages. */
async function waitingOf(messages: readonly { id: string }[]): Promise<string[]> {
  const last = new Map<string, Buffer | null>();
  for (const { key, value } of await readAll(connection, CALLBACKS_TOPIC)) last.set(String(key), value);
  const ids = new Set(messages.map(({ id }) => id));
  return [...last].filter(([key, value]) => value !== null && ids.has(key.split("/")[0]!)).map(([key]) => key);
}

it("tells each message's statuses in order, signed, over a kill -9, while one address does not answer and another refuses", async () => {
  let refuses = true;
  const good = await customer(() => true);
  const dark = await customer(() => !refuses);
  // Answers only when the connection is closed.
  const silent = await customer(() => new Promise<boolean>(() => {}));
  const messages = Array.from({ length: 90 }, (_, i) => ({
    to: [good, dark, silent][i % 3]!,
    ...message([good, dark, silent][i % 3]!.url),
  }));
  const [ofGood, ofDark] = [good, dark].map((one) => messages.filter(({ to }) => to === one));
  await start(LOOPBACK);
  await producer.send(messages.slice(0, 60).map((one) => one.sent()));
  await until("the good one has heard of its own", () => good.heard.length >= 20);
  await producer.send(messages.slice(0, 60).map((one) => one.delivered()));
  await until("some of it waits", async () => (await waitingOf(ofDark!)).length >= 20);
  await running.pop()!.end("SIGKILL");
  await producer.send(messages.slice(60).flatMap((one) => [one.sent(), one.delivered()]));
  refuses = false;
  const again = await start(LOOPBACK);
  for (const one of [...ofGood!, ...ofDark!])
    await until(`all is told of ${one.id}`, () => one.to.of(one.id).length === 2);
  for (const one of [...ofGood!, ...ofDark!]) {
    expect(one.to.of(one.id), one.id).toEqual(["sent", "delivered"]);
    // Whatever comes again has the id that it had.
    expect(new Set(one.to.heard.filter(({ id }) => id === one.id).map(({ webhookId }) => webhookId)).size).toBe(2);
  }
  expect(silent.heard).toEqual([]);
  expect(silent.asked()).toBeGreaterThan(0);
  await until("what has been told waits no more", async () => (await waitingOf([...ofGood!, ...ofDark!])).length === 0);
  await until("what the silent one has not taken stands there", async () => (await waitingOf(messages)).length === 60);
  const page = await again.metrics();
  expect(page).toMatch(/^callbacks_attempts_total\{.*outcome="taken".*\} \d/m);
  expect(page).toMatch(/^callbacks_waiting(\{.*\})? [1-9]/m);
  const lines = again.log.join("\n");
  for (const secret of [SECRET, good.url, "49171"]) expect(lines).not.toContain(secret);
});

it("connects to no private address, and puts what was to go there into the dead letters", async () => {
  const inside = await customer(() => true);
  const one = message(inside.url);
  await start({});
  await producer.send([one.sent()]);
  let letter: DeadLetter | undefined;
  await until("it is a dead letter", async () => {
    for (const { value } of await readAll(connection, DEAD_LETTER_TOPIC)) {
      const decoded = value === null ? undefined : codecs.deadLetter.decode(value);
      if (decoded?.ok && decoded.value.messageId === one.id) letter = decoded.value;
    }
    return letter !== undefined;
  });
  expect(letter).toMatchObject({ reason: "callback-refused", service: "callbacks", topic: CALLBACKS_TOPIC });
  expect(letter!.detail).not.toContain("127.0.0.1");
  expect(inside.asked()).toBe(0);
});
