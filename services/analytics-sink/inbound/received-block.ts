import { isMessageId } from "../../../domain/message/message-id.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { RowBinary } from "../../../platform/clickhouse/row-binary.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { NotYet, Refused, SinkBlock } from "../../../platform/kafka/sink-store.ts";
import type { Received } from "../../../schemas/generated/types.ts";
import { undecoded } from "../refusals.ts";

/** Columns of the table `inbound` in the order in which rows are written. */
export const INBOUND_COLUMNS = [
  "message_id",
  "account",
  "received_at",
  "handset",
  "number",
  "provider",
  "text",
  "binary",
  "segments",
  "missing",
  "media",
  "opt_out",
] as const;

/** A message's own time may lie so far ahead of its storage, and so far behind it: beyond that its row would be gone at once, or stay for ever, ms. */
const AHEAD_MS = 86_400_000;
const BEHIND_MS = 30 * 86_400_000;
const MAX_NAME = 256;

/** Messages from handsets gathered as rows of the table `inbound`. */
export class ReceivedBlock implements SinkBlock {
  rows = 0;
  private readonly codecs: Pick<SluiceCodecs, "received" | "loadSchema">;
  private readonly content = new RowBinary(4_096);

  constructor(codecs: Pick<SluiceCodecs, "received" | "loadSchema">) {
    this.codecs = codecs;
  }

  get bytes(): number {
    return this.content.length;
  }

  /** The rows in RowBinary; nothing may be added afterwards. */
  encoded(): Buffer {
    return this.content.bytes();
  }

  add(record: InRecord): "added" | Refused | NotYet {
    if (record.value === null) return { refused: "undecodable", detail: "the record has no value" };
    const decoded = this.codecs.received.decode(record.value);
    if (!decoded.ok) return undecoded(decoded, this.codecs);
    const wrong = whatIsWrong(decoded.value, record.timestamp);
    if (wrong !== undefined) return { refused: "invalid", detail: wrong };
    this.write(decoded.value);
    return "added";
  }

  private write(received: Received): void {
    const { content: row } = this;
    row.uuid(received.id);
    row.string(received.accountId);
    row.int64(received.receivedAt);
    row.string(received.from);
    row.string(received.to);
    row.string(received.provider);
    row.string(received.text);
    row.string(received.binary === null ? "" : Buffer.from(received.binary).toString("hex"));
    row.uint16(received.segments);
    row.uint16(received.missing);
    row.strings(received.media);
    row.string(received.optOut ?? "");
    this.rows++;
  }
}

/** Anybody may write into the topic. */
function whatIsWrong(received: Received, storedAt: number): string | undefined {
  const { id, accountId, from, to, provider, optOut, receivedAt, segments, missing } = received;
  if (!isMessageId(id)) return "id is no UUID in lower case";
  for (const [field, value] of Object.entries({ accountId, from, to, provider, optOut }))
    if ((value ?? "").length > MAX_NAME) return `${field} has more than ${MAX_NAME} characters`;
  if (!isCount(segments) || !isCount(missing)) return "segments or missing is no number from 0 to 255";
  if (receivedAt > storedAt + AHEAD_MS) return "receivedAt lies in the future";
  return receivedAt < storedAt - BEHIND_MS ? "receivedAt lies more than 30 days back" : undefined;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 255;
}
