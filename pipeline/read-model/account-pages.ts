import type { ClickhouseReader, Rows } from "./clickhouse-reader.ts";
import { type Costs, SCHEDULED_STATUS } from "./message-status.ts";

/** A message as a list of an account's messages shows it; empty texts stand for what is not known. */
export interface ListedMessage {
  readonly id: string;
  /** E.164 with the plus. */
  readonly to: string;
  /** As it was requested; empty: the account's or the provider's own. */
  readonly from: string;
  /** One of `MESSAGE_STATUSES`. */
  readonly status: string;
  readonly final: boolean;
  readonly segments: number;
  /** RFC 3339, UTC, as all its times. */
  readonly acceptedAt: string;
  readonly updatedAt: string;
  readonly submittedAt: string | undefined;
  readonly costs: Costs;
  readonly errorClass: string;
  readonly errorCode: string;
  readonly reason: string;
}

/** A place in a list, which goes from the newest message to the oldest, and among those of one millisecond by their ids. */
export interface ListPlace {
  /** Epoch ms. */
  readonly acceptedAt: number;
  readonly id: string;
}

export interface ListQuery {
  /** Only to this destination, E.164 digits. */
  readonly to?: string | undefined;
  /** Only from one of these senders. */
  readonly senders?: readonly string[] | undefined;
  /** Accepted at this moment or later, epoch ms. */
  readonly since?: number | undefined;
  /** Accepted at this moment or earlier, epoch ms. */
  readonly until?: number | undefined;
  /** Only what comes behind this place. */
  readonly after?: ListPlace | undefined;
  /** Messages at the most, 1 to `MAX_LISTED`. */
  readonly limit: number;
}

export interface ListedPage {
  readonly messages: readonly ListedMessage[];
  /** Where the next page begins; undefined: there is none. A page may have fewer messages than it might, and still be followed by others. */
  readonly next: ListPlace | undefined;
}

/** Messages of one page. */
export const MAX_LISTED = 1_000;
/** Messages that are looked at for a page of which not all fit: a sender has no index. */
const LOOKED_AT = 1_000;

const AT = (parameter: string) => `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`;

/** By the rows of one key, which stand in the order of acceptance: what lies before and behind a page is not read (026-messages-of-accounts.sql). */
const CANDIDATES = `
  SELECT toString(message_id) AS id, toUnixTimestamp64Milli(accepted_at) AS at FROM message_keys
  WHERE key = sipHash64({kind:String}, {value:String}) AND accepted_at >= ${AT("since")} AND accepted_at <= ${AT("until")}
    AND (accepted_at < ${AT("afterAt")} OR (accepted_at = ${AT("afterAt")} AND toString(message_id) < {afterId:String}))
  ORDER BY accepted_at DESC, toString(message_id) DESC
  LIMIT 1 BY accepted_at, message_id
  LIMIT {most:UInt32}`;

const MESSAGES = `
  SELECT toString(message_id) AS id, destination, sender, state, final, segments, accepted_at, updated_at, submitted_at,
    mapApply((currency, amount) -> (currency, toString(amount)), costs) AS costs, error_class, error_code, reason
  FROM messages_latest
  WHERE (message_id, accepted_at) IN
    (
      SELECT place.1, fromUnixTimestamp64Milli(toInt64(place.2), 'UTC')
      FROM (SELECT arrayJoin(arrayZip({ids:Array(UUID)}, {times:Array(String)})) AS place)
    )
    AND account = {account:String} AND ({to:String} = '' OR destination = {to:String})
    AND (empty({senders:Array(String)}) OR has({senders:Array(String)}, sender))
  ORDER BY accepted_at DESC, id DESC, destination
  LIMIT 1 BY accepted_at, id`;

const KNOWN = `
  SELECT DISTINCT toString(message_id) AS id FROM message_keys
  WHERE key IN (SELECT sipHash64('message id', arrayJoin({ids:Array(String)})))`;

interface Candidate {
  readonly id: string;
  /** Epoch ms; 64-bit integers come as texts. */
  readonly at: string | number;
}

interface Row {
  readonly id: string;
  readonly destination: string;
  readonly sender: string;
  readonly state: string;
  readonly final: number;
  readonly segments: number;
  readonly accepted_at: string;
  readonly updated_at: string;
  readonly submitted_at: string | null;
  readonly costs: Costs;
  readonly error_class: string;
  readonly error_code: string;
  readonly reason: string;
}

