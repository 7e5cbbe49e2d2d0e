import { performance } from "node:perf_hooks";
import type { z } from "zod";
import type { SnapshotSource } from "../../../../domain/catalog/snapshot.ts";
import { newMessageId } from "../../../../domain/message/message-id.ts";
import { ShortIds } from "../../../../domain/smpp/server/short-ids.ts";
import { startCopy } from "../../../../pipeline/boot/start-copy.ts";
import { type Pipeline, startReader } from "../../../../pipeline/boot/start-pipeline.ts";
import type { StatusSource } from "../../../../pipeline/read-model/message-status.ts";
import { SluiceError } from "../../../../platform/errors/sluice-error.ts";
import { connectAdmin } from "../../../../platform/kafka/admin-connection.ts";
import { observeKafka } from "../../../../platform/kafka/observe.ts";
import { TaskGroup } from "../../../../platform/kafka/task-group.ts";
import { runTransform } from "../../../../platform/kafka/transform.ts";
import type { Scope } from "../../../../platform/lifecycle/run-service.ts";
import type { PartitionStore } from "../../../../platform/store/partition-store.ts";
import { SMPP_PARTS_GROUP, SMPP_RECEIPTS_GROUP } from "../../../../schemas/groups.ts";
import { EVENTS_TOPIC, SMPP_BINDS_TOPIC, SMPP_PARTS_TOPIC, SMPP_RECEIPTS_TOPIC } from "../../../../schemas/topics.ts";
import type { Acceptor } from "../../acceptance/acceptor.ts";
import type { DeadlineWriter } from "../../acceptance/deadline-writer.ts";
import type { FailedLogins } from "../../access/failed-logins.ts";
import type { Cancels } from "../../cancels/cancels.ts";
import { CentreAnswers } from "./centre-answers.ts";
import { type DoorMetrics, doorMetrics } from "./door-metrics.ts";
import type { ClientId } from "./named-submission.ts";
import { PartRecords } from "./parts/part-records.ts";
import { PartsTask } from "./parts/parts-task.ts";
import { BindBoard } from "./receipts/bind-board.ts";
import { ReceiptCopy } from "./receipts/receipt-copy.ts";
import { ReceiptEvents } from "./receipts/receipt-events.ts";
import { ReceiptOutbox } from "./receipts/receipt-outbox.ts";
import { SmppAccounts } from "./smpp-accounts.ts";
import { SmppDoor } from "./smpp-door.ts";
import type { smppSettings } from "./smpp-settings.ts";
import { Submissions } from "./submissions.ts";

type Settings = z.output<z.ZodObject<typeof smppSettings>>;

export interface SmppDoorConfig extends Settings {
  readonly instance: string;
  readonly partitions: number;
  readonly kafkaSessionTimeout: number;
}

export interface SmppDoorParts {
  readonly config: SmppDoorConfig;
  readonly port: number;
  readonly pipeline: Pipeline;
  /** With the door's table. */
  readonly store: PartitionStore;
  readonly catalog: SnapshotSource & { onChange(listener: (snapshot: SnapshotSource["current"]) => void): void };
  readonly acceptor: Acceptor;
  readonly writer: DeadlineWriter;
  readonly status: StatusSource;
  readonly cancels: Pick<Cancels, "cancel">;
  readonly failures: FailedLogins;
  /** How long requests at hand may take when the service stops. */
  readonly drainMs: number;
}

/** How often it is looked what has been put off, and said who can be delivered to, ms. */
const LOOK_EVERY_MS = 500;

/** Starts the door: what makes receipts, what puts parts together, what delivers, and then the port. */
export async function startSmppDoor(scope: Scope, parts: SmppDoorParts): Promise<SmppDoor> {
  const metrics = doorMetrics(scope.metrics);
  const receipts = await openReceiptEvents(scope, parts, metrics);
  await startParts(scope, parts, metrics);
  const outbox = await startOutbox(scope, parts, metrics, receipts);
  const { config, port } = parts;
  let accounts = new SmppAccounts(parts.catalog.current.catalog.accounts);
  const door = new SmppDoor({
    host: config.smppHost,
    port,
    tls: tlsOf(config),
    maxConnections: config.smppMaxConnections,
    bindsPerAccount: config.smppBindsPerAccount,
    receiptWindow: config.smppReceiptWindow,
    sessionInitMs: config.smppSessionInit,
    enquireLinkMs: config.smppEnquireLink,
    responseTimeoutMs: config.smppResponseTimeout,
    accounts: () => accounts,
    failures: parts.failures,
    now: parts.pipeline.now,
    bind: {
      window: config.smppWindow,
      holdMs: config.smppHold,
      submissions: submissionsOf(parts),
      answers: new CentreAnswers(parts),
      metrics,
    },
    receipts: outbox,
    log: scope.log,
  });
  parts.catalog.onChange((snapshot) => {
    accounts = new SmppAccounts(snapshot.catalog.accounts);
    door.review();
  });
  await scope.add("SMPP door", {
    start: () => door.start(),
    stop: () => door.drain(parts.drainMs),
  });
  observe(scope, door);
  scope.log.info(
    { host: config.smppHost, port: door.port, tls: config.smppTlsCert !== undefined },
    "taking SMPP clients in",
  );
  return door;
}

