/**
 * Messages whose figures can be reckoned by hand, for the questions of infra/clickhouse/queries. alpha asks 0.075 EUR a segment, beta
 * 0.03 USD, gamma 0.05 EUR for what it delivers; a euro is 1.25 dollars. 1 to 8 were accepted half an hour ago, 9 to 11 three hours ago; beside them an account pumps.
 * 12 was sent again and delivered long ago, with a receipt that took 20 days; 13 and 14 have waited for ten days. Of theta, long ago: the parts of 15
 * have one id, and 16 has none.
 */
import type { Event, MessageFacts } from "../../../schemas/generated/types.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";

const MINUTE_MS = 60_000;
const NOW = Date.now();
/** What happens within ten seconds of these stands in one minute. */
export const LATELY = Math.floor((NOW - 30 * MINUTE_MS) / MINUTE_MS) * MINUTE_MS + 1_000;
export const EARLIER = Math.floor((NOW - 180 * MINUTE_MS) / MINUTE_MS) * MINUTE_MS + 1_000;

const DAY_MS = 86_400_000;
export const LONG_AGO = LATELY - 40 * DAY_MS;

export const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

const DE = { country: "DE", accountId: "acme", from: "ACME", lane: "otp" } as const;
const DE1 = { ...DE, network: "26201" };
const DE2 = { ...DE, network: "26202" };
const FR = { country: "FR", accountId: "shop", from: "SHOP", lane: "transactional", network: "20801" } as const;
const MAY = { metadata: { campaign: "may" } };
const JUNE = { lane: "marketing", metadata: { campaign: "june" } } as const;

const ALPHA = { provider: "alpha", route: "de-a", currency: "EUR", price: 75_000 };
const BETA = { provider: "beta", route: "de-b", currency: "USD", price: 30_000 };
const GAMMA = { provider: "gamma", route: "fr", currency: "EUR", price: 50_000, onDelivery: true };

/** A message as a list of what happens to it: milliseconds after its acceptance, type, provider and what else is said. */
function message(number: number, about: Partial<MessageFacts>, acceptedAt = LATELY) {
  const own = facts({
    ...{ messageId: idOf(number), to: `49170000000${number}`, segments: 1, reference: null },
    ...{ acceptedAt, expiresAt: acceptedAt + 60 * MINUTE_MS },
    ...about,
  });
  const at = (after: number, type: Event["type"], said: Partial<Event>) =>
    event({ at: acceptedAt + after, type, facts: own, ...said });
  return {
    at,
    routed: (said: Partial<Event>, after = 5) => at(after, "routed", said),
    submitted: (after: number, said: Partial<Event>, ...providerMessageIds: string[]) =>
      at(after, "submitted", { submittedAt: acceptedAt + after, providerMessageIds, ...said }),
    ended: (after: number, state: Event["state"], submittedAfter: number, said: Partial<Event>) =>
      at(after, "final", {
        ...{
          state,
          submittedAt: acceptedAt + submittedAfter,
          doneAt: acceptedAt + after,
          receiptAt: acceptedAt + after,
        },
        ...said,
      }),
  };
}

function inGermany(): Event[] {
  const cost = ALPHA.price;
  const m1 = message(1, { ...DE1, ...MAY, reference: "order-1", segmentsSaved: 1 });
  const m2 = message(2, { ...DE1, ...MAY });
  const m3 = message(3, { ...DE2, ...JUNE, encoding: "ucs2", segments: 3 });
  const m7 = message(7, { ...DE1, ...MAY, segmentsSaved: 2 });
  const m8 = message(8, { ...DE2, ...MAY });
  const second = { ...BETA, attempt: 2 };
  return [
    ...[m1.routed(ALPHA), m1.submitted(100, { ...ALPHA, cost }, "A1"), m1.ended(2_100, "delivered", 100, ALPHA)],
    ...[m2.routed(ALPHA), m2.submitted(300, { ...ALPHA, cost }, "00FF"), m2.ended(1_300, "delivered", 300, ALPHA)],
    ...[m3.routed(BETA), m3.submitted(200, { ...BETA, cost: 90_000 }, "B1", "B2", "B3")],
    m3.ended(5_200, "undelivered", 200, { ...BETA, errorClass: "handset", errorCode: "027" }),
    // In doubt, answered all the same, and sent again.
    ...[
      m7.routed({ ...ALPHA, verdicts: "beta: dearer" }),
      m7.at(1_900, "in_doubt", ALPHA),
      m7.submitted(2_000, { ...ALPHA, cost }, "A7"),
    ],
    m7.submitted(3_000, { ...ALPHA, cost, resubmitted: "no answer" }, "A8"),
    m7.ended(4_000, "delivered", 3_000, ALPHA),
    // Failed by its receipt, and delivered by another.
    ...[m8.routed(ALPHA), m8.submitted(100, { ...ALPHA, cost }, "A9")],
    m8.at(1_100, "rerouted", { ...ALPHA, errorClass: "route", errorCode: "5" }),
    ...[m8.routed(second, 1_105), m8.submitted(1_200, { ...second, cost: 30_000 }, "B8")],
    m8.ended(2_200, "delivered", 1_200, second),
  ];
}

