import { limitText } from "../../domain/routing/account-price-cap.ts";
import type { FullCap } from "../../domain/routing/cap-table.ts";
import { rulesText } from "../../domain/routing/choice-terms.ts";
import type { Choice } from "../../domain/routing/choose-provider.ts";
import { sellingText } from "../../domain/routing/loss-stop.ts";
import { BLANK_EVENT } from "../../pipeline/records/event-record.ts";
import type { Event, MessageFacts } from "../../schemas/generated/types.ts";
import type { GivenUp } from "./retry-policy.ts";
import type { Pending } from "./routing-records.ts";
import type { Remark } from "./rules/message-rule.ts";

type Chosen = Extract<Choice, { ok: true }>;

/**
 * The message goes to the provider that was chosen. `code`: why it stands behind others there; `counted`: its counts for caps; `verdicts`: why
 * others were not chosen.
 */
export function routedEvent(
  { facts, attempt }: Pending,
  choice: Chosen,
  at: number,
  code: string | null,
  counted: Event["counted"],
  verdicts: string | null,
): Event {
  return {
    ...BLANK_EVENT,
    type: "routed",
    at,
    facts: sentFrom(facts, choice.sender ?? null),
    attempt,
    provider: choice.provider.id,
    route: choice.route,
    reason: choice.reason,
    errorCode: code,
    price: choice.price,
    onDelivery: choice.onDelivery,
    tariff: choice.tariff ?? null,
    currency: choice.provider.currency,
    counted,
    rules: rulesText(
      choice.terms,
      choice.candidates,
      { from: facts.from ?? undefined, segments: facts.segments },
      choice.sender,
    ),
    verdicts,
  };
}

/** Nobody can take the message now. `due`: when there is room under a cap again, epoch ms; null: it waits for no cap. */
export function postponedEvent(
  { facts, attempt }: Pending,
  code: string,
  verdicts: string,
  at: number,
  due: number | null,
): Event {
  return {
    ...BLANK_EVENT,
    type: "postponed",
    at,
    facts,
    attempt,
    reason: verdicts,
    errorClass: "unroutable",
    errorCode: code,
    due,
  };
}

/** It is not the message's time. `due`: epoch ms. */
export function heldEvent({ facts, attempt }: Pending, code: string, why: string, at: number, due: number): Event {
  return { ...BLANK_EVENT, type: "postponed", at, facts, attempt, reason: why, errorCode: code, due };
}

/** Whether a `postponed` event says that the message waits for its time, in sms.scheduled. */
export function isHeld({ errorClass, due }: Pick<Event, "errorClass" | "due">): boolean {
  return errorClass === null && due !== null;
}

/** Nobody is asked any more. */
export function closedEvent({ facts, attempt, tried }: Pending, end: GivenUp, detail: string, at: number): Event {
  return {
    ...BLANK_EVENT,
    type: "closed",
    at,
    facts,
    attempt,
    provider: end.provider ?? tried.findLast((one) => one.provider !== null)?.provider ?? null,
    state: end.state,
    errorClass: end.errorClass,
    errorCode: end.code,
    reason: detail,
  };
}

/** With what the router's rules say on it. */
export function remarked(event: Event, remark: Remark | undefined): Event {
  if (remark === undefined) return event;
  const { rules, charge = null } = remark;
  return {
    ...event,
    rules: rules === undefined ? event.rules : [event.rules, rules].filter(Boolean).join("; "),
    charge,
  };
}

/** The facts of a message that goes out from this sender. */
function sentFrom(facts: MessageFacts, sender: string | null): MessageFacts {
  const sentAs = sender === facts.from ? null : sender;
  return sentAs === facts.sentAs ? facts : { ...facts, sentAs };
}

/** When there is room again under a cap, epoch ms; null: the message does not wait for it. */
export function roomAt(full: FullCap | undefined, expiresAt: number): number | null {
  return full === undefined || full.reaction === "refuse" || full.until >= expiresAt ? null : full.until;
}

/** Why nobody was taken, for people. */
export function verdictsOf({ reason, candidates, full, terms }: Extract<Choice, { ok: false }>): string {
  const { priceLimit, selling, sender } = terms;
  if (full !== undefined) return full.reason;
  if (sender?.ok === false) return `from: ${sender.reason}`;
  const verdicts = candidates.map((c) => `${c.provider}: ${c.verdict}`).join(", ");
  if (reason === "loss-stop" && selling !== undefined) return `costs more: ${sellingText(selling)}; ${verdicts}`;
  if (reason !== "price-cap" || priceLimit === undefined) return verdicts;
  return `costs more than the account's ${limitText(priceLimit)} a message; ${verdicts}`;
}
