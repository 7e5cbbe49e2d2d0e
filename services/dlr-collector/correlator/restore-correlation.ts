import type { WriterSchemaLoader } from "../../../pipeline/follow/writer-schema-loader.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { implausibleEvent, implausibleReceipt } from "../../../pipeline/records/plausible.ts";
import type { Decoded } from "../../../platform/codec/codec.ts";
import { headerText, type InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { CORRELATION_TOPIC, EVENTS_TOPIC, RECEIPTS_TOPIC } from "../../../schemas/topics.ts";
import type { Correlation } from "./correlation.ts";
import { parseState } from "./correlation-state.ts";
import type { CorrelationOutputs } from "./correlation-terms.ts";
import { destinationOf, eventKind, messageIdOf, OF_OPEN } from "./event-kind.ts";

export interface RestoreOptions {
  readonly reader: Pick<TopicReader, "readRange" | "watermarks">;
  readonly codecs: SluiceCodecs;
  readonly schemas: WriterSchemaLoader;
  readonly log: Log;
  readonly now: () => number;
}

/** What is to be written once the task works. */
export type Owed = ((out: CorrelationOutputs) => void)[];

/**
 * Rebuilds what the last owner of a partition knew: what it kept in sms.correlation, the events from where its commit
 * says, the receipts that still waited, and the terminal events that it wrote behind its last commit.
 * @returns conclusions that are due and may not have been written
 */
export async function restoreCorrelation(correlation: Correlation, task: Task, options: RestoreOptions): Promise<Owed> {
  const { reader, codecs, log, now } = options;
  const { partition } = task;
  const [eventsAt, receiptsAt] = task.restored.offsets as [number, number];
  const from = parseState(task.restored.state) ?? { events: eventsAt, receipts: receiptsAt };
  const startedAt = performance.now();
  const read = new Replay(options);
  const owed: Owed = [];
  const collect: CorrelationOutputs = {
    emit: (id, event, trace) => owed.push((out) => out.emit(id, event, trace)),
    keep: (key, event, trace) => owed.push((out) => out.keep(key, event, trace)),
    forget: (key) => owed.push((out) => out.forget(key)),
    index: (provider, id, to) => owed.push((out) => out.index(provider, id, to)),
    putAside: (orphan) => owed.push((out) => out.putAside(orphan)),
    learned: (known) => owed.push((out) => out.learned(known)),
    inbound: (message, offset) => owed.push((out) => out.inbound(message, offset)),
  };
  correlation.beginReplay();

  const kept = new Map<string, { value: Buffer; trace: string | undefined }>();
  const { high: keptEnd } = (await reader.watermarks(CORRELATION_TOPIC))[partition] ?? { high: 0 };
  await reader.readRange(CORRELATION_TOPIC, partition, 0, keptEnd, (record) => {
    const { key, value } = record;
    if (key === null) return;
    // A later record of a key moves it to the end; copies, so that whole fetches are not held by single records.
    kept.delete(key.toString());
    if (value !== null)
      kept.set(key.toString(), { value: Buffer.from(value), trace: headerText(record, "traceparent") });
  });
  await read.all(
    [...kept],
    ([key, { value, trace }]) => {
      const decoded = codecs.event.decode(value);
      // It is in sms.correlation already.
      if (decoded.ok && !implausibleEvent(decoded.value))
        correlation.restoreKept(key, decoded.value, trace, { ...collect, keep: () => {} });
      return decoded;
    },
    task,
  );

  const { high: eventsEnd } = (await reader.watermarks(EVENTS_TOPIC))[partition] ?? { high: eventsAt };
  let eventsUpTo = Number.NEGATIVE_INFINITY;
  await read.range(
    EVENTS_TOPIC,
    from.events,
    eventsEnd,
    (record) => {
      if (record.offset < eventsAt) eventsUpTo = record.timestamp;
      const id = record.headers.id;
      const kind = id instanceof Uint8Array ? eventKind(id as Buffer) : undefined;
      if (kind === "routed") return undefined;
      const comesAgain = record.offset >= eventsAt;
      // What stands behind the commit comes again as input; only what this service has decided must be known before.
      if (comesAgain && kind !== undefined && kind !== "final" && kind !== "rerouted") return undefined;
      if (!comesAgain && kind !== undefined && OF_OPEN.has(kind)) {
        if (!correlation.isKnown(messageIdOf(id as Buffer), destinationOf(record))) return undefined;
      }
      if (record.value === null) return undefined;
      const decoded = codecs.event.decode(record.value);
      const { offset, timestamp } = record;
      if (decoded.ok && (offset < eventsAt || isDecided(decoded.value)) && !implausibleEvent(decoded.value)) {
        const trace = headerText(record, "traceparent");
        correlation.event(decoded.value, { offset, timestamp, trace }, collect, now());
        if (comesAgain && decoded.value.type === "final") correlation.foretellEnd(decoded.value);
      }
      return decoded;
    },
    task,
  );
  await read.range(
    RECEIPTS_TOPIC,
    from.receipts,
    receiptsAt,
    ({ value, offset, timestamp }) => {
      if (value === null) return undefined;
      const decoded = codecs.receipt.decode(value);
      if (decoded.ok && !implausibleReceipt(decoded.value))
        correlation.receipt(decoded.value, offset, timestamp, collect, now());
      return decoded;
    },
    task,
  );
  correlation.endReplay(collect, now(), eventsUpTo);
  const { open, early } = correlation.size;
  log.info(
    {
      partition,
      open,
      kept: kept.size,
      early,
      records: read.records,
      owed: owed.length,
      ms: Math.round(performance.now() - startedAt),
    },
    "restored",
  );
  return owed;
}

/** Nobody else writes these. */
function isDecided({ type }: Event): boolean {
  return type === "final" || type === "rerouted";
}

type Take<T> = (item: T) => Decoded<unknown> | undefined;

/** Reads stretches of the log; records whose schema is not loaded yet are taken again when it is. */
class Replay {
  private readonly options: RestoreOptions;
  records = 0;

  constructor(options: RestoreOptions) {
    this.options = options;
  }

  async range(topic: string, from: number, to: number, take: Take<InRecord>, task: Task): Promise<void> {
    const again: InRecord[] = [];
    const schemas = new Set<number>();
    await this.options.reader.readRange(topic, task.partition, from, to, (record) => {
      this.records++;
      // Once one had to wait the following ones must too: their order matters.
      if (again.length > 0 || this.waits(take(record), schemas)) again.push(record);
    });
    if (again.length > 0) await this.all(again, take, task, schemas);
  }

  /** Takes items in order; loads schemas as they are met. */
  async all<T>(items: readonly T[], take: Take<T>, task: Task, schemas = new Set<number>()): Promise<void> {
    for (const item of items) {
      await this.loadAll(schemas, task);
      if (!this.waits(take(item), schemas)) continue;
      await this.loadAll(schemas, task);
      take(item);
    }
  }

  private async loadAll(schemas: Set<number>, task: Task): Promise<void> {
    if (schemas.size === 0) return;
    await this.options.schemas.loadAll(schemas, task);
    schemas.clear();
  }

  private waits(decoded: Decoded<unknown> | undefined, schemas: Set<number>): boolean {
    if (decoded === undefined || decoded.ok || decoded.code !== "unknown-schema") return false;
    schemas.add(decoded.schemaId!);
    return true;
  }
}
