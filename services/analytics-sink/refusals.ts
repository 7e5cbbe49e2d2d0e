import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../pipeline/records/dead-letter.ts";
import type { MessageTraces } from "../../pipeline/traces/message-traces.ts";
import type { Decoded } from "../../platform/codec/codec.ts";
import type { InRecord, OutRecord } from "../../platform/kafka/record.ts";
import type { NotYet, Refused } from "../../platform/kafka/sink-store.ts";
import { extractTrace } from "../../platform/telemetry/trace-context.ts";

/** What becomes of a record that has not been decoded: it waits for its schema, or is refused. */
export function undecoded(
  { code, detail, schemaId }: Extract<Decoded<unknown>, { ok: false }>,
  codecs: Pick<SluiceCodecs, "loadSchema">,
): Refused | NotYet {
  if (code === "unknown-schema" && schemaId !== undefined) return { prepare: () => codecs.loadSchema(schemaId) };
  return { refused: "undecodable", detail };
}

/** Dead letters of what the sink refuses. `now`: epoch ms. */
export function refusedLetters(
  codecs: Pick<SluiceCodecs, "deadLetter">,
  now: () => number,
  traces: Pick<MessageTraces, "deadLetter"> | undefined,
): (record: InRecord, why: Refused) => OutRecord {
  return (record, { refused: reason, detail }) => {
    const why = { reason, detail, service: "analytics-sink", now: now() };
    traces?.deadLetter(record, why, extractTrace(record.headers));
    return deadLetterRecord(codecs.deadLetter, record, why);
  };
}
