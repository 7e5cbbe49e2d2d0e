import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { IdRing } from "../../platform/kafka/id-ring.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { EVENTS_TOPIC, ROUTER_INPUTS } from "../../schemas/topics.ts";
import { DecisionLog, decisionOf, type RecordedDecision } from "./decision-log.ts";
import type { RecoverDecision } from "./rules/message-rule.ts";

export interface RecoveryOptions {
  readonly codecs: Pick<SluiceCodecs, "event" | "loadSchema">;
  readonly reader: Pick<TopicReader, "watermarks" | "readRange">;
  readonly partition: number;
  /** Where in the event log to begin. */
  readonly from: number;
  /** What is committed, by input. */
  readonly offsets: readonly number[];
  /** Called with the decisionKey of each decision. */
  readonly decided: (key: string) => void;
  /** Each takes the `routed` and `closed` events. */
  readonly takers: readonly RecoverDecision[];
}

export interface RecoveredDecisions {
  /** Those of records that are not committed. */
  readonly bySource: Map<string, RecordedDecision>;
  /** By input: the offset behind the last record that has a decision in the log; the committed one where none has. */
  readonly reach: readonly number[];
}

/**
 * Reads from the event log what earlier owners of a partition have decided. Each event is decoded once, and only where somebody takes it. The schemas of all
 * that is given out are known afterwards, whoever has written it.
 * @throws SluiceError `REGISTRY_UNAVAILABLE` (transient) when a schema is not known and cannot be asked for
 */
export async function recoverDecisions(options: RecoveryOptions): Promise<RecoveredDecisions> {
  const { codecs, reader, partition, from, offsets, decided, takers } = options;
  const log = new DecisionLog(new Map(ROUTER_INPUTS.map((topic, i) => [topic, offsets[i]!])), decided);
  const events = new DecisionEvents(codecs, takers);
  const { high } = (await reader.watermarks(EVENTS_TOPIC))[partition]!;
  await reader.readRange(EVENTS_TOPIC, partition, from, high, (record) => {
    log.read(record);
    events.read(record);
  });
  await events.end();
  for (const { value } of log.bySource.values()) {
    const decoded = codecs.event.decode(value);
    if (!decoded.ok && decoded.schemaId !== undefined) await codecs.loadSchema(decoded.schemaId);
  }
  return {
    bySource: log.bySource,
    reach: ROUTER_INPUTS.map((topic, i) => Math.max(offsets[i]!, log.reach.get(topic) ?? 0)),
  };
}

/** Decisions among which one that stands in the log twice does so: who writes it again does so within seconds. An hour of the log may have millions. */
const REPEATED_WITHIN = 100_000;

/** Gives out each decision once: the log may have it twice. */
class DecisionEvents {
  private readonly codecs: RecoveryOptions["codecs"];
  private readonly takers: readonly RecoverDecision[];
  private readonly given = new IdRing(REPEATED_WITHIN);
  /** Those whose schema was not known when they were read, and what is asked for. */
  private late: InRecord[] = [];
  private readonly asked = new Map<number, Promise<unknown>>();

  constructor(codecs: RecoveryOptions["codecs"], takers: readonly RecoverDecision[]) {
    this.codecs = codecs;
    this.takers = takers;
  }

  read(record: InRecord): void {
    if (this.takers.length === 0 || record.value === null) return;
    const kind = decisionOf(headerText(record, "id"))?.kind;
    if (kind !== "routed" && kind !== "closed") return;
    const unknown = this.give(record, record.value);
    if (unknown === undefined) return;
    this.late.push(record);
    // Most of those that follow find it there.
    if (!this.asked.has(unknown))
      this.asked.set(
        unknown,
        this.codecs.loadSchema(unknown).catch((error) => error),
      );
  }

  async end(): Promise<void> {
    for (const record of this.late.splice(0)) {
      const unknown = this.give(record, record.value!);
      if (unknown === undefined) continue;
      await this.codecs.loadSchema(unknown);
      this.give(record, record.value!);
    }
  }

  /** @returns the schema that is needed for it */
  private give(record: InRecord, value: Buffer): number | undefined {
    const decoded = this.codecs.event.decode(value);
    // No reader can make anything of what has no schema at all.
    if (!decoded.ok) return decoded.schemaId;
    const name = `${headerText(record, "id")}/${decoded.value.facts.to}`;
    if (!this.given.add(name)) return undefined;
    for (const take of this.takers) take(decoded.value, record);
    return undefined;
  }
}
