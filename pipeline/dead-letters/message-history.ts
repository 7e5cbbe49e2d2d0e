import { idForms } from "../../domain/receipts/provider-message-id.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Event } from "../../schemas/generated/types.ts";
import { EVENT_SINK_GROUP } from "../../schemas/groups.ts";
import { EVENTS_TOPIC } from "../../schemas/topics.ts";
import type { ClickhouseReader, QueryParameters } from "../read-model/clickhouse-reader.ts";
import type { SluiceCodecs } from "../records/codecs.ts";
import { readDecoded } from "../records/read-decoded.ts";

/** A message to one destination (E.164 digits). */
export interface MessageKey {
  readonly messageId: string;
  readonly to: string;
}

/** An event of a message, as far as it says what became of it. */
export interface KnownEvent extends MessageKey {
  readonly type: string;
  readonly attempt: number;
  readonly provider: string;
  readonly state: string;
  readonly providerMessageIds: readonly string[];
  readonly partition: number;
  readonly offset: number;
}

/** A receipt's submission is looked for by these; `to` may be empty. */
export interface ReceiptKey {
  readonly provider: string;
  readonly providerMessageId: string;
  readonly to: string;
}

/** What became of messages. */
export interface MessageHistory {
  /** All events of these messages, as they stand in the log now, in its order; by `messageText`. */
  of(keys: readonly MessageKey[]): Promise<Map<string, KnownEvent[]>>;
  /** The submissions that receipts may belong to: one list a receipt, in their order. */
  submissionsOf(receipts: readonly ReceiptKey[]): Promise<KnownEvent[][]>;
}

export interface LogHistoryOptions {
  readonly clickhouse: Pick<ClickhouseReader, "lookUp">;
  /** It knows sms.events. */
  readonly reader: Pick<TopicReader, "watermarks" | "committed" | "readRange">;
  readonly codecs: Pick<SluiceCodecs, "event" | "loadSchema">;
}

/** Stretch of the log that is decoded at a time, offsets. */
const STEP = 5_000;
/** A sink that is further behind is looked after first: the log would be read for minutes. Offsets, of all partitions that are read. */
const MAX_BEHIND = 2_000_000;
/** Events of one question, in ClickHouse and in the log each. */
const MAX_EVENTS = 50_000;

const COLUMNS = `toString(message_id) AS messageId, destination AS to, toString(type) AS type, attempt, toString(provider) AS provider,
  toString(state) AS state, provider_message_ids AS providerMessageIds, log_partition AS partition, log_offset AS offset`;
/** By the number as well: one id may have been given to any number of destinations. */
const BY_MESSAGE = `SELECT ${COLUMNS} FROM events
  WHERE message_id IN {ids:Array(UUID)} AND destination IN {to:Array(String)}
  LIMIT ${MAX_EVENTS}`;
const BY_RECEIPT = `SELECT ${COLUMNS} FROM events
  WHERE type = 'submitted' AND provider IN {providers:Array(String)}
    AND (destination IN {to:Array(String)} OR hasAny(provider_id_keys, {ids:Array(String)}))
  LIMIT ${MAX_EVENTS}`;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function messageText({ messageId, to }: MessageKey): string {
  return `${messageId}/${to}`;
}

/**
 * What stands in ClickHouse, and in the log beyond what the sink has stored: together exactly the log as of the call. Without
 * ClickHouse nothing is known.
 */
export class LogHistory implements MessageHistory {
  private readonly options: LogHistoryOptions;
  private readonly absent = new Set<number>();

  constructor(options: LogHistoryOptions) {
    this.options = options;
  }

  async of(keys: readonly MessageKey[]): Promise<Map<string, KnownEvent[]>> {
    const wanted = new Set(keys.map(messageText));
    const found = new Map<string, Map<string, KnownEvent>>();
    if (wanted.size === 0) return new Map();
    const take = (event: KnownEvent) => {
      const key = messageText(event);
      if (!wanted.has(key)) return;
      const events = found.get(key) ?? new Map<string, KnownEvent>();
      events.set(`${event.partition}/${event.offset}`, event);
      found.set(key, events);
    };
    // The tail begins where the sink has committed by now, so it is looked up before the rows.
    const tail = await this.tail(
      keys.map(({ to }) => to),
      (event) => wanted.has(messageText(event)),
    );
    const ids = keys.map(({ messageId }) => messageId).filter((id) => UUID.test(id));
    const rows = await this.rows(BY_MESSAGE, { ids, to: keys.map(({ to }) => to) });
    for (const row of rows) take(row);
    for (const event of tail) take(event);
    return new Map([...found].map(([key, events]) => [key, [...events.values()].sort(byPlace)]));
  }

