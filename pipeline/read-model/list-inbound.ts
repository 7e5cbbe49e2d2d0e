import { type InboundData, shownNumber } from "../records/inbound-data.ts";
import type { ClickhouseReader } from "./clickhouse-reader.ts";
import { LAST_ID, LAST_MOMENT, type ListPlace } from "./list-messages.ts";

/** Which messages from handsets are listed; what is left out is not asked for. */
export interface InboundFilter {
  readonly account: string;
  /** The handset: E.164 digits, or as the provider gave it. */
  readonly number?: string | undefined;
  /** The account's number or short code, digits. */
  readonly to?: string | undefined;
  /** Received at this time or later, and before that one; epoch ms. */
  readonly from?: number | undefined;
  readonly until?: number | undefined;
}

export interface InboundPage {
  readonly messages: readonly InboundData[];
  /** Where the next page begins; undefined: there is nothing more. */
  readonly next?: ListPlace | undefined;
}

interface Row {
  readonly id: string;
  readonly at: number;
  readonly handset: string;
  readonly number: string;
  readonly text: string;
  readonly binary: string;
  readonly receivedAt: string;
  readonly segments: number;
  readonly missing: number;
  readonly media: readonly string[];
  readonly optOut: string;
}

/** The rows of an account stand in the order of the list. One that is there twice until parts are merged is given once. */
const MESSAGES = `
  SELECT toString(message_id) AS id, toFloat64(toUnixTimestamp64Milli(received_at)) AS at, handset, number, text, binary, received_at AS receivedAt,
    segments, missing, media, opt_out AS optOut
  FROM inbound
  WHERE account = {account:String}
    AND received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND received_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
    AND ({number:String} = '' OR handset = {number:String})
    AND ({to:String} = '' OR number = {to:String})
    AND received_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
    AND (received_at < fromUnixTimestamp64Milli({at:Int64}, 'UTC') OR message_id < {id:UUID})
  ORDER BY received_at DESC, message_id DESC
  LIMIT 1 BY message_id
  LIMIT {most:UInt32}`;

/**
 * What handsets have sent to an account's numbers, the newest first, as ClickHouse has it: some seconds behind, and for a week. Pages stay as they were when
 * messages come in meanwhile.
 * @param limit 1 to `LIST_PAGE.most`
 * @throws SluiceError `LOOKUPS_FULL` (throttled), `STATUS_UNAVAILABLE` (transient), `LOOKUP_TOO_LARGE` (permanent)
 */
export async function listInbound(
  reader: Pick<ClickhouseReader, "lookUp">,
  { account, number = "", to = "", from = 0, until = LAST_MOMENT }: InboundFilter,
  limit: number,
  after?: ListPlace,
): Promise<InboundPage> {
  const found = await reader.lookUp((rows) =>
    rows<Row>(MESSAGES, {
      ...{ account, number, to, from: String(from), until: String(until) },
      at: String(after?.acceptedAt ?? LAST_MOMENT),
      id: after?.id ?? LAST_ID,
      most: String(limit + 1),
    }),
  );
  const messages = found.slice(0, limit).map((row) => listed(account, row));
  const last = found[limit - 1];
  return found.length <= limit || last === undefined
    ? { messages }
    : { messages, next: { acceptedAt: last.at, id: last.id } };
}

function listed(account: string, row: Row): InboundData {
  const { id, handset, number, text, binary, receivedAt, segments, missing, media, optOut } = row;
  return {
    ...{ id, account, from: shownNumber(handset), to: shownNumber(number), text },
    binary: binary === "" ? null : binary,
    ...{ receivedAt, segments, missing, media },
    optOut: optOut === "" ? null : optOut,
  };
}
