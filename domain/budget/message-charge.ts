import type { Micros } from "../catalog/money.ts";
import type { Ends, PerPeriod } from "./budget-word.ts";
import type { RecordedCharge } from "./unsure-charges.ts";

/** What a message has taken of its account's budget, as its records carry it (schemas/budget-charge.avsc). */
export interface MessageCharge extends RecordedCharge {
  /** What it has taken and given to nobody yet, micro-units. */
  readonly held: Micros;
}

/** What a message has taken already of the day and the month that end then, in that currency. It is in no other one that it counts, and can be given back. */
export function heldOf(charge: MessageCharge | null | undefined, currency: string, ends: Ends): PerPeriod {
  if (charge == null || charge.currency !== currency) return { day: 0, month: 0 };
  const { held, until, monthUntil } = charge;
  const sameDay = until === ends.dayEnd;
  const sameMonth = monthUntil === null ? sameDay : monthUntil === ends.monthEnd;
  return { day: sameDay ? held : 0, month: sameMonth ? held : 0 };
}

/** What a message that costs so much takes beyond what it holds. */
export function lessOf(cost: Micros, { day, month }: PerPeriod): PerPeriod {
  return { day: cost - day, month: cost - month };
}

/** What stands on the event of a decision that takes `added` in the periods that end then, with which the message holds so much. */
export function chargeOf(
  currency: string,
  held: Micros,
  added: PerPeriod,
  { dayEnd, monthEnd }: Ends,
): MessageCharge & { readonly addedToMonth: Micros; readonly monthUntil: number } {
  return { currency, held, added: added.day, until: dayEnd, addedToMonth: added.month, monthUntil: monthEnd };
}
