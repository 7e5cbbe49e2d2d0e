import type { ClickhouseReader, Rows } from "./clickhouse-reader.ts";
import { type Costs, MESSAGE_STATUSES, SCHEDULED_STATUS } from "./message-status.ts";

/** Statuses of messages that ClickHouse knows of; what has just been accepted it does not have yet. */
export const LISTED_STATUSES: readonly string[] = MESSAGE_STATUSES.filter((status) => status !== "accepted");

/** A message to one destination, as a list shows it; empty texts, and null for times, stand for what is not known. */
export interface ListedMessage {
  readonly id: string;
  /** One of `MESSAGE_STATUSES`. */
  readonly status: string;
  readonly final: boolean;
  /** E.164 with the plus. */
  readonly to: string;
  readonly from: string;
  readonly lane: string;
  readonly country: string;
  readonly encoding: string;
  readonly segments: number;
  readonly reference: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** RFC 3339, UTC, as all times here. */
  readonly acceptedAt: string;
  /** When its time comes; only while it is scheduled. */
  readonly sendAt: string | null;
  readonly updatedAt: string;
  readonly submittedAt: string | null;
  readonly finishedAt: string | null;
  readonly attempts: number;
  readonly provider: string;
  /** By currency, which are never added. */
  readonly costs: Costs;
  readonly errorClass: string;
  readonly errorCode: string;
  readonly reason: string;
}

/** Which messages are listed; what is left out is not asked for. */
export interface ListFilter {
  readonly account: string;
  /** E.164 digits. */
  readonly to?: string | undefined;
  readonly reference?: string | undefined;
  /** Labels (metadata) that it must have, with these values. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly lane?: string | undefined;
  /** One of `LISTED_STATUSES`. */
  readonly status?: string | undefined;
  /** Accepted at this time or later, and before that one; epoch ms. */
  readonly from?: number | undefined;
  readonly until?: number | undefined;
}

/** A place in a list, which is ordered by the time of acceptance, then by id, the greatest first, then by destination. */
export interface ListPlace {
  /** Epoch ms. */
  readonly acceptedAt: number;
  readonly id: string;
  /** E.164 digits of what was given last of this message; undefined: all of it was given, or looked at. */
  readonly destination?: string | undefined;
}

export interface MessagePage {
  readonly messages: readonly ListedMessage[];
  /** Where the next page begins; undefined: there is nothing more. */
  readonly next?: ListPlace | undefined;
}

/** Messages of one page. */
export const LIST_PAGE = { usual: 50, most: 100 } as const;
/** Messages of an account, a number or a reference that are looked at for one page, where the other filters leave few of them. */
export const MOST_LOOKED_AT = 500;
const LOOKED_AT_ONCE = 100;
/** A message may be handed in for 35 days ahead, and its day is cut where it ends; ms. */
const LONGEST_WAIT_MS = 36 * 86_400_000;
const BEGINNING = 0;
/** What a DateTime64(3) of ClickHouse can hold, epoch ms. */
export const LAST_MOMENT = Date.UTC(2299, 11, 31);
/** Behind all ids. */
export const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** A message among those of an account, a number or a reference. */
interface Candidate {
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
}

interface Row extends Omit<ListedMessage, "to" | "status" | "final" | "sendAt"> {
  readonly at: number;
  readonly destination: string;
  readonly state: string;
  readonly final: number;
}

/**
 * The rows of one key stand in the order of the list, so that no more than a page is read (026-messages-of-accounts.sql); a row may be there twice until parts are merged. With LIMIT BY, which would leave
 * the second one out, ClickHouse 26.7 reads on behind the page: 51,008 rows of 200,000 in place of 832.
 */
const CANDIDATES = `
  SELECT toString(message_id) AS id, toFloat64(toUnixTimestamp64Milli(accepted_at)) AS at
  FROM message_keys
  WHERE key = sipHash64({kind:String}, {value:String})
    AND accepted_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND accepted_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
    AND accepted_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
    AND (accepted_at < fromUnixTimestamp64Milli({at:Int64}, 'UTC') OR message_id < {id:UUID} OR ({same:UInt8} AND message_id = {id:UUID}))
  ORDER BY accepted_at DESC, message_id DESC
  LIMIT ${LOOKED_AT_ONCE}
  SETTINGS optimize_read_in_order = 1, max_block_size = 1024`;

const MESSAGES = `
  SELECT toString(message_id) AS id, toFloat64(toUnixTimestamp64Milli(accepted_at)) AS at, lane, country, destination, sender AS \`from\`, encoding,
    segments, reference, metadata, state, final, provider, attempts, accepted_at AS acceptedAt, updated_at AS updatedAt, submitted_at AS submittedAt,
    finished_at AS finishedAt, mapApply((currency, amount) -> (currency, toString(amount)), costs) AS costs, error_class AS errorClass,
    error_code AS errorCode, reason
  FROM messages_latest
  WHERE (message_id, accepted_at) IN
    (
      SELECT tupleElement(one, 1), tupleElement(one, 2)
      FROM (SELECT arrayJoin(arrayZip({ids:Array(UUID)}, arrayMap(at -> fromUnixTimestamp64Milli(toInt64(at), 'UTC'), {times:Array(String)}))) AS one)
    )
    AND account = {account:String}
    AND ({to:String} = '' OR destination = {to:String})
    AND ({reference:String} = '' OR reference = {reference:String})
    AND ({lane:String} = '' OR lane = {lane:String})
    AND ({state:String} = '' OR state = {state:String})
    AND ({waiting:String} = '' OR (error_class = '') = ({waiting:String} = 'yes'))
    AND arrayAll((name, value) -> mapContains(metadata, name) AND metadata[name] = value, {names:Array(String)}, {values:Array(String)})
    AND NOT (accepted_at = fromUnixTimestamp64Milli({at:Int64}, 'UTC') AND message_id = {id:UUID} AND destination <= {destination:String})
  ORDER BY accepted_at DESC, message_id DESC, destination
  LIMIT {most:UInt32}`;