  async submissionsOf(receipts: readonly ReceiptKey[]): Promise<KnownEvent[][]> {
    if (receipts.length === 0) return [];
    const wanted = new Set(receipts.flatMap((receipt) => formsOf(receipt.provider, [receipt.providerMessageId])));
    const tail = await this.tail(
      receipts.map(({ to }) => to),
      ({ type, provider, providerMessageIds }) =>
        type === "submitted" && formsOf(provider, providerMessageIds).some((form) => wanted.has(form)),
    );
    const rows = await this.rows(BY_RECEIPT, {
      providers: [...new Set(receipts.map(({ provider }) => provider))],
      to: receipts.map(({ to }) => to).filter((to) => to !== ""),
      ids: receipts.flatMap(({ providerMessageId }) => idForms(providerMessageId)),
    });
    const submitted = [...rows, ...tail];
    return receipts.map(({ provider, providerMessageId, to }) => {
      const forms = new Set(idForms(providerMessageId));
      return submitted.filter(
        (event) =>
          event.provider === provider &&
          (to === "" || event.to === to) &&
          event.providerMessageIds.some((id) => idForms(id).some((form) => forms.has(form))),
      );
    });
  }

  private async rows(query: string, parameters: QueryParameters): Promise<KnownEvent[]> {
    type Row = Omit<KnownEvent, "offset"> & { readonly offset: string | number };
    const found = await this.options.clickhouse.lookUp((rows) => rows<Row>(query, parameters));
    if (found.length >= MAX_EVENTS) throw tooLong("ClickHouse");
    return found.map((row) => ({ ...row, offset: Number(row.offset) }));
  }

  /**
   * Events that the sink may not have stored yet, of these numbers' partitions; of all, where a number is not known. Only those that
   * `keep` wants are kept: the others may be two million.
   */
  private async tail(numbers: readonly string[], keep: (event: KnownEvent) => boolean): Promise<KnownEvent[]> {
    const { reader } = this.options;
    const stored = await reader.committed(EVENT_SINK_GROUP, EVENTS_TOPIC);
    // How many partitions there are is not taken from a setting: with a wrong one, a message's events would be looked for elsewhere.
    const marks = await reader.watermarks(EVENTS_TOPIC);
    const all = numbers.some((to) => !/^\d+$/.test(to));
    const wanted = all ? [...marks.keys()] : [...new Set(numbers.map((to) => partitionFor(to, marks.length)))];
    const parts = wanted.map((partition) => {
      const { low, high } = marks[partition] ?? { low: 0, high: 0 };
      const from = stored[partition] ?? -1;
      if (from < low && low > 0)
        throw new SluiceError(
          `sms.events/${partition}: offsets ${Math.max(from, 0)} to ${low} are gone and not in ClickHouse, so nobody can tell what became of its messages`,
          { code: "HISTORY_GONE" },
        );
      return { partition, from: Math.max(from, low), high };
    });
    const behind = parts.reduce((sum, { from, high }) => sum + Math.max(0, high - from), 0);
    if (behind > MAX_BEHIND)
      throw new SluiceError(
        `analytics-sink is ${behind} events behind in ${parts.length} partitions of sms.events; let it catch up first`,
        { code: "HISTORY_BEHIND", class: "transient" },
      );
    const found: KnownEvent[] = [];
    for (const { partition, from, high } of parts)
      for (let at = from; at < high; at += STEP) {
        for (const event of await this.stretch(partition, at, Math.min(at + STEP, high)))
          if (keep(event)) found.push(event);
        if (found.length >= MAX_EVENTS) throw tooLong("sms.events");
      }
    return found;
  }

  private async stretch(partition: number, from: number, to: number): Promise<KnownEvent[]> {
    const { reader, codecs } = this.options;
    const found: KnownEvent[] = [];
    const take = (event: Event, { offset }: InRecord) => void found.push(knownEvent(event, partition, offset));
    await readDecoded(
      { topic: EVENTS_TOPIC, partition, from, to },
      {
        ...{ reader, codec: codecs.event, absent: this.absent, take },
        loadSchema: (id) => codecs.loadSchema(id),
        unreadable: () => {},
      },
    );
    return found;
  }
}

function knownEvent(
  { facts, type, attempt, provider, state, providerMessageIds }: Event,
  partition: number,
  offset: number,
): KnownEvent {
  const { messageId, to } = facts;
  const known = { type, attempt, provider: provider ?? "", state: state ?? "", providerMessageIds };
  return { ...known, messageId, to, partition, offset };
}

/** By provider and form, whatever the notation. */
function formsOf(provider: string, ids: readonly string[]): string[] {
  return ids.flatMap((id) => idForms(id).map((form) => `${provider} ${form}`));
}

function tooLong(where: string): SluiceError {
  const message = `these letters may concern ${MAX_EVENTS} events or more in ${where}: replay fewer letters at a time`;
  return new SluiceError(message, { code: "HISTORY_TOO_LONG" });
}

function byPlace(a: KnownEvent, b: KnownEvent): number {
  return a.partition - b.partition || a.offset - b.offset;
}
