import { isMessageId } from "../../../domain/message/message-id.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { RowBinary } from "../../../platform/clickhouse/row-binary.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { NotYet, Refused, SinkBlock } from "../../../platform/kafka/sink-store.ts";
import type { Conversion } from "../../../schemas/generated/types.ts";
import { undecoded } from "../refusals.ts";

/** Columns of the table `conversions` in the order in which rows are written. */
export const CONVERSION_COLUMNS = ["message_id", "account", "told_at", "converted_at"] as const;

/** A conversion's own time may lie so far ahead of its storage, and so far behind it, ms. */
const AHEAD_MS = 86_400_000;
const BEHIND_MS = 30 * 86_400_000;
const MAX_ACCOUNT = 64;

/** What was told of one message. */
export interface ToldConversion {
  readonly messageId: string;
  readonly accountId: string;
  readonly converted: boolean;
  /** When the broker stored it, epoch ms. */
  readonly toldAt: number;
}

/** Conversions gathered as rows of the table `conversions`. */
export class ConversionBlock implements SinkBlock {
  /** By message and account, the better word of several. */
  readonly told = new Map<string, ToldConversion>();
  rows = 0;
  private readonly codecs: Pick<SluiceCodecs, "conversion" | "loadSchema">;
  private readonly content = new RowBinary(4_096);

  constructor(codecs: Pick<SluiceCodecs, "conversion" | "loadSchema">) {
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
    const decoded = this.codecs.conversion.decode(record.value);
    if (!decoded.ok) return undecoded(decoded, this.codecs);
    const wrong = whatIsWrong(decoded.value, record.timestamp);
    if (wrong !== undefined) return { refused: "invalid", detail: wrong };
    this.write(decoded.value, record.timestamp);
    return "added";
  }

  private write({ messageId, accountId, converted, at }: Conversion, toldAt: number): void {
    this.content.uuid(messageId);
    this.content.string(accountId);
    this.content.int64(toldAt);
    this.content.nullableInt64(converted ? at : null);
    this.rows++;
    const key = conversionKey(messageId, accountId);
    const before = this.told.get(key);
    if (before === undefined || (converted && !before.converted))
      this.told.set(key, { messageId, accountId, converted, toldAt: before?.toldAt ?? toldAt });
  }
}

/** What one account tells of one message. */
export function conversionKey(messageId: string, accountId: string): string {
  return `${messageId}/${accountId}`;
}

/** Anybody may write into the topic. */
function whatIsWrong({ messageId, accountId, at }: Conversion, toldAt: number): string | undefined {
  if (!isMessageId(messageId)) return "messageId is no UUID in lower case";
  if (accountId === "" || accountId.length > MAX_ACCOUNT) return `accountId has no 1 to ${MAX_ACCOUNT} characters`;
  if (at > toldAt + AHEAD_MS) return "at lies in the future: it is when the message was converted, or given up";
  return at < toldAt - BEHIND_MS ? "at lies more than 30 days back" : undefined;
}
