/**
 * Promise 8: Kafka or the schema registry is not there, at the start or for a minute in mid-traffic. Services wait, say
 * so, are not ready, and go on by themselves. Ingest answers 503 with Retry-After and has lost nothing that it answered 202 to.
 * In the long form also: one partition of each topic has no leader, and a sender begins anew meanwhile; the other partitions go on.
 */
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newMessageId } from "../../domain/message/message-id.ts";
import { ControlClient } from "../../infra/local/control-client.ts";
import { composeContracts, readContracts } from "../../schemas/contracts.ts";
import { CONSENT_TOPIC, EVENTS_TOPIC, RECEIPTS_TOPIC, requestTopic } from "../../schemas/topics.ts";
import { until } from "../faults/audit.ts";
import { HttpLoad } from "../faults/http-load.ts";
import { type Installation, SERVICES, startInstallation } from "../faults/installation.ts";
import { Leaders } from "../faults/leaders.ts";
import { PartitionPosts, type Posted } from "../faults/partition-posts.ts";
import { logLines, servicePids, untilNotReady, untilReady } from "../faults/readiness.ts";
import { expectInOrder, figures, reckon } from "../faults/reckoning.ts";
import { figure, LONG } from "../faults/report.ts";
import { readLedgers } from "../faults/submission-watch.ts";

const RATE = 100;
/** How long Kafka is gone, or frozen, in mid-traffic: longer than half a session (5 s) and ingest's patience (5 s). */
const AWAY_MS = LONG ? 60_000 : 9_000;
const REGISTRY_AWAY_MS = LONG ? 60_000 : 4_000;
/** Services at their start wait so long for what is not there, twice; the local supervisor gives up on one after 90 s. */
const START_MS = LONG ? 10_000 : 4_000;
/** Until every service says that it is not ready. */
const NOTICE_MS = 15_000;
/** Until every service is ready again after Kafka answers: some seconds, or the half minute after which a broker forgets a member. */
const BACK_MS = 90_000;
/** Ingest gives up on a write after 5 s (SLUICE_ACCEPT_TIMEOUT). */
const ANSWER_MS = 9_000;
/** Lines of one service's log: so many a second while it waits, and so many for losing and finding everything again. */
const LINES_A_SECOND = 2;
const LINES_MORE = 60;
const END_MS = 120_000;
/** Of each of these one partition stands on one broker alone. */
const LEADERLESS = [requestTopic("otp"), EVENTS_TOPIC, CONSENT_TOPIC, RECEIPTS_TOPIC];
const LEADERLESS_PARTITION = 0;
/** That broker, counted from 0: the first one, by which clients may begin, stays. */
const LONELY = 2;
const LEADERLESS_RATE = 30;
const LEADERLESS_MS = 35_000;
/** From the broker's end until all have found out who leads what, and the sender that was killed is back. */
const SETTLED_MS = 15_000;
/** Ingest gives up on a write after 5 s; a partition without a leader is found out first. */
const LEADERLESS_ANSWER_MS = 12_000;

let sluice: Installation;
let infra: ControlClient;
let kafka: string;
beforeAll(async () => {
  // Receipts that are lost are waited for at the end.
  sluice = await startInstallation({ env: LONG ? {} : { SLUICE_RECEIPT_DEADLINE: "20s" } });
  const { shared } = sluice.infra;
  if (shared.engine !== "native") throw new Error("SLUICE_CLUSTER_ENGINE=native is needed: brokers are frozen here");
  infra = new ControlClient(shared.stateDir);
  kafka = (await infra.status()).find(({ name }) => name.startsWith("kafka"))!.name;
});
afterAll(() => sluice?.stop());

test("outages of Kafka and the registry are waited for, and nothing that was accepted is lost", async () => {
  const load = new HttpLoad(sluice, RATE);
  const pids = await servicePids(sluice);
  load.start();
  await accepting(load);
  await outage("killed", load, {
    begin: () => infra.signal(kafka, "SIGKILL", { keepDown: true }),
    end: () => infra.start(kafka),
  });
  await outage("frozen", load, {
    begin: () => infra.signal(kafka, "SIGSTOP"),
    end: () => infra.signal(kafka, "SIGCONT"),
  });
  await withoutRegistry(load);
  await load.stop();
  expect(await servicePids(sluice)).toEqual(pids);
  await startsIntoNothing();

  const result = await reckon(sluice, load, END_MS);
  console.log(figures(result, load));
  expectInOrder(result);
  const refused = load.answers.filter(({ status }) => status !== 202);
  figure(8, "messages answered with 202, all of them in the log", load.accepted.size);
  figure(8, "requests answered with 503 and Retry-After", refused.length);
  figure(8, "slowest answer of ingest", seconds(Math.max(...load.answers.map(({ ms }) => ms))));
  figure(8, "processes that ended during the outages", 0);
  expect(Object.keys(load.failures).sort()).toEqual(["ACCEPTANCE_UNKNOWN", "UNAVAILABLE"]);
  expect(refused.filter(({ status, retryAfter, problem }) => !(status === 503 && retryAfter && problem))).toEqual([]);
  expect(load.answers.filter(({ ms }) => ms > ANSWER_MS)).toEqual([]);
}, 600_000);

