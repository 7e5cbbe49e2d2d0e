import { expect } from "vitest";
import { EARLIER, idOf, LATELY } from "./questions-data.ts";

const HOUR_MS = 3_600_000;
const hour = (ms: number) => new Date(Math.floor(ms / HOUR_MS) * HOUR_MS).toISOString().slice(0, 19).replace("T", " ");
const minute = (ms: number) => new Date(Math.floor(ms / 60_000) * 60_000).toISOString().slice(0, 19).replace("T", " ");
const time = (ms: number) => new Date(ms).toISOString().slice(0, 23).replace("T", " ");

const [otp, marketing, transactional] = ["otp", "marketing", "transactional"].map((lane) => ({ lane })) as [
  { lane: string },
  { lane: string },
  { lane: string },
];
const DE1 = { country: "DE", network: "26201" };
const DE2 = { country: "DE", network: "26202" };
const FR = { country: "FR", network: "20801" };
const LV = { country: "LV", network: "" };
const alpha = { provider: "alpha" };
const beta = { provider: "beta" };
const gamma = { provider: "gamma" };
const delta = { provider: "delta" };
const EUR = { currency: "EUR" };
const USD = { currency: "USD" };
/** An amount in the stated currency, and what all amounts of a row's group come to a delivered message. */
const stated = (stated_cost: number | null, stated_per_delivered?: number | null) => ({
  ...{ stated_cost, stated_currency: "EUR" },
  ...(stated_per_delivered === undefined ? {} : { stated_per_delivered }),
});
const statedAmount = (stated_amount: number) => ({ stated_amount, stated_currency: "EUR" });
const quantiles = (value: number) => [value, value, value];
const some = expect.any(Array);

