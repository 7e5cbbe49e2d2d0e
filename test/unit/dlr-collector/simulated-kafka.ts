import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { Task, type TaskHost } from "../../../platform/kafka/task.ts";
import { silentLog } from "../../../platform/log/log.ts";
import type { Event, Retry } from "../../../schemas/generated/types.ts";
import { DOUBT_TOPIC, EVENTS_TOPIC, RECEIPTS_TOPIC } from "../../../schemas/topics.ts";
import { newCounters } from "../../../services/dlr-collector/correlator/correlation-counters.ts";
import {
  type CorrelationLimits,
  DEFAULT_LIMITS,
} from "../../../services/dlr-collector/correlator/correlation-terms.ts";
import { CORRELATOR_INPUTS, Correlator, STREAM_INPUTS } from "../../../services/dlr-collector/correlator/correlator.ts";
import type { RerouteTerms } from "../../../services/dlr-collector/correlator/reroute-terms.ts";
import { NO_ROUTES } from "./reroutes.ts";

/** JSON behind the five bytes of the wire format: readable, and quick enough for thousands of runs. */
function jsonCodec<T>(): Codec<T> {
  const head = Buffer.from([0, 0, 0, 0, 1]);
  return {
    encode: (value) => Buffer.concat([head, Buffer.from(JSON.stringify(value))]),
    decode: (buffer) => {
      try {
        return { ok: true, value: JSON.parse(buffer.subarray(5).toString()) as T };
      } catch {
        return { ok: false, code: "undecodable", detail: "not JSON" };
      }
    },
  };
}

export const codecs = {
  event: jsonCodec(),
  receipt: jsonCodec(),
  inbound: jsonCodec(),
  request: jsonCodec(),
  retry: jsonCodec(),
  submissionIndex: jsonCodec(),
  deadLetter: jsonCodec(),
  quality: jsonCodec(),
  loadSchema: async () => "loaded",
} as unknown as SluiceCodecs;

export const COPY_WAIT_MS = 5_000;

/** One partition of all topics in memory, and the group's commit; what survives every crash of a correlator. */
export class SimulatedLog {
  private readonly topics = new Map<string, InRecord[]>();
  /** Epoch milliseconds. */
  now = 1_000;
  /**
   * How far the placing of receipts without a number is behind, milliseconds, when it is asked anew all the time, as in a
   * running service: the newest answer is always newer than what has been read. Undefined: it is known beforehand.
   */
  claimsBehindMs: number | undefined;
  committed: { offsets: readonly number[]; state: string } = { offsets: [0, 0, 0], state: "" };

  records(topic: string): InRecord[] {
    let records = this.topics.get(topic);
    if (records === undefined) {
      records = [];
      this.topics.set(topic, records);
    }
    return records;
  }

  append({ topic, key, value, headers }: Omit<OutRecord, "partition">): void {
    const records = this.records(topic);
    records.push({
      topic,
      partition: 0,
      offset: records.length,
      key: key === null ? null : Buffer.from(key),
      value,
      headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, Buffer.from(text)])),
      timestamp: this.now,
    });
  }

  appendEvent(id: string, event: Event, more: Record<string, string> = {}): void {
    const headers = { id, ...more };
    this.append({ topic: EVENTS_TOPIC, key: event.facts.to, value: codecs.event.encode(event), headers });
  }

  appendReceipt(receipt: Parameters<typeof codecs.receipt.encode>[0]): void {
    this.append({ topic: RECEIPTS_TOPIC, key: receipt.to, value: codecs.receipt.encode(receipt) });
  }

  appendCopy(retry: Retry, more: Record<string, string> = {}): void {
    const id = `${retry.facts.messageId}/${retry.attempt}/retry`;
    this.append({
      topic: DOUBT_TOPIC,
      key: retry.facts.to,
      value: codecs.retry.encode(retry),
      headers: { id, due: "0", ...more },
    });
  }

  events(): { id: string; event: Event }[] {
    return this.records(EVENTS_TOPIC).map(({ headers, value }) => {
      const decoded = codecs.event.decode(value!);
      if (!decoded.ok) throw new Error(decoded.detail);
      return { id: String(headers.id), event: decoded.value };
    });
  }

  ends(): number[] {
    return STREAM_INPUTS.map((topic) => this.records(topic).length);
  }

  readonly reader = {
    watermarks: async (topic: string) => [{ low: 0, high: this.records(topic).length }],
    readRange: async (topic: string, _: number, from: number, to: number, onRecord: (record: InRecord) => void) => {
      for (const record of this.records(topic).slice(from, to)) onRecord(record);
    },
  };
}