test.runIf(LONG)(
  "partitions without a leader hold up only what goes through them, also where a sender begins anew",
  async () => {
    const three = await startInstallation({ brokers: 3, env: { SLUICE_RECEIPT_DEADLINE: "60s" } });
    const leaders = await Leaders.connect(three.infra.brokers);
    try {
      const { shared } = three.infra;
      if (shared.engine !== "native")
        throw new Error("SLUICE_CLUSTER_ENGINE=native is needed: a broker is killed here");
      const brokers = new ControlClient(shared.stateDir);
      for (const topic of LEADERLESS) await leaders.leaveTo(topic, LEADERLESS_PARTITION, LONELY);
      const posts = new PartitionPosts(three, LEADERLESS_RATE);
      posts.start();
      await hold(10_000);
      const lonely = (await brokers.status()).filter(({ name }) => name.startsWith("kafka"))[LONELY]!.name;
      // Not by kill -9: Kafka 4.1 then has nobody lead the partition any more, since those that had copies before stand in its way (findings).
      await brokers.signal(lonely, "SIGTERM", { keepDown: true });
      const began = performance.now();
      await hold(5_000);
      await three.control.signal("sender", "SIGKILL");
      await hold(LEADERLESS_MS - 2_000 - (performance.now() - began));
      // The last ones may still be on their way.
      const last = performance.now() - 5_000;
      const sent = await readLedgers(three);
      await hold(LEADERLESS_MS - (performance.now() - began));
      await brokers.start(lonely);
      await hold(10_000);
      await posts.stop();

      // From the time on at which the sender that began anew and those who lost a broker have found their way.
      const during = posts.posted.filter(({ at }) => at > began + SETTLED_MS && at < last);
      const [there, elsewhere] = [during.filter(isThere), during.filter((one) => !isThere(one))];
      const gone = elsewhere.filter(({ id }) => sent.has(id)).length;
      const refused = there.filter(({ lane, status }) => lane === "otp" && status === 503).length;
      figure(8, "a broker with the one copy of four partitions away", seconds(LEADERLESS_MS));
      figure(
        8,
        "of other partitions: posted, accepted, submitted meanwhile",
        `${elsewhere.length}, ${elsewhere.filter(({ status }) => status === 202).length}, ${gone}`,
      );
      figure(
        8,
        "otp of the partition without a leader: posted, refused",
        `${there.filter(({ lane }) => lane === "otp").length}, ${refused}`,
      );
      figure(8, "slowest answer meanwhile", seconds(Math.max(...during.map(({ ms }) => ms))));
      const result = await reckon(three, posts, END_MS);
      console.log(figures(result, posts));
      expectInOrder(result);
      expect(refused).toBeGreaterThan(0);
      expect(elsewhere.length).toBeGreaterThan(LEADERLESS_RATE * 5);
      expect(elsewhere.filter(({ status }) => status !== 202)).toEqual([]);
      expect(gone / elsewhere.length).toBeGreaterThanOrEqual(0.95);
      expect(during.filter(({ ms }) => ms > LEADERLESS_ANSWER_MS)).toEqual([]);
    } finally {
      await leaders.disconnect();
      await three.stop();
    }
  },
  600_000,
);

function isThere({ partition }: Posted): boolean {
  return partition === LEADERLESS_PARTITION;
}

/** Kafka goes away in mid-traffic and comes back. */
async function outage(
  kind: string,
  load: HttpLoad,
  { begin, end }: { begin(): Promise<void>; end(): Promise<void> },
): Promise<void> {
  const before = logLines(sluice);
  const began = performance.now();
  await begin();
  const noticed = await untilNotReady(sluice, /kafka/i, NOTICE_MS);
  await hold(AWAY_MS - (performance.now() - began));
  await end();
  const ready = await untilReady(sluice, BACK_MS);
  await accepting(load);
  figure(
    8,
    `Kafka ${kind} for ${seconds(AWAY_MS)}: not ready after, ready again after`,
    `${seconds(noticed)}, ${seconds(ready)}`,
  );
  checkLogs(before, (performance.now() - began) / 1_000);
}

