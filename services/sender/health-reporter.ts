import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import type { Circuit } from "../../platform/flow/circuit.ts";
import type { SegmentRate } from "../../platform/flow/segment-rate.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import { HEALTH_TOPIC } from "../../schemas/topics.ts";
import type { HeldNetwork } from "./network-shares.ts";
import type { SegmentVolume } from "./segment-volume.ts";

/** A partition whose state is told. */
export interface ReportedPartition {
  readonly partition: number;
  /** Messages not submitted yet. */
  readonly backlog: number;
  /** The same by queue, most urgent first. */
  readonly queues: readonly number[];
  readonly inFlight: number;
}

export interface HealthSource {
  readonly provider: string;
  readonly rate: Pick<SegmentRate, "currentAt" | "limit" | "sent">;
  readonly circuit: Pick<Circuit, "state" | "reason">;
  readonly volume: Pick<SegmentVolume, "of">;
  partitions(): readonly ReportedPartition[];
  /** Networks that are held back alone, of all partitions together. */
  heldNetworks(): readonly HeldNetwork[];
}

const EVERY_MS = 1_000;
/** Why the rate is less than the catalog's. */
const THROTTLED = "throttled";

/** Tells the routers, every second and on each change of the circuit, how a provider's partitions are doing. */
export class HealthReporter {
  private readonly source: HealthSource;
  private readonly producer: Pick<RecordProducer, "send" | "clock">;
  private readonly codec: SluiceCodecs["health"];
  private readonly instance: string;
  private timer: NodeJS.Timeout | undefined;
  private writing = false;
  private changed = false;
  private sent = 0;
  private sentAt = 0;
  private effectiveRate = 0;

  constructor(
    source: HealthSource,
    producer: Pick<RecordProducer, "send" | "clock">,
    codec: SluiceCodecs["health"],
    instance: string,
  ) {
    this.source = source;
    this.producer = producer;
    this.codec = codec;
    this.instance = instance;
  }

  start(): void {
    if (this.timer !== undefined) return;
    this.sentAt = performance.now();
    this.timer = setInterval(() => this.tell(), EVERY_MS);
  }

  stop(): void {
    if (this.timer !== undefined) clearInterval(this.timer);
  }

  /** Writes now. While an earlier word is being written it waits for that: one record set at a time is enough. */
  tell(): void {
    if (this.writing) {
      this.changed = true;
      return;
    }
    const records = this.records(this.producer.clock.now(), performance.now());
    if (records.length === 0) return;
    this.writing = true;
    this.producer
      .send(records)
      .catch(() => {})
      .finally(() => {
        this.writing = false;
        if (!this.changed) return;
        this.changed = false;
        this.tell();
      });
  }

  private records(at: number, now: number): OutRecord[] {
    const { provider, rate, circuit, volume } = this.source;
    const partitions = this.source.partitions();
    const current = rate.currentAt(now);
    const heldNetworks = partitions.length === 0 ? [] : this.source.heldNetworks();
    if (now - this.sentAt >= EVERY_MS / 2) {
      this.effectiveRate = ((rate.sent - this.sent) * 1_000) / (now - this.sentAt);
      this.sent = rate.sent;
      this.sentAt = now;
    }
    return partitions.map(({ partition, backlog, queues, inFlight }) => ({
      topic: HEALTH_TOPIC,
      partition: 0,
      key: `${provider}/${partition}`,
      value: this.codec.encode({
        provider,
        partition,
        instance: this.instance,
        circuit: circuit.state,
        reason: circuit.state === "closed" ? null : circuit.reason,
        rate: current / partitions.length,
        configuredRate: rate.limit / partitions.length,
        rateReason: current < rate.limit ? THROTTLED : null,
        effectiveRate: this.effectiveRate / partitions.length,
        backlog,
        queues,
        inFlight,
        at,
        ...volume.of(partition, at),
        heldNetworks,
      }),
    }));
  }
}