export interface OwnerSettings {
  readonly receiptDeadlineMs: number;
  readonly limits?: Partial<CorrelationLimits>;
  readonly readBackEvents?: number;
  /** Default: nothing is sent on. */
  readonly reroute?: RerouteTerms;
}

/** One owner of the partition, driven step by step in place of `runTransform`; forgetting it is a crash. */
export class Owner {
  readonly correlator: Correlator;
  readonly counters = newCounters();
  private readonly log: SimulatedLog;
  private readonly task: Task;
  /** Offsets after the last batch. */
  done: number[];

  private constructor(
    log: SimulatedLog,
    { limits, receiptDeadlineMs, readBackEvents, reroute = NO_ROUTES }: OwnerSettings,
  ) {
    this.log = log;
    const host: TaskHost = { leaseValid: true, resume: () => {}, commit: async () => true };
    this.task = new Task(host, 0, CORRELATOR_INPUTS, log.committed, 100);
    this.done = [...log.committed.offsets];
    this.correlator = new Correlator(this.task, {
      codecs,
      reader: log.reader,
      requests: log.reader,
      log: silentLog,
      partitions: 1,
      copyWaitMs: COPY_WAIT_MS,
      claims: () =>
        log.claimsBehindMs === undefined
          ? { upTo: log.now, knownAt: Number.NEGATIVE_INFINITY }
          : { upTo: log.now - log.claimsBehindMs, knownAt: log.now },
      now: () => log.now,
      ...(readBackEvents === undefined ? {} : { readBackEvents }),
      ends: () => ({ askedAt: log.now, ends: log.ends() }),
      correlation: {
        terms: (provider) => ({
          receiptDeadlineMs,
          receiptPerPart: provider.startsWith("smsc"),
          indexed: "as-is",
          answerMs: 10_000,
        }),
        reroute: () => reroute,
        limits: { ...DEFAULT_LIMITS, ...limits },
        counters: this.counters,
      },
    });
  }

  static async begin(log: SimulatedLog, settings: OwnerSettings): Promise<Owner> {
    const owner = new Owner(log, settings);
    await owner.correlator.restore(owner.task);
    return owner;
  }

  /**
   * One batch with up to so many records of each input (copies: 100), without those that have to wait. `crashAfter` decisions stored, the owner is gone (false): what
   * it wrote stands, what it knew and did not commit is lost.
   */
  async step(most: readonly number[], commit: boolean, crashAfter = Number.POSITIVE_INFINITY): Promise<boolean> {
    const decisions: OutRecord[] = [];
    const effects: OutRecord[] = [];
    const out = {
      decide: (one: OutRecord) => void decisions.push(one),
      effect: (one: OutRecord) => void effects.push(one),
    };
    const horizon = [...this.done];
    const batch: [InRecord, number][] = [];
    this.task.inputs.forEach((input, i) => {
      const records = this.log.records(input.topic).slice(this.done[i]!, this.done[i]! + (most[i] ?? 100));
      input.end = this.log.records(input.topic).length;
      for (const record of records) {
        if (this.correlator.dueIn(record) > 0) break;
        batch.push([record, i]);
        horizon[i] = record.offset + 1;
        input.expected = horizon[i]!;
      }
    });
    await this.correlator.prepare(batch.map(([record]) => record));
    for (const [record, input] of batch) this.correlator.process(record, input, out);
    this.correlator.tick(out);
    for (const [i, record] of decisions.entries()) {
      if (i >= crashAfter) return false;
      this.log.append(record);
    }
    if (decisions.length >= crashAfter) return false;
    if (effects.length > 0) {
      this.log.committed = { offsets: this.done, state: this.correlator.state(this.done) };
      for (const record of effects) this.log.append(record);
    }
    this.done = horizon;
    if (commit) this.log.committed = { offsets: [...horizon], state: this.correlator.state(horizon) };
    return true;
  }
}
