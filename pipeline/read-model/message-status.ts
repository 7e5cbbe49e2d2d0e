import { terminalStatuses } from "../../domain/message/status.ts";
import type { EventType, MessageState } from "../../schemas/generated/types.ts";

/** What can happen to a message: the types of sms.events. */
export const EVENT_TYPES = [
  "routed",
  "postponed",
  "submitted",
  "returned",
  "in_doubt",
  "closed",
  "receipt",
  "rerouted",
  "final",
] as const satisfies readonly EventType[];

/** What an event can say of a message's state. */
export const EVENT_STATES = ["enroute", ...terminalStatuses] as const satisfies readonly MessageState[];

/** Status of a message that waits for its time. */
export const SCHEDULED_STATUS = "scheduled";

/** Where a message can stand: nothing has happened to it yet, or it waits for its time, or its last event, or how it ended. */
export const MESSAGE_STATUSES = [
  "accepted",
  SCHEDULED_STATUS,
  ...EVENT_TYPES.filter((type) => type !== "final"),
  ...terminalStatuses,
];

/** One event of a message's history; absent fields do not apply to its type. */
export interface HistoryEntry {
  readonly type: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly attempt: number;
  readonly provider?: string;
  readonly route?: string;
  readonly reason?: string;
  readonly state?: string;
  readonly part?: number;
  readonly errorClass?: string;
  readonly errorCode?: string;
  /** `postponed`: when it is looked at again, or its time. */
  readonly due?: string;
  readonly cost?: string;
  readonly currency?: string;
  readonly resubmitted?: string;
  /** The sender that goes out in place of the message's own; `routed` has it. */
  readonly sentAs?: string;
  /** What the catalog's rules had to do with it. */
  readonly rules?: string;
  /** Why the route's other candidates were not taken; `routed` has it. */
  readonly verdicts?: string;
  /** The provider's id of each part, as it wrote them. */
  readonly providerMessageIds?: readonly string[];
}

/** Amounts by currency (ISO 4217), as decimal texts. */
export type Costs = Readonly<Record<string, string>>;

/** What is known of a message to one destination. */
export interface MessageStatusAnswer {
  readonly id: string;
  /** One of `MESSAGE_STATUSES`. */
  readonly status: string;
  /** Whether the status is terminal: it will not change any more. */
  readonly final: boolean;
  /** E.164 with the plus. */
  readonly to: string;
  readonly lane: string;
  readonly encoding: string;
  readonly segments: number;
  readonly reference?: string;
  readonly acceptedAt: string;
  /** When its time comes; only while it is scheduled. */
  readonly sendAt?: string;
  readonly updatedAt: string;
  readonly attempts: number;
  readonly provider?: string;
  readonly submittedAt?: string;
  readonly finishedAt?: string;
  /** Of everything submitted for this message: amounts in different currencies are never added. */
  readonly costs?: Costs;
  /** The same, where it is in one currency. */
  readonly cost?: string;
  readonly currency?: string;
  readonly errorClass?: string;
  readonly errorCode?: string;
  readonly reason?: string;
  /** What the account has told of its conversion. */
  readonly conversion?: ToldOfConversion;
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
}

/** Times are RFC 3339, UTC. */
export interface ToldOfConversion {
  readonly converted: boolean;
  /** When it converted, as it was told. */
  readonly at?: string;
  /** When it was told for the first time. */
  readonly toldAt: string;
}

/** Where messages can be looked up. */
export interface StatusSource {
  /**
   * The account's own message, once for each destination that it went to, by the time of acceptance; `to` narrows them down to any of these (E.164
   * digits), when there are some.
   * @throws SluiceError of class transient or throttled when it cannot be looked up now.
   */
  find(accountId: string, messageId: string, to: readonly string[]): Promise<readonly MessageStatusAnswer[]>;
}

/** A row of messages_latest; empty strings and zeros stand for what is not known. */
export interface MessageRow {
  readonly state: string;
  readonly final: number;
  readonly destination: string;
  readonly lane: string;
  readonly encoding: string;
  readonly segments: number;
  readonly reference: string;
  readonly accepted_at: string;
  readonly updated_at: string;
  readonly attempts: number;
  readonly provider: string;
  readonly submitted_at: string | null;
  readonly finished_at: string | null;
  readonly costs: Costs;
  readonly error_class: string;
  readonly error_code: string;
  readonly reason: string;
}