/** The rows of each question's answer, in order: reckoned by hand. Columns that are not named may be anything. */
export const ANSWERS: Readonly<Record<string, readonly object[]>> = {
  "delivery-rate": [
    { ...alpha, minute: minute(LATELY), submitted: 5, delivered: 3, finals: 3, delivered_percent: 100, throttled: 1 },
    { ...beta, minute: minute(LATELY), submitted: 3, delivered: 2, finals: 3, delivered_percent: 66.7, throttled: 0 },
    { ...delta, minute: minute(LATELY), submitted: 0, delivered: 0, finals: 0, delivered_percent: null },
    { ...gamma, submitted: 2, delivered: 1, finals: 2, delivered_percent: 50, submit_p95_ms: 100, receipt_p95_ms: 500 },
  ],
  "provider-latency": [
    { ...alpha, submitted: 5, submit_p50_p95_p99_ms: some, receipt_p50_p95_p99_ms: some },
    { ...beta, submitted: 3, submit_p50_p95_p99_ms: some, receipt_p50_p95_p99_ms: some },
    { ...delta, submitted: 0 },
    { ...gamma, submitted: 2, submit_p50_p95_p99_ms: quantiles(100), receipt_p50_p95_p99_ms: quantiles(500) },
  ],
  "latency-by-lane": [
    { ...marketing, ...beta, submit_p50_p95_p99_ms: quantiles(200), receipt_p50_p95_p99_ms: quantiles(5_000) },
    { ...marketing, ...delta, submitted: 0 },
    { ...otp, ...alpha, submitted: 5 },
    { ...otp, ...beta, submit_p50_p95_p99_ms: quantiles(1_200), receipt_p50_p95_p99_ms: quantiles(1_000) },
    { ...transactional, ...alpha, submitted: 0 },
    { ...transactional, ...beta, submit_p50_p95_p99_ms: quantiles(400), receipt_p50_p95_p99_ms: quantiles(1_000) },
    { ...transactional, ...gamma, submitted: 2, submit_p50_p95_p99_ms: quantiles(100) },
  ],
  "provider-troubles": [
    { ...alpha, routed: 5, submitted: 5, returned: 1, throttled: 1, in_doubt: 1, resubmitted: 1, trouble_percent: 40 },
    { ...beta, routed: 3, submitted: 3, returned: 0, throttled: 0, in_doubt: 0, resubmitted: 0, trouble_percent: 0 },
    { ...delta, routed: 25, submitted: 0, trouble_percent: 0 },
    { ...gamma, routed: 2, submitted: 2, trouble_percent: 0 },
  ],
  "failures-by-code": [
    { provider: "", outcome: "rejected", error_class: "unroutable", error_code: "no-route", messages: 1 },
    { ...alpha, outcome: "returned", error_code: "ESME_RTHROTTLED", top_network: "FR 20801", network_share: 100 },
    { ...beta, outcome: "undelivered", error_class: "handset", error_code: "027", top_network: "DE 26202" },
    { ...beta, outcome: "unknown", error_code: "", messages: 1 },
    { ...gamma, outcome: "failed", error_class: "route", error_code: "999", messages: 1 },
  ],
  "funnel-by-hour": [
    {
      ...{ hour: hour(EARLIER), accepted: 4, submitted: 2, delivered: 0, failed: 1, unknown: 1, open: 2 },
      ...{ not_submitted: 1, delivered_percent: 0 },
    },
    {
      ...{ hour: hour(LATELY), accepted: 33, submitted: 8, delivered: 6, failed: 2, unknown: 0, open: 25 },
      ...{ not_submitted: 0, delivered_percent: 75 },
    },
  ],
  "receipts-missing": [
    { ...beta, ...DE2, submitted: 3, waiting: 0, ended_unknown: 1, missing_percent: 33.3, oldest_message: null },
    { ...alpha, ...DE1, submitted: 4, waiting: 1, ended_unknown: 0, missing_percent: 25, oldest_message: idOf(9) },
  ],
  "unfinished-messages": [
    { ...otp, provider: "", state: "postponed", waits_by: "", messages: 1 },
    { ...delta, ...marketing, state: "routed", messages: 1 },
    { ...transactional, provider: "", state: "scheduled", waits_by: "scheduled", messages: 1 },
    { ...alpha, ...transactional, state: "submitted", messages: 1, oldest: time(EARLIER) },
  ],
  "abnormal-prefixes": [
    {
      ...{ account: "stolen", country: "LV", prefix: "3712955", messages: 25, numbers: 25, an_hour_before: 0.04 },
      delivered_percent: 0,
    },
  ],
  "dead-letters": [
    {
      topic: "sms.requests.otp",
      reason: "undecodable",
      records: 2,
      detail: "no schema id",
      place: "sms.requests.otp/2/7",
    },
    { topic: "sms.dispatch.alpha.otp", reason: "refused", records: 1, detail: "sender-invalid" },
  ],
  "find-message": [
    { found_by: "provider id", message_id: idOf(2), state: "delivered", provider_message_ids: ["00FF"] },
  ],
  "message-history": [
    { type: "routed", ...alpha, verdicts: "beta: dearer" },
    { type: "in_doubt", ...alpha },
    { type: "submitted", resubmitted: "", cost: 0.075, ...EUR, provider_message_ids: ["A7"] },
    { type: "submitted", resubmitted: "no answer", cost: 0.075, ...EUR, provider_message_ids: ["A8"] },
    { type: "final", state: "delivered" },
  ],
  "number-history": [{ message_id: idOf(8), account: "acme", state: "delivered", ...beta, attempts: 2 }],
  "cost-per-delivered": [
    {
      ...DE1,
      ...alpha,
      submitted: 5,
      delivered: 3,
      total_cost: 0.375,
      ...EUR,
      cost_per_delivered: 0.125,
      ...stated(0.375, 0.125),
    },
    {
      ...DE2,
      ...beta,
      submitted: 3,
      delivered: 1,
      total_cost: 0.15,
      ...USD,
      cost_per_delivered: 0.15,
      ...stated(0.12, 0.12),
    },
    {
      ...DE2,
      ...alpha,
      submitted: 1,
      delivered: 0,
      total_cost: 0.075,
      ...EUR,
      cost_per_delivered: null,
      ...stated(0.075, null),
    },
    {
      ...FR,
      ...beta,
      submitted: 1,
      delivered: 1,
      total_cost: 0.03,
      ...USD,
      cost_per_delivered: 0.03,
      ...stated(0.024, 0.024),
    },
    {
      ...FR,
      ...gamma,
      submitted: 2,
      delivered: 1,
      total_cost: 0.05,
      ...EUR,
      cost_per_delivered: 0.05,
      ...stated(0.05, 0.05),
    },
  ],
  "cost-per-delivered-by-account": [
    {
      account: "acme",
      ...marketing,
      submitted: 2,
      segments: 4,
      delivered: 0,
      ...USD,
      total_cost: 0.12,
      cost_per_delivered: null,
      ...stated(0.096, null),
    },
    {
      account: "acme",
      ...otp,
      submitted: 6,
      segments: 6,
      delivered: 4,
      ...EUR,
      total_cost: 0.375,
      cost_per_delivered: 0.09375,
      ...stated(0.375, 0.09975),
    },
    {
      account: "acme",
      ...otp,
      submitted: 6,
      segments: 6,
      delivered: 4,
      ...USD,
      total_cost: 0.03,
      cost_per_delivered: 0.0075,
      ...stated(0.024, 0.09975),
    },
    {
      account: "shop",
      ...transactional,
      submitted: 4,
      delivered: 2,
      ...EUR,
      total_cost: 0.125,
      cost_per_delivered: 0.0625,
      ...stated(0.125, 0.0745),
    },
    {
      account: "shop",
      ...transactional,
      submitted: 4,
      delivered: 2,
      ...USD,
      total_cost: 0.03,
      cost_per_delivered: 0.015,
      ...stated(0.024, 0.0745),
    },
  ],
  "route-comparison": [
    {
      ...{ route: "de-a", ...alpha, messages: 4, delivered_percent: 100, submit_p50_ms: 200, receipt_p50_ms: 1_000 },
      ...{ ...EUR, total_cost: 0.375, cost_per_delivered: 0.125, ...stated(0.375, 0.125) },
    },
    {
      ...{ route: "de-b", ...beta, messages: 3, delivered_percent: 33.3, submit_p50_ms: 100, receipt_p50_ms: 3_000 },
      ...{ ...EUR, total_cost: 0.075, cost_per_delivered: 0.075, ...stated(0.075, 0.195) },
    },
    { route: "de-b", ...beta, ...USD, total_cost: 0.15, cost_per_delivered: 0.15, ...stated(0.12, 0.195) },
    { route: "fr", ...beta, messages: 1, delivered_percent: 100, ...USD, total_cost: 0.03, cost_per_delivered: 0.03 },
    { route: "fr", ...gamma, messages: 2, delivered_percent: 50, ...EUR, total_cost: 0.05, cost_per_delivered: 0.05 },
    {
      route: "lv",
      ...delta,
      messages: 26,
      delivered_percent: null,
      submit_p50_ms: null,
      currency: "",
      total_cost: 0,
      ...stated(null, null),
    },
  ],
  "invoice-by-provider": [
    { ...alpha, ...DE1, submitted: 5, segments: 5, delivered: 3, ...EUR, amount: 0.375, ...statedAmount(0.375) },
    { ...alpha, ...DE2, submitted: 1, segments: 1, delivered: 0, ...EUR, amount: 0.075 },
    { ...beta, ...DE2, submitted: 3, segments: 5, delivered: 1, ...USD, amount: 0.15, ...statedAmount(0.12) },
    { ...beta, ...FR, submitted: 1, segments: 1, delivered: 1, ...USD, amount: 0.03 },
    { ...gamma, ...FR, submitted: 2, segments: 2, delivered: 1, ...EUR, amount: 0.05 },
  ],
  "invoice-by-account": [
    { account: "acme", country: "DE", submitted: 8, segments: 10, delivered: 4, ...EUR, amount: 0.375 },
    {
      account: "acme",
      country: "DE",
      submitted: 8,
      segments: 10,
      delivered: 4,
      ...USD,
      amount: 0.15,
      ...statedAmount(0.12),
    },
    { account: "shop", country: "DE", submitted: 1, segments: 1, delivered: 0, ...EUR, amount: 0.075 },
    { account: "shop", country: "FR", submitted: 3, segments: 3, delivered: 2, ...EUR, amount: 0.05 },
    { account: "shop", country: "FR", submitted: 3, segments: 3, delivered: 2, ...USD, amount: 0.03 },
  ],
  "waste-undelivered": [
    {
      ...{ ...beta, country: "DE", ...USD, total_cost: 0.15, undelivered_cost: 0.12 },
      ...{ undelivered_messages: 2, undelivered_percent: 80, stated_undelivered: 0.096, stated_currency: "EUR" },
    },
    { ...alpha, country: "DE", ...EUR, total_cost: 0.3, undelivered_cost: 0, undelivered_messages: 0 },
    { ...beta, country: "DE", ...EUR, total_cost: 0.075, undelivered_cost: 0, undelivered_messages: 0 },
    { ...beta, country: "FR", ...USD, total_cost: 0.03, undelivered_cost: 0, undelivered_messages: 0 },
    { ...gamma, country: "FR", ...EUR, total_cost: 0.05, undelivered_cost: 0, undelivered_messages: 1 },
  ],
  "waste-repeats": [
    { ...alpha, why: "no answer", ...EUR, submissions: 1, cost: 0.075, ...stated(0.075) },
    { ...beta, why: "another provider", ...USD, submissions: 1, cost: 0.03, ...stated(0.024) },
  ],
  "waste-ucs2": [
    {
      ...{ account: "acme", sender: "ACME", campaign: "june", messages: 2, ucs2_percent: 50, extra_segments: 1 },
      ...{ ...USD, extra_cost: 0.03, stated_extra_cost: 0.024, stated_currency: "EUR" },
    },
  ],
  // Of 1 one segment, of 7 two, twice.
  "saved-segments": [
    {
      account: "acme",
      campaign: "may",
      ...EUR,
      submissions: 3,
      saved_segments: 5,
      saved_cost: 0.375,
      stated_saved_cost: 0.375,
    },
  ],
  "campaign-results": [
    {
      ...{
        label_value: "may",
        account: "acme",
        messages: 4,
        delivered: 4,
        delivered_percent: 100,
        told: 2,
        converted: 1,
      },
      ...{
        ...EUR,
        total_cost: 0.375,
        cost_per_delivered: 0.09375,
        cost_per_converted: 0.375,
        stated_per_converted: 0.399,
      },
    },
    {
      label_value: "may",
      ...USD,
      total_cost: 0.03,
      cost_per_delivered: 0.0075,
      cost_per_converted: 0.03,
      ...stated(0.024),
    },
    {
      ...{
        label_value: "june",
        account: "acme",
        messages: 2,
        delivered: 0,
        delivered_percent: 0,
        told: 0,
        converted: 0,
      },
      ...{ ...USD, total_cost: 0.12, cost_per_delivered: null, cost_per_converted: null },
    },
  ],
  "conversion-rate": [
    { ...alpha, ...DE1, ...otp, messages: 3, delivered_percent: 100, told: 2, converted: 1, converted_percent: 50 },
    { ...alpha, ...DE1, ...transactional, messages: 1, delivered_percent: 0, told: 0, converted_percent: null },
    { ...beta, ...DE2, ...marketing, messages: 2, delivered_percent: 0, told: 0, converted_percent: null },
    { ...beta, ...DE2, ...otp, messages: 1, delivered_percent: 100, told: 0, converted_percent: null },
    { ...beta, ...FR, ...transactional, messages: 1, delivered_percent: 100, told: 0, converted_percent: null },
    { ...delta, ...LV, ...marketing, messages: 26, delivered_percent: 0, told: 0, converted_percent: null },
    { ...gamma, ...FR, ...transactional, messages: 2, delivered_percent: 50, told: 0, converted_percent: null },
  ],
  "delivered-not-converted": [{ ...alpha, ...DE1, ...otp, messages: 1, some_ids: [idOf(2)] }],
};
