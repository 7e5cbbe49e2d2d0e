import type { IncomingMessage } from "node:http";
import { readSender } from "../../../../domain/message/sender-id.ts";
import { accountSid, messageIdOf, messageSid } from "../../../../domain/message/twilio-sids.ts";
import { readWrittenTime } from "../../../../domain/message/written-time.ts";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import { type ListPlace, type ListQuery, MAX_LISTED } from "../../../../pipeline/read-model/account-pages.ts";
import type { Account } from "../../access/api-keys.ts";
import { type MessageResource, messageResource } from "./message-resource.ts";
import { type Parameters, queryParameters } from "./parameters.ts";
import type { TwilioContext } from "./twilio-context.ts";
import { CODES, TwilioFault } from "./twilio-fault.ts";

/** A page of messages in Twilio's form (https://www.twilio.com/docs/usage/twilios-response#pagination). */
export interface MessagePage {
  readonly messages: readonly MessageResource[];
  readonly page: number;
  readonly page_size: number;
  readonly start: number;
  readonly end: number;
  readonly uri: string;
  readonly first_page_uri: string;
  readonly next_page_uri: string | null;
  /** Pages are gone through forwards. */
  readonly previous_page_uri: null;
}

const FILTERS = ["To", "From", "DateSent", "DateSent>", "DateSent<"] as const;
const PARAMETERS: ReadonlySet<string> = new Set([...FILTERS, "PageSize", "Page", "PageToken"]);
const DEFAULT_PAGE_SIZE = 50;
const TOKEN = /^PA(\d{1,14})(SM[0-9a-f]{32})$/;
const DAY_MS = 86_400_000;

/**
 * `GET Messages.json`: the account's messages, newest first. A page may have fewer messages than PageSize and be followed by others.
 * @throws TwilioFault 20001, 20422; SluiceError when ClickHouse does not answer
 */
export async function listMessages(
  context: TwilioContext,
  account: Account,
  request: IncomingMessage,
): Promise<MessagePage> {
  const parameters = queryParameters(request, PARAMETERS);
  const size = Math.min(MAX_LISTED, numberOf(parameters, "PageSize", DEFAULT_PAGE_SIZE, 1));
  const page = numberOf(parameters, "Page", 0, 0);
  const after = placeOf(parameters.get("PageToken") ?? "");
  if (after === undefined && page > 0)
    throw new TwilioFault(
      400,
      CODES.invalidParameter,
      "Page: pages behind the first go by the PageToken in next_page_uri",
    );
  const filter = filterOf(parameters);
  const found =
    filter === "nothing"
      ? { messages: [], next: undefined }
      : await context.messages.page(account.id, { ...filter, after, limit: size });
  const uri = (number: number, place?: ListPlace) => uriOf(account.id, parameters, size, number, place);
  return {
    messages: found.messages.map((message) => messageResource(account.id, message)),
    page,
    page_size: size,
    start: page * size,
    end: page * size + Math.max(0, found.messages.length - 1),
    uri: uri(page, after),
    first_page_uri: uri(0),
    next_page_uri: found.next === undefined ? null : uri(page + 1, found.next),
    previous_page_uri: null,
  };
}

/** `nothing`: nobody has sent to such a number, or from such a sender. */
function filterOf(parameters: Parameters): Omit<ListQuery, "limit" | "after"> | "nothing" {
  // A plus that was not escaped comes as a blank.
  const to = parameters.get("To")?.trim() ?? "";
  const from = parameters.get("From")?.trim() ?? "";
  const destination = to === "" ? undefined : parseDestination(to.startsWith("+") ? to : `+${to}`);
  if (destination?.ok === false) return "nothing";
  const senders = from === "" ? [] : sendersOf(from);
  if (from !== "" && senders.length === 0) return "nothing";
  const [onDay, since, until] = [
    timeOf(parameters, "DateSent"),
    timeOf(parameters, "DateSent>"),
    timeOf(parameters, "DateSent<"),
  ];
  const day = onDay === undefined ? undefined : Math.floor(onDay / DAY_MS) * DAY_MS;
  return {
    to: destination?.e164,
    senders,
    since: latest(day, since),
    until: earliest(day === undefined ? undefined : day + DAY_MS - 1, until),
  };
}

/** A number is the same sender with its plus and without. */
function sendersOf(from: string): string[] {
  const read = readSender(from);
  if (!read.ok) return [];
  const bare = read.sender.replace(/^\+/, "");
  return /^\d+$/.test(bare) ? [bare, `+${bare}`] : [bare];
}

/** A day (UTC) or a moment, epoch ms. */
function timeOf(parameters: Parameters, name: string): number | undefined {
  const text = parameters.get(name) ?? "";
  if (text === "") return undefined;
  const written = readWrittenTime(text, { days: true });
  if (written.ok) return written.at;
  throw new TwilioFault(400, CODES.invalidParameter, `${name}: a day such as 2026-11-30, or an RFC 3339 time`);
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function numberOf(parameters: Parameters, name: string, usual: number, least: number): number {
  const text = parameters.get(name) ?? "";
  if (text === "") return usual;
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw new TwilioFault(400, CODES.invalidParameter, `${name}: a whole number from ${least}`);
}

/** A token is the place of the last message before the page. */
function placeOf(token: string): ListPlace | undefined {
  if (token === "") return undefined;
  const [, acceptedAt, sid = ""] = TOKEN.exec(token) ?? [];
  const id = messageIdOf(sid);
  if (acceptedAt === undefined || id === undefined)
    throw new TwilioFault(400, CODES.invalidParameter, "PageToken: it is not one of a next_page_uri");
  return { acceptedAt: Number(acceptedAt), id };
}

function uriOf(accountId: string, parameters: Parameters, size: number, page: number, after?: ListPlace): string {
  const query = new URLSearchParams();
  for (const name of FILTERS) {
    const value = parameters.get(name);
    if (value !== undefined) query.append(name, value);
  }
  query.append("PageSize", String(size));
  query.append("Page", String(page));
  if (after !== undefined) query.append("PageToken", `PA${after.acceptedAt}${messageSid(after.id)}`);
  return `/2010-04-01/Accounts/${accountSid(accountId)}/Messages.json?${query}`;
}
