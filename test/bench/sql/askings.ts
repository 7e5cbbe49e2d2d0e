import { questions } from "../../../infra/clickhouse/questions.ts";
import { type MadeTraffic, madeMessage } from "./made-events.ts";
import type { OwnClickhouse } from "./own-clickhouse.ts";
import type { Asking, Bound } from "./question-cost.ts";

const DAY_MS = 86_400_000;
const ONE_MESSAGE: Bound = { kind: "one message", rows: 200_000 };
const ROLL_UP: Bound = { kind: "roll-up", share: 0.005 };
const OTHER: Bound = { kind: "other", share: 0.2 };
/** It looks back 45 days, to what waits longest: at all rows of the 30 days that are made. Beside 90 days of events, as they are kept, that is half of it. */
const ALL_MESSAGES: Bound = { kind: "other", share: 0.4 };

/** Whether it is about one message, and else over how many days it looks (0: it says so itself); the table under it. */
export const KINDS: Readonly<Record<string, { readonly bound: Bound; readonly days: number; readonly table: string }>> =
  {
    "delivery-rate": { bound: ROLL_UP, days: 0, table: "minutes" },
    "provider-latency": { bound: ROLL_UP, days: 0, table: "minutes" },
    "latency-by-lane": { bound: ROLL_UP, days: 0, table: "minutes" },
    "provider-troubles": { bound: ROLL_UP, days: 0, table: "minutes" },
    "failures-by-code": { bound: OTHER, days: 0, table: "events" },
    "funnel-by-hour": { bound: OTHER, days: 1, table: "recipients" },
    "receipts-missing": { bound: OTHER, days: 0, table: "recipients" },
    "unfinished-messages": { bound: ALL_MESSAGES, days: 0, table: "recipients" },
    "abnormal-prefixes": { bound: OTHER, days: 0, table: "recipients" },
    "dead-letters": { bound: OTHER, days: 0, table: "dead_letters" },
    "find-message": { bound: ONE_MESSAGE, days: 0, table: "recipients" },
    "message-history": { bound: ONE_MESSAGE, days: 0, table: "events" },
    "number-history": { bound: ONE_MESSAGE, days: 30, table: "recipients" },
    "cost-per-delivered": { bound: ROLL_UP, days: 0, table: "minutes" },
    "cost-per-delivered-by-account": { bound: ROLL_UP, days: 7, table: "minutes" },
    "route-comparison": { bound: OTHER, days: 1, table: "recipients" },
    "invoice-by-provider": { bound: ROLL_UP, days: 30, table: "minutes" },
    "invoice-by-account": { bound: ROLL_UP, days: 30, table: "minutes" },
    "reconcile-invoice": { bound: OTHER, days: 1, table: "events" },
    "waste-undelivered": { bound: OTHER, days: 5, table: "recipients" },
    // It reads its range twice, and some hours before it.
    "waste-repeats": { bound: OTHER, days: 2, table: "events" },
    "waste-ucs2": { bound: OTHER, days: 5, table: "recipients" },
    "saved-segments": { bound: OTHER, days: 5, table: "events" },
    "campaign-results": { bound: OTHER, days: 5, table: "recipients" },
    "conversion-rate": { bound: OTHER, days: 0, table: "recipients" },
    "delivered-not-converted": { bound: OTHER, days: 0, table: "recipients" },
  };

/** Every question as it is asked of made traffic: about a message in the middle of it, and over stretches that end with the last whole hour. */
export async function askings(server: OwnClickhouse, traffic: MadeTraffic): Promise<Asking[]> {
  const of = async (expression: string, n: number) => {
    const [row] = await server.rows<{ value: string }>(madeMessage(traffic, n, expression));
    return row!.value;
  };
  // Not every message has a reference of its customer, or is submitted at all.
  let middle = Math.floor(traffic.count / 2);
  while ((await of("reference", middle)) === "") middle++;
  const ids = {
    "our id": await of("message_id", middle),
    reference: await of("reference", middle),
    "provider's id": await of("provider_message_ids[1]", middle),
  };
  const hour = (ms: number) =>
    new Date(Math.floor(ms / 3_600_000) * 3_600_000).toISOString().slice(0, 19).replace("T", " ");
  const invoice = `${ids["provider's id"]},0.075,EUR\n`;
  const destination = await of("destination", middle);
  return questions().flatMap((question): Asking[] => {
    const kind = KINDS[question.name];
    if (kind === undefined) throw new Error(`test/bench/sql/askings.ts: how is ${question.name} to be asked?`);
    const { bound, days, table } = kind;
    const end = traffic.from + traffic.count * traffic.everyMs;
    const parameters = {
      ...{ from: hour(end - days * DAY_MS), to: hour(end), message: ids["our id"], to_number: destination },
      ...{ label: "campaign", provider: "alpha", id: ids["our id"] },
    };
    const one = { question, parameters, bound, table };
    if (question.name === "find-message")
      return Object.entries(ids).map(([way, id]) => ({ ...one, way, parameters: { ...parameters, id } }));
    return [question.name === "reconcile-invoice" ? { ...one, invoice } : one];
  });
}