/** The last event of a message that waits is the one that says until when: it stands in the hour of updated_at. */
const DUE = `
  SELECT toString(message_id) AS id, destination, argMax(due, at) AS due
  FROM events
  WHERE (toStartOfHour(at), message_id) IN
    (
      SELECT tupleElement(one, 1), tupleElement(one, 2)
      FROM (SELECT arrayJoin(arrayZip(arrayMap(at -> toStartOfHour(parseDateTime64BestEffort(at, 3, 'UTC')), {times:Array(String)}), {ids:Array(UUID)})) AS one)
    )
    AND type = 'postponed' AND account = {account:String}
  GROUP BY message_id, destination`;

/**
 * An account's messages, the newest first, as ClickHouse has them: some seconds behind. What is looked at is bounded: a page may have fewer messages than asked
 * for, or none, and still be followed by another one. Pages stay as they were when messages come in meanwhile.
 * @param limit 1 to `LIST_PAGE.most`
 * @throws SluiceError `LOOKUPS_FULL` (throttled), `STATUS_UNAVAILABLE` (transient), `LOOKUP_TOO_LARGE` (permanent)
 */
export async function listMessages(
  reader: Pick<ClickhouseReader, "lookUp">,
  filter: ListFilter,
  limit: number,
  after?: ListPlace,
): Promise<MessagePage> {
  return await reader.lookUp(async (rows) => {
    const found: Row[] = [];
    let place = after;
    for (let looked = 0; looked < MOST_LOOKED_AT; looked += LOOKED_AT_ONCE) {
      const candidates = await candidatesOf(rows, filter, place);
      const wanted = limit - found.length;
      const some = candidates.length === 0 ? [] : await messagesOf(rows, filter, candidates, wanted + 1, place);
      found.push(...some.slice(0, wanted));
      if (some.length > wanted) return await pageOf(rows, filter, found, placeOf(found.at(-1)!));
      const last = candidates.at(-1);
      if (last === undefined || candidates.length < LOOKED_AT_ONCE) return await pageOf(rows, filter, found);
      place = { acceptedAt: last.at, id: last.id };
      if (found.length === limit) break;
    }
    return await pageOf(rows, filter, found, place);
  });
}

function placeOf({ at, id, destination }: Row): ListPlace {
  return { acceptedAt: at, id, destination };
}

/** By what has the fewest: a reference, a number, or the account's own. */
function candidatesOf(rows: Rows, filter: ListFilter, place: ListPlace | undefined): Promise<Candidate[]> {
  const { account, to, reference, status, from, until } = filter;
  const since = status === SCHEDULED_STATUS ? Date.now() - LONGEST_WAIT_MS : BEGINNING;
  const stretch = {
    from: String(Math.max(from ?? BEGINNING, since)),
    until: String(until ?? LAST_MOMENT),
    at: String(place?.acceptedAt ?? LAST_MOMENT),
    id: place?.id ?? LAST_ID,
    same: place?.destination === undefined ? "0" : "1",
  };
  if (reference !== undefined) return rows(CANDIDATES, { ...stretch, kind: "reference", value: reference });
  if (to !== undefined) return rows(CANDIDATES, { ...stretch, kind: "destination", value: to });
  return rows(CANDIDATES, { ...stretch, kind: status === SCHEDULED_STATUS ? "waiting" : "account", value: account });
}

function messagesOf(
  rows: Rows,
  { account, to = "", reference = "", labels = {}, lane = "", status }: ListFilter,
  candidates: readonly Candidate[],
  most: number,
  place: ListPlace | undefined,
): Promise<Row[]> {
  return rows<Row>(MESSAGES, {
    ...{ account, to, reference, lane, most: String(most) },
    ...stateOf(status),
    ids: candidates.map(({ id }) => id),
    times: candidates.map(({ at }) => String(at)),
    names: Object.keys(labels),
    values: Object.values(labels),
    at: String(place?.acceptedAt ?? LAST_MOMENT),
    id: place?.id ?? LAST_ID,
    destination: place?.destination ?? "",
  });
}

/** A message that waits for its time is postponed, as one is that no provider can take now; that one has an error. */
function stateOf(status: string | undefined): { readonly state: string; readonly waiting: string } {
  if (status === SCHEDULED_STATUS) return { state: "postponed", waiting: "yes" };
  return { state: status ?? "", waiting: status === "postponed" ? "no" : "" };
}

async function pageOf(
  rows: Rows,
  { account }: ListFilter,
  found: readonly Row[],
  next?: ListPlace,
): Promise<MessagePage> {
  const waiting = found.filter(isWaiting);
  const due = new Map<string, string | null>();
  if (waiting.length > 0) {
    const times = waiting.map(({ updatedAt }) => updatedAt);
    const ids = waiting.map(({ id }) => id);
    const told = await rows<{ id: string; destination: string; due: string | null }>(DUE, { times, ids, account });
    for (const one of told) due.set(`${one.id}/${one.destination}`, one.due);
  }
  const messages = found.map((row) => listed(row, due.get(`${row.id}/${row.destination}`) ?? null));
  return next === undefined ? { messages } : { messages, next };
}

function isWaiting({ state, errorClass }: Row): boolean {
  return state === "postponed" && errorClass === "";
}

function listed(row: Row, sendAt: string | null): ListedMessage {
  const { at: _, destination, state, final, ...rest } = row;
  const status = isWaiting(row) ? SCHEDULED_STATUS : state;
  return { ...rest, status, final: final === 1, to: `+${destination}`, sendAt };
}
