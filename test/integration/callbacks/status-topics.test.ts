import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { newMessageId } from "../../../domain/message/message-id.ts";
import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { EVENTS_TOPIC, statusTopic } from "../../../schemas/topics.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { eventOf } from "../../unit/callbacks/callback-world.ts";
import { connectionTo, readAll, until } from "../platform/kafka-runtime.ts";
import { type CallbacksProcess, prepare, startCallbacks } from "./callbacks-process.ts";

const P = 6;
const ACCOUNT = "status-test";
const cluster = sharedCluster();
const connection = connectionTo(cluster.brokers);
const producer = new RecordProducer({ connection });
const running: CallbacksProcess[] = [];
let environment: NodeJS.ProcessEnv;
let codecs: SluiceCodecs;

beforeAll(async () => {
  environment = await prepare(cluster, [
    { id: ACCOUNT, name: "s", statusTopic: true },
    { id: "status-none", name: "n" },
  ]);
  codecs = await connectCodecs(cluster.registryUrl);
  await producer.connect();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.end("SIGKILL")));
});
afterAll(async () => {
  await producer.close();
  if (environment?.SLUICE_CATALOG_DIR) rmSync(environment.SLUICE_CATALOG_DIR, { recursive: true });
});

async function start(): Promise<CallbacksProcess> {
  const one = await startCallbacks(environment);
  running.push(one);
  return one;
}

function recordOf(messageId: string, to: string, more: Partial<Event>, accountId = ACCOUNT): OutRecord {
  const at = Date.now();
  const event = eventOf(1, null, { at, submittedAt: at, ...more }, { accountId, messageId, to, acceptedAt: at });
  const kind = event.type === "final" ? "final" : `1/${event.type}`;
  const place = { topic: EVENTS_TOPIC, partition: partitionFor(to, P), key: to };
  return { ...place, value: codecs.event.encode(event), headers: { id: `${messageId}/${kind}` } };
}

it("tells each change of each message of the account alone, in order, over a kill -9 in the middle of it", async () => {
  const first = Math.floor(Math.random() * 9_000) * 1_000;
  const messages = Array.from({ length: 600 }, (_, i) => ({
    id: newMessageId(),
    to: `49171${String(first + (i % 50)).padStart(7, "0")}`,
  }));
  const mine = new Set(messages.map(({ id }) => id));
  const foreign = newMessageId();
  const told = async () => {
    const found: { id: string; type: string; subject: string; key: string }[] = [];
    for (const { key, value } of await readAll(connection, statusTopic(ACCOUNT)))
      found.push({ ...(JSON.parse(String(value)) as { id: string; type: string; subject: string }), key: String(key) });
    return found.filter(({ subject }) => mine.has(subject) || subject === foreign);
  };
  await start();
  const sendFrom = async (from: number, to: number) => {
    await producer.send([recordOf(foreign, "491710000000", {}, "status-none")]);
    for (let at = from; at < to; at += 100)
      await producer.send(
        messages
          .slice(at, at + 100)
          .flatMap(({ id, to }) => [
            recordOf(id, to, { type: "routed" }),
            recordOf(id, to, {}),
            recordOf(id, to, { type: "final", state: "delivered", doneAt: Date.now() }),
          ]),
      );
  };
  const sending = sendFrom(0, 300);
  await until("something has been told", async () => (await told()).length > 0);
  await running.pop()!.end("SIGKILL");
  await sending;
  await sendFrom(300, 600);
  const again = await start();
  const count = async () => new Set((await told()).map(({ id }) => id)).size;
  await until("all has been told", async () => (await count()) >= messages.length * 3);
  const firsts = [...new Map((await told()).map((event) => [event.id, event])).values()];
  expect(firsts.length).toBe(messages.length * 3);
  for (const { id } of messages)
    expect(firsts.filter(({ subject }) => subject === id).map(({ type }) => type)).toEqual(
      ["queued", "sent", "delivered"].map((status) => `sluice.message.${status}`),
    );
  // By number: in the order in which they happened.
  for (const number of new Set(messages.map(({ to }) => to)))
    expect([...new Set(firsts.filter(({ key }) => key === number).map(({ subject }) => subject))]).toEqual(
      messages.filter(({ to }) => to === number).map(({ id }) => id),
    );
  const page = await again.metrics();
  expect(page).toMatch(/^callbacks_status_records_total\{.*type="message\.delivered".*\} \d/m);
  expect(page).toMatch(/^callbacks_status_topics_missing(\{.*\})? 0/m);
});
