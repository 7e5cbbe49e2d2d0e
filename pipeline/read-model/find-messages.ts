import { idForms } from "../../domain/receipts/provider-message-id.ts";
import type { ClickhouseReader, Rows } from "./clickhouse-reader.ts";
import type { Costs } from "./message-status.ts";

/** By which of a message's ids it was found. */
export type FoundBy = "message-id" | "reference" | "provider-id";

/** A message to one destination, as a list of findings shows it; empty strings stand for what is not known. */
export interface FoundMessage {
  readonly foundBy: FoundBy;
  readonly id: string;
  readonly account: string;
  readonly lane: string;
  readonly country: string;
  readonly network: string;
  /** E.164 with the plus. */
  readonly to: string;
  readonly sender: string;
  readonly reference: string;
  /** One of `MESSAGE_STATUSES`. */
  readonly status: string;
  readonly final: boolean;
  readonly provider: string;
  readonly route: string;
  readonly attempts: number;
  readonly segments: number;
  /** RFC 3339, UTC. */
  readonly acceptedAt: string;
  readonly updatedAt: string;
  /** By currency, which are never added. */
  readonly costs: Costs;
}

export interface FindMessagesOptions {
  /** Only this account's. */
  readonly account?: string;
}

/** Messages that are shown at the most, newest first: a reference may stand for any number. */
export const MAX_FOUND = 100;
/** Our ids, references and providers' ids are shorter; what is longer is not looked for. */
export const MAX_ID_LENGTH = 256;

/** Messages of one provider's id that are looked at: short ids may be many providers'. */
const MAX_OF_PROVIDER_ID = 1_000;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const BY_REFERENCE = `
  SELECT toString(message_id) AS id FROM message_keys
  WHERE key = sipHash64('reference', {reference:String})
  GROUP BY message_id
  ORDER BY max(accepted_at) DESC
  LIMIT ${MAX_FOUND}`;

/** provider_id_keys has what canonicalId gives of each id; keys: the idForms of the one that is sought. */
const BY_PROVIDER_ID = `
  SELECT toString(message_id) AS id FROM events
  WHERE type = 'submitted' AND hasAny(provider_id_keys, {keys:Array(String)})
    AND (toStartOfHour(at), message_id) IN
    (
      SELECT toStartOfHour(at), message_id FROM message_keys
      WHERE key IN (SELECT sipHash64('provider id', arrayJoin({keys:Array(String)})))
      ORDER BY accepted_at DESC
      LIMIT ${MAX_OF_PROVIDER_ID}
    )
  GROUP BY message_id
  ORDER BY max(at) DESC
  LIMIT ${MAX_FOUND}`;

const MESSAGES = `
  SELECT toString(message_id) AS id, account, lane, country, network, destination, sender, reference, state, final, provider, route,
    attempts, segments, accepted_at, updated_at, mapApply((currency, amount) -> (currency, toString(amount)), costs) AS costs
  FROM messages_latest
  WHERE (message_id, accepted_at) IN
    (
      SELECT message_id, accepted_at FROM message_keys
      WHERE key IN (SELECT sipHash64('message id', arrayJoin({ids:Array(String)})))
    ) AND ({account:String} = '' OR account = {account:String})
  ORDER BY accepted_at DESC, id, destination
  LIMIT ${MAX_FOUND}`;

interface Row {
  readonly id: string;
  readonly account: string;
  readonly lane: string;
  readonly country: string;
  readonly network: string;
  readonly destination: string;
  readonly sender: string;
  readonly reference: string;
  readonly state: string;
  readonly final: number;
  readonly provider: string;
  readonly route: string;
  readonly attempts: number;
  readonly segments: number;
  readonly accepted_at: string;
  readonly updated_at: string;
  readonly costs: Costs;
}

/**
 * Messages by whatever id somebody holds: ours, the customer's reference, or the provider's id as its portal shows it; newest first, at most
 * `MAX_FOUND`, of the newest `MAX_FOUND` ids that fit.
 * @throws SluiceError `LOOKUPS_FULL` (throttled), `STATUS_UNAVAILABLE` (transient)
 */
export async function findMessages(
  reader: Pick<ClickhouseReader, "lookUp">,
  text: string,
  { account = "" }: FindMessagesOptions = {},
): Promise<FoundMessage[]> {
  const sought = text.trim();
  if (sought === "" || sought.length > MAX_ID_LENGTH) return [];
  return await reader.lookUp(async (rows) => {
    const ways = await idsOf(rows, sought);
    if (ways.size === 0) return [];
    const found = await rows<Row>(MESSAGES, { ids: [...ways.keys()], account });
    // Keys are hashes: that a message has this reference, its row says.
    return found
      .map((row) => foundMessage(row, ways.get(row.id) ?? "reference"))
      .filter(({ foundBy, reference }) => foundBy !== "reference" || reference === sought);
  });
}

/** Ids of messages with the surest way by which each is found. */
async function idsOf(rows: Rows, sought: string): Promise<Map<string, FoundBy>> {
  const [byReference, byProviderId] = await Promise.all([
    rows<{ id: string }>(BY_REFERENCE, { reference: sought }),
    rows<{ id: string }>(BY_PROVIDER_ID, { keys: idForms(sought) }),
  ]);
  const ways = new Map<string, FoundBy>();
  for (const { id } of byProviderId) ways.set(id, "provider-id");
  for (const { id } of byReference) ways.set(id, "reference");
  const own = sought.toLowerCase();
  if (UUID.test(own)) ways.set(own, "message-id");
  return ways;
}

function foundMessage(row: Row, foundBy: FoundBy): FoundMessage {
  const { id, account, lane, country, network, sender, reference, provider, route, attempts, segments, costs } = row;
  return {
    ...{ foundBy, id, account, lane, country, network, sender, reference, provider, route, attempts, segments, costs },
    to: `+${row.destination}`,
    status: row.state,
    final: row.final === 1,
    acceptedAt: row.accepted_at,
    updatedAt: row.updated_at,
  };
}