/** @throws SluiceError SMPP_TLS_INVALID when one of the two files is not named */
export function tlsOf({ smppTlsCert: cert, smppTlsKey: key }: Pick<Settings, "smppTlsCert" | "smppTlsKey">) {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  const message = "SLUICE_SMPP_TLS_CERT and SLUICE_SMPP_TLS_KEY belong together: give both, or neither";
  throw new SluiceError(message, { code: "SMPP_TLS_INVALID", class: "permanent" });
}

function submissionsOf({ config, pipeline, acceptor, writer }: SmppDoorParts): Submissions {
  const short = new ShortIds();
  const { now, codecs } = pipeline;
  const newId = (forOld: boolean): ClientId => {
    const id = newMessageId(now());
    return { id, shown: forOld ? short.take() : id };
  };
  return new Submissions({
    terms: { defaultAlphabet: config.smppDefaultAlphabet, now, newId },
    acceptor,
    writer,
    parts: new PartRecords({ acceptor, codec: codecs.smppPart, partitions: config.partitions, now }),
  });
}

/**
 * Makes receipts of events, partition by partition, from the first time on that a client is bound which may have them: who takes no SMPP clients in does not read
 * all events for it. Until then they stand in the log.
 * @returns what is called when there is such a client, as often as it likes
 */
async function openReceiptEvents(
  scope: Scope,
  { config, pipeline }: SmppDoorParts,
  metrics: DoorMetrics,
): Promise<() => void> {
  const { connection, codecs, producer, now } = pipeline;
  const { partitions } = config;
  const onUnreadable = () => metrics.unreadable.add();
  const group = new TaskGroup({
    connection,
    groupId: SMPP_RECEIPTS_GROUP,
    topics: [EVENTS_TOPIC],
    partitions,
    sessionTimeoutMs: config.kafkaSessionTimeout,
    run: (task) =>
      runTransform(task, new ReceiptEvents(task, { codecs, partitions, onUnreadable, log: scope.log }), { producer }),
  });
  await scope.add("SMPP receipts", { start: () => group, stop: () => group.stop() });
  const start = async () => {
    await scope.waitFor("kafka (SMPP receipts)", () => group.start());
    observeKafka(scope, { group, name: "SMPP receipts", now });
  };
  let starting: Promise<void> | undefined;
  const begin = () => {
    starting ??= start();
    return starting;
  };
  let tries = 0;
  const committed = await scope.waitFor("kafka (SMPP receipts)", async () => {
    const admin = await connectAdmin(connection, tries++);
    const found = admin.fetchOffsets({ groupId: SMPP_RECEIPTS_GROUP, topics: [EVENTS_TOPIC] });
    return await found.finally(() => void admin.disconnect().catch(() => {}));
  });
  // There has been one before.
  if (committed.some(({ partitions: of }) => of.some(({ offset }) => Number(offset) >= 0))) await begin();
  return () => {
    begin().catch((error: Error) => {
      // A start that a stop has cut off is no fault.
      if (!scope.signal.aborted) scope.fail(error);
    });
  };
}