/** A row of events, as far as a history shows it. */
export interface EventRow {
  readonly type: string;
  readonly at: string;
  readonly attempt: number;
  readonly provider: string;
  readonly route: string;
  readonly reason: string;
  readonly state: string;
  readonly part: number;
  readonly error_class: string;
  readonly error_code: string;
  readonly due: string | null;
  readonly cost: string;
  readonly currency: string;
  readonly resubmitted: string;
  readonly provider_message_ids: readonly string[];
  readonly sent_as: string;
  readonly rules: string;
  readonly verdicts: string;
  /** `delivery`, or empty: on submit. */
  readonly charged: string;
}

/** A row of conversions_latest. */
export interface ConversionRow {
  readonly told_at: string;
  /** Null: it did not convert. */
  readonly converted_at: string | null;
}

/** The answer made of what analytics has; events oldest first. */
export function statusAnswer(
  id: string,
  row: MessageRow,
  events: readonly EventRow[],
  conversion?: ConversionRow,
): MessageStatusAnswer {
  const sendAt = row.final === 1 ? undefined : timeOf(events.at(-1));
  return {
    id,
    status: sendAt === undefined ? row.state : SCHEDULED_STATUS,
    final: row.final === 1,
    to: `+${row.destination}`,
    lane: row.lane,
    encoding: row.encoding,
    segments: row.segments,
    ...present({ reference: row.reference }),
    acceptedAt: row.accepted_at,
    ...(sendAt === undefined ? {} : { sendAt }),
    updatedAt: row.updated_at,
    attempts: row.attempts,
    ...present({ provider: row.provider, submittedAt: row.submitted_at, finishedAt: row.finished_at }),
    ...costsOf(row.costs),
    ...present({ errorClass: row.error_class, errorCode: row.error_code, reason: row.reason }),
    ...(conversion === undefined ? {} : { conversion: toldOf(conversion) }),
    history: events.map(historyEntry),
  };
}

/** Nothing when nothing was submitted. One amount also stands alone, for whoever has one currency. */
function costsOf(costs: Costs): Pick<MessageStatusAnswer, "costs" | "cost" | "currency"> {
  const amounts = Object.entries(costs);
  const [first] = amounts;
  if (first === undefined) return {};
  return amounts.length > 1 ? { costs } : { costs, cost: first[1], currency: first[0] };
}

function toldOf({ told_at, converted_at }: ConversionRow): ToldOfConversion {
  return { converted: converted_at !== null, ...present({ at: converted_at }), toldAt: told_at };
}

/** The time that a message waits for since this event, its last one; undefined: it waits for none. */
function timeOf(last: EventRow | undefined): string | undefined {
  return last?.type === "postponed" && last.error_class === "" ? (last.due ?? undefined) : undefined;
}

function historyEntry(event: EventRow): HistoryEntry {
  const { type, at, attempt, part } = event;
  return {
    type,
    at,
    attempt,
    ...present({ provider: event.provider, route: event.route, reason: event.reason, state: event.state }),
    ...(part === 0 ? {} : { part }),
    ...present({ errorClass: event.error_class, errorCode: event.error_code, due: event.due }),
    ...(type === "submitted" || owesSince(event) ? present({ cost: event.cost, currency: event.currency }) : {}),
    ...present({ resubmitted: event.resubmitted }),
    ...(type === "routed" ? present({ sentAs: event.sent_as, rules: event.rules, verdicts: event.verdicts }) : {}),
    ...(event.provider_message_ids.length === 0 ? {} : { providerMessageIds: event.provider_message_ids }),
  };
}

/** It says what a receipt has made a submission owe. */
function owesSince({ type, charged }: EventRow): boolean {
  return charged === "delivery" && (type === "receipt" || type === "final");
}

/** What has a value: analytics stores an empty text for an absent one. */
function present<Key extends string>(fields: Readonly<Record<Key, string | null>>): { [K in Key]?: string } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== "" && value !== null)) as {
    [K in Key]?: string;
  };
}