/** Where an account's messages are listed. Like `StatusSource` it throws when it cannot be looked up now. */
export interface MessagePages {
  list(account: string, query: ListQuery): Promise<ListedPage>;
  /** The account's own message; of an id that stands for several, the oldest to the lowest number. */
  find(account: string, id: string): Promise<ListedMessage | undefined>;
  /** Which of these ids it has, whosever they are. */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Later than any message, and no later than DateTime64 goes, epoch ms. */
const EVER = Date.UTC(2200, 0, 1);
const FIRST: ListPlace = { acceptedAt: EVER, id: "" };

/** Lists an account's messages by its own index in ClickHouse, a page at a time, newest first. */
export class ClickhouseMessages implements MessagePages {
  private readonly reader: Pick<ClickhouseReader, "lookUp">;

  constructor(reader: Pick<ClickhouseReader, "lookUp">) {
    this.reader = reader;
  }

  list(account: string, query: ListQuery): Promise<ListedPage> {
    const { limit, to, senders = [], since = 0, until = EVER, after = FIRST } = query;
    return this.reader.lookUp(async (rows) => {
      const most = to === undefined && senders.length === 0 ? limit : Math.max(limit, LOOKED_AT);
      const candidates = await rows<Candidate>(CANDIDATES, {
        ...(to === undefined ? { kind: "account", value: account } : { kind: "destination", value: to }),
        ...{ since: String(since), until: String(Math.min(until, EVER)), most: String(most) },
        ...{ afterAt: String(after.acceptedAt), afterId: after.id },
      });
      const found = await messagesOf(rows, account, candidates, { to, senders });
      const messages = found.slice(0, limit);
      const last = candidates.at(-1);
      if (found.length > limit) return { messages, next: placeOf(messages.at(-1)!) };
      const mayBeMore = candidates.length === most && last !== undefined;
      return { messages, next: mayBeMore ? { acceptedAt: Number(last.at), id: last.id } : undefined };
    });
  }

  find(account: string, id: string): Promise<ListedMessage | undefined> {
    return this.reader.lookUp(async (rows) => {
      const candidates = await rows<Candidate>(CANDIDATES, {
        ...{ kind: "message id", value: id, since: "0", until: String(EVER), most: String(LOOKED_AT) },
        ...{ afterAt: String(EVER), afterId: "" },
      });
      return (await messagesOf(rows, account, candidates)).at(-1);
    });
  }

  known(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return Promise.resolve(new Set());
    return this.reader.lookUp(async (rows) => {
      const found = await rows<{ id: string }>(KNOWN, { ids: [...ids] });
      return new Set(found.map(({ id }) => id));
    });
  }
}

export function placeOf({ id, acceptedAt }: Pick<ListedMessage, "id" | "acceptedAt">): ListPlace {
  return { id, acceptedAt: Date.parse(acceptedAt) };
}

/** Whether a place comes behind another one. */
export function isBehind(place: ListPlace, other: ListPlace): boolean {
  return place.acceptedAt === other.acceptedAt ? place.id < other.id : place.acceptedAt < other.acceptedAt;
}

async function messagesOf(
  rows: Rows,
  account: string,
  candidates: readonly Candidate[],
  { to = "", senders = [] }: { readonly to?: string | undefined; readonly senders?: readonly string[] } = {},
): Promise<ListedMessage[]> {
  if (candidates.length === 0) return [];
  const ids = candidates.map(({ id }) => id);
  const times = candidates.map(({ at }) => String(at));
  return (await rows<Row>(MESSAGES, { ids, times, account, to, senders: [...senders] })).map(listed);
}

function listed(row: Row): ListedMessage {
  return {
    id: row.id,
    to: `+${row.destination}`,
    from: row.sender,
    // As in unfinished-messages: without a class of error it is its time that it waits for.
    status: row.state === "postponed" && row.error_class === "" ? SCHEDULED_STATUS : row.state,
    final: row.final === 1,
    segments: row.segments,
    acceptedAt: row.accepted_at,
    updatedAt: row.updated_at,
    submittedAt: row.submitted_at ?? undefined,
    costs: row.costs,
    errorClass: row.error_class,
    errorCode: row.error_code,
    reason: row.reason,
  };
}
