import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { readDecoded } from "../../pipeline/records/read-decoded.ts";
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
  /** Each takes the `routed` and `closed` events, in the order of the log, each once: the log may have it twice. */
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
  const given = new IdRing(REPEATED_WITHIN);
  const { high } = (await reader.watermarks(EVENTS_TOPIC))[partition]!;
  await readDecoded(
    { topic: EVENTS_TOPIC, partition, from, to: high },
    {
      ...{ reader, codec: codecs.event, absent: new Set() },
      loadSchema: (id) => codecs.loadSchema(id),
      meant: (record) => {
        log.read(record);
        return takers.length > 0 && isTaken(record);
      },
      take: (event, record) => {
        if (given.add(`${headerText(record, "id")}/${event.facts.to}`)) for (const take of takers) take(event, record);
      },
      // No reader can make anything of it.
      unreadable: () => {},
    },
  );
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

function isTaken(record: InRecord): boolean {
  const kind = decisionOf(headerText(record, "id"))?.kind;
  return record.value !== null && (kind === "routed" || kind === "closed");
}