function inFrance(): Event[] {
  const m4 = message(4, FR);
  const m5 = message(5, FR);
  const m6 = message(6, FR);
  const first = { ...ALPHA, route: "fr" };
  const second = { ...BETA, route: "fr", attempt: 2 };
  return [
    ...[m4.routed(first), m4.at(50, "returned", { ...first, errorClass: "throttled", errorCode: "ESME_RTHROTTLED" })],
    ...[m4.routed(second, 60), m4.submitted(400, { ...second, cost: 30_000 }, "B4")],
    m4.ended(1_400, "delivered", 400, second),
    ...[m5.routed(GAMMA), m5.submitted(100, { ...GAMMA, cost: 0 }, "G1")],
    m5.ended(600, "delivered", 100, { ...GAMMA, cost: 50_000 }),
    ...[m6.routed(GAMMA), m6.submitted(100, { ...GAMMA, cost: 0 }, "G2")],
    m6.ended(600, "failed", 100, { ...GAMMA, cost: 0, errorClass: "route", errorCode: "999" }),
  ];
}

function earlier(): Event[] {
  const m9 = message(9, { ...FR, country: "DE", network: "26201" }, EARLIER);
  const m10 = message(10, FR, EARLIER);
  const m11 = message(11, { ...DE2, ...JUNE }, EARLIER);
  const unroutable = { attempt: 0, errorClass: "unroutable", errorCode: "no-route", state: "rejected" } as const;
  return [
    ...[m9.routed(ALPHA), m9.submitted(100, { ...ALPHA, cost: ALPHA.price }, "A10")],
    ...[m10.at(5, "closed", unroutable), m10.at(9, "final", unroutable)],
    ...[m11.routed(BETA), m11.submitted(100, { ...BETA, cost: BETA.price }, "B11")],
    m11.ended(9_000, "unknown", 100, { ...BETA, doneAt: null, receiptAt: null }),
  ];
}

function longAgo(): Event[] {
  const m12 = message(12, { ...FR, ...MAY }, LONG_AGO);
  const first = { ...GAMMA, provider: "epsilon" };
  const second = { ...GAMMA, provider: "zeta", attempt: 2 };
  const THETA = { ...ALPHA, provider: "theta" };
  const m15 = message(15, { ...FR, segments: 2 }, LONG_AGO);
  const m16 = message(16, FR, LONG_AGO);
  const [m13, m14] = [message(13, FR, EARLIER - 10 * DAY_MS), message(14, DE1, EARLIER - 10 * DAY_MS)];
  return [
    ...[m12.routed(first), m12.submitted(100, { ...first, cost: 0 }, "E1")],
    m12.at(1_100, "rerouted", { ...first, errorClass: "route", errorCode: "5" }),
    ...[m12.routed(second, 1_105), m12.submitted(4_000, { ...second, cost: 0 }, "Z1")],
    ...[m15.submitted(100, { ...THETA, cost: 150_000 }, "T1", "T1"), m15.ended(2_100, "delivered", 100, THETA)],
    ...[m16.submitted(100, { ...THETA, cost: 75_000 }), m16.ended(2_100, "delivered", 100, THETA)],
    m12.ended(20 * DAY_MS, "delivered", 4_000, { ...second, cost: 50_000 }),
    m13.at(5, "postponed", { errorCode: "scheduled", due: LATELY + 20 * DAY_MS }),
    m14.at(5, "postponed", { errorClass: "unroutable", errorCode: "circuits-open" }),
  ];
}