/** Every service has said what it waits for, and not much more. */
function checkLogs(before: ReturnType<typeof logLines>, tookSeconds: number): void {
  const after = logLines(sluice);
  for (const service of SERVICES) {
    const lines = after[service].slice(before[service].length - 1);
    console.log(`${service}: ${lines.length} lines in ${tookSeconds.toFixed(0)} s`);
    expect(
      lines.some((line) => /waiting for kafka/.test(line)),
      `${service} says that it waits`,
    ).toBe(true);
    expect(lines.length, `lines of ${service}`).toBeLessThan(LINES_MORE + LINES_A_SECOND * tookSeconds);
  }
}

/** The registry goes away: what has a known schema goes on, and a record with a new schema waits for it alone in its lane. */
async function withoutRegistry(load: HttpLoad): Promise<void> {
  const write = await upstreamWithNewSchema();
  // Not by kill -9: the test registry's store (H2) writes what is new half a second later, and would forget the schema.
  await infra.signal("registry", "SIGTERM", { keepDown: true });
  const began = performance.now();
  const id = newMessageId();
  await write(id);
  const before = { accepted: load.accepted.size, sent: (await readLedgers(sluice)).size };
  await hold(REGISTRY_AWAY_MS);
  await until(
    () => "submissions go on without the registry",
    async () => (await readLedgers(sluice)).size - before.sent > (RATE * REGISTRY_AWAY_MS) / 2_000,
    20_000,
  );
  await untilReady(sluice, 5_000);
  expect(load.accepted.size).toBeGreaterThan(before.accepted);
  expect((await readLedgers(sluice)).has(id)).toBe(false);
  expect(logLines(sluice).router.some((line) => /waiting for the schema registry/.test(line))).toBe(true);
  await infra.start("registry");
  const back = performance.now();
  await until(
    () => "the message with the new schema goes out once the registry is back",
    async () => (await readLedgers(sluice)).has(id),
    20_000,
  );
  load.accepted.add(id);
  const [away, after] = [back - began, performance.now() - back].map(seconds);
  figure(8, `registry away for ${away}: all services ready; a record of a new schema went out after`, after!);
}

/** All services start while neither Kafka nor registry is there; first the registry comes, then Kafka. */
async function startsIntoNothing(): Promise<void> {
  for (const service of SERVICES) await sluice.control.signal(service, "SIGKILL", { keepDown: true });
  await infra.signal("registry", "SIGKILL", { keepDown: true });
  await infra.signal(kafka, "SIGKILL", { keepDown: true });
  const before = logLines(sluice);
  const began = performance.now();
  for (const service of SERVICES) void sluice.control.start(service).catch(() => {}); // waited for below
  await untilNotReady(sluice, /waiting for schema registry: ./, NOTICE_MS * 2);
  const pids = await servicePids(sluice);
  await hold(START_MS);
  await infra.start("registry");
  await untilNotReady(sluice, /waiting for kafka: ./, NOTICE_MS);
  await hold(START_MS);
  await infra.start(kafka);
  const ready = await untilReady(sluice, BACK_MS);
  expect(await servicePids(sluice)).toEqual(pids);
  figure(8, "started without Kafka and registry: ready after both were there", seconds(ready));
  checkLogs(before, (performance.now() - began) / 1_000);
}

/** Waits until ingest accepts. */
async function accepting(load: HttpLoad): Promise<void> {
  const before = load.accepted.size;
  await until(
    () => `ingest accepts messages; failures ${JSON.stringify(load.failures)}`,
    () => load.accepted.size > before + RATE,
    BACK_MS,
  );
}

/** An upstream system that writes requests with a schema of its own, compatible with ours. Gives what writes one. */
async function upstreamWithNewSchema(): Promise<(id: string) => Promise<void>> {
  const { brokers, registryUrl } = sluice.infra;
  const ours = composeContracts(readContracts()).get("SendRequest") as unknown as { fields: object[] };
  const team = { name: "team", type: ["null", "string"], default: null };
  const registry = new SchemaRegistry({ host: registryUrl });
  const schema = JSON.stringify({ ...ours, fields: [...ours.fields, team] });
  const { id: schemaId } = await registry.register(
    { type: SchemaType.AVRO, schema },
    { subject: "upstream.send-request" },
  );
  await sluice.codecs.loadSchema(schemaId); // for the comparison at the end
  const producer = new Kafka({ clientId: "upstream", brokers, logLevel: logLevel.NOTHING }).producer();
  const to = "4915100000001";
  const request = { accountId: "acme", from: "Acme", to, text: "A new schema", metadata: {}, team: "blue" };
  return async (messageId) => {
    const value = await registry.encode(schemaId, { ...request, messageId });
    await producer.connect();
    await producer.send({ topic: requestTopic("marketing"), messages: [{ key: to, value }] });
    await producer.disconnect();
  };
}

function hold(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