/** Puts parts together, partition by partition. */
async function startParts(
  scope: Scope,
  { config, pipeline, acceptor, catalog }: SmppDoorParts,
  metrics: DoorMetrics,
): Promise<void> {
  const { connection, codecs, producer, now } = pipeline;
  const { partitions } = config;
  const reader = await startReader(scope, pipeline, [SMPP_PARTS_TOPIC], { name: "reader of parts" });
  const live = new Set<PartsTask>();
  scope.metrics.observe(
    "ingest_smpp_parts_waiting",
    "gauge",
    "Long messages from SMPP clients of which parts are missing",
    () => [...live].reduce((sum, task) => sum + task.waiting, 0),
  );
  const accountOf = (id: string) => catalog.current.catalog.accounts.find((account) => account.id === id);
  const waitMs = config.smppPartsTimeout;
  const group = new TaskGroup({
    connection,
    groupId: SMPP_PARTS_GROUP,
    topics: [SMPP_PARTS_TOPIC],
    partitions,
    sessionTimeoutMs: config.kafkaSessionTimeout,
    run: async (task) => {
      const options = { codecs, reader, acceptor, accountOf, partitions, waitMs, metrics, log: scope.log, now };
      const one = new PartsTask(task, options);
      live.add(one);
      try {
        await runTransform(task, one, { producer });
      } finally {
        live.delete(one);
      }
    },
  });
  await scope.add("SMPP parts", { start: () => group, stop: () => group.stop() });
  await scope.waitFor("kafka (SMPP parts)", () => group.start());
  observeKafka(scope, { group, name: "SMPP parts", now });
}

/** Delivers what waits to the binds of this instance. */
async function startOutbox(
  scope: Scope,
  { config, pipeline, store }: SmppDoorParts,
  metrics: DoorMetrics,
  onReceiving: () => void,
): Promise<ReceiptOutbox> {
  const { codecs, producer, now } = pipeline;
  const onUnreadable = () => metrics.unreadable.add();
  const board = new BindBoard({
    instance: config.instance,
    codecs,
    write: (records) => producer.send(records),
    now,
    onUnreadable,
    log: scope.log,
  });
  const reader = await startReader(scope, pipeline, [SMPP_BINDS_TOPIC], { name: `reader of ${SMPP_BINDS_TOPIC}` });
  board.follow(reader, scope.signal).catch(() => {});
  let outbox: ReceiptOutbox | undefined;
  const copy = await startCopy(scope, pipeline, { topic: SMPP_RECEIPTS_TOPIC, name: "smpp_receipts" }, (source) => {
    return new ReceiptCopy({
      ...{ store, source, codec: codecs.smppReceipt, partitions: config.partitions, now, onUnreadable },
      onChange: (account, key, gone) => outbox?.changed(account, key, gone),
      onFault: (error) => scope.fail(error),
      log: scope.log,
    });
  });
  const remove = (accountId: string, key: string) => {
    const tombstone = { topic: SMPP_RECEIPTS_TOPIC, partition: copy.partitionOf(accountId), key, value: null };
    // One that fails is delivered again by whoever reads the topic next.
    producer.send([tombstone]).catch(() => {});
  };
  const started = new ReceiptOutbox({
    copy,
    mine: (account, key) => board.mine(account, key),
    remove,
    metrics,
    now,
    clock: () => performance.now(),
  });
  outbox = started;
  await scope.add("delivery of SMPP receipts", {
    start: () => {
      return setInterval(() => {
        board.say(started.receiving);
        if (started.receiving.length > 0) onReceiving();
        started.look();
      }, LOOK_EVERY_MS).unref();
    },
    stop: (timer) => clearInterval(timer),
  });
  const { waiting } = copy;
  scope.metrics.observe(
    "ingest_smpp_receipts_waiting",
    "gauge",
    "Receipts that wait for a bind of their account, of all accounts, as of the last round over them",
    () => waiting.count,
  );
  scope.metrics.observe(
    "ingest_smpp_oldest_receipt_seconds",
    "gauge",
    "How long the oldest receipt has waited for a bind, in seconds; 0: none waits",
    () => (waiting.count === 0 ? 0 : Math.max(0, now() - waiting.oldest) / 1_000),
  );
  return started;
}

function observe(scope: Scope, door: SmppDoor): void {
  scope.metrics.observe("ingest_smpp_connections", "gauge", "SMPP connections, bound or not", () => door.connections);
  scope.metrics.observe("ingest_smpp_bound", "gauge", "SMPP binds by what they may do", () =>
    (["bind_transmitter", "bind_receiver", "bind_transceiver"] as const).map((type) => ({
      value: door.bound.filter(({ session }) => session.bindType === type).length,
      labels: { type },
    })),
  );
  scope.metrics.observe(
    "ingest_smpp_held",
    "gauge",
    "Submissions of SMPP clients that wait, since their account is above its rate or Kafka takes nothing",
    () => door.holding,
  );
  scope.metrics.observe(
    "ingest_smpp_connections_refused_total",
    "counter",
    "SMPP connections that were closed because there were too many",
    () => door.refused,
  );
}