/** A stolen key: 25 numbers of one range lately, one before. */
function pumped(): Event[] {
  return Array.from({ length: 26 }, (_, i) =>
    message(
      100 + i,
      { accountId: "stolen", lane: "marketing", country: "LV", network: null, to: `3712955${1_000 + i}`, from: null },
      i === 25 ? EARLIER : LATELY,
    ).routed({ provider: "delta", route: "lv" }),
  );
}

export const EVENTS: readonly Event[] = [...inGermany(), ...inFrance(), ...earlier(), ...longAgo(), ...pumped()];

/** Two ids, each given to two numbers and delivered to both; one is told of as converted, the other as not. */
export const TWINS: readonly Event[] = [17, 18].flatMap((number) =>
  ["1", "2"].flatMap((last) => {
    const iota = { ...ALPHA, provider: "iota" };
    const twin = message(number, { ...DE1, metadata: { campaign: "twins" }, to: `4917000000${number}${last}` });
    return [
      ...[twin.routed(iota), twin.submitted(100, { ...iota, cost: ALPHA.price }, `I${number}${last}`)],
      twin.ended(2_100, "delivered", 100, iota),
    ];
  }),
);

/** Submitted by kappa, which owes nothing for it: a receipt that failed has sent it on to lambda, which has not taken it yet. */
export const ON_ITS_WAY: readonly Event[] = (() => {
  const kappa = { ...ALPHA, provider: "kappa" };
  const m = message(19, DE1);
  return [
    ...[m.routed(kappa), m.submitted(100, { ...kappa, cost: ALPHA.price }, "K1")],
    m.at(1_100, "rerouted", { ...kappa, errorClass: "route", errorCode: "5" }),
    m.routed({ ...BETA, provider: "lambda", attempt: 2 }, 1_105),
  ];
})();

/** Rows of `conversions`. */
export const CONVERSIONS = [
  { message_id: idOf(1), account: "acme", told_at: LATELY + 9_000, converted_at: LATELY + 8_000 },
  { message_id: idOf(2), account: "acme", told_at: LATELY + 9_000, converted_at: null },
] as const;
export const TWINS_CONVERSIONS = [
  { message_id: idOf(17), account: "acme", told_at: LATELY + 9_000, converted_at: LATELY + 8_000 },
  { message_id: idOf(18), account: "acme", told_at: LATELY + 9_000, converted_at: null },
] as const;

/** Rows of `dead_letters`. */
export const DEAD_LETTERS = [
  { at: LATELY, reason: "undecodable", topic: "sms.requests.otp", partition: 1, offset: 5, detail: "not Avro" },
  { at: LATELY + 1, reason: "undecodable", topic: "sms.requests.otp", partition: 2, offset: 7, detail: "no schema id" },
  {
    at: EARLIER,
    reason: "refused",
    topic: "sms.dispatch.alpha.otp",
    partition: 0,
    offset: 9,
    detail: "sender-invalid",
  },
  // Of a replay of the second letter.
  { at: LATELY + 2, reason: "replay-begun", topic: "sms.dead-letter", partition: 0, offset: 1, detail: "run 1" },
  { at: LATELY + 3, reason: "replayed", topic: "sms.dead-letter", partition: 0, offset: 1, detail: "run 1" },
] as const;

const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Rows of `exchange_rates`: dollars cost more a month ago. */
export const EXCHANGE_RATES = [
  { date: day(EARLIER - 30 * DAY_MS), version: 1, per_base: { EUR: "1", USD: "1" } },
  { date: day(EARLIER), version: 2, per_base: { EUR: "1", USD: "1.25" } },
].flatMap(({ date, version, per_base }) =>
  Object.entries(per_base).map(([currency, units]) => ({
    ...{ date, applied_at: `${date} 10:00:00.000`, base: "EUR", version },
    ...{ currency, per_base: units },
  })),
);

/** alpha's own invoice: one amount wrong, one line of nobody's, and two messages not on it. */
export const INVOICE = ["A1,0.075,EUR", "ff,0.075,EUR", "a7,0.075,EUR", "A8,0.08,EUR", "ZZ,0.5,EUR"].join("\n");
