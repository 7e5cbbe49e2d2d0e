/** A failed receipt leads to the next provider of the route; a message has one end, whatever receipts come. */
import { randomInt } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { audit, behaveAs, disconnect, freshId, getMessage, produce, query, untilFinal } from "./sluice.ts";

/** Numbers whose messages fare the same everywhere: the first digits decide. The route of otp asks smsc-a, smsc-b and http-c in turn. */
const REJECTED_BY_A = "49151771";
const REJECTED_BY_ALL = "49151772";
const UNKNOWN_NUMBER = "49151773";

/** What is counted here must not depend on what the providers refuse or lose by chance. */
const NO_ERRORS = { errors: { permanentShare: 0, temporaryShare: 0 } };

const RULES: Readonly<Record<string, object>> = {
  "smsc-a": {
    ...NO_ERRORS,
    rules: [
      { prefix: REJECTED_BY_A, state: "REJECTD" },
      { prefix: REJECTED_BY_ALL, state: "REJECTD" },
      // Its error code, 001, means an unknown subscriber.
      { prefix: UNKNOWN_NUMBER, state: "UNDELIV" },
    ],
    receipts: { delay: { kind: "constant", ms: 300 }, lossShare: 0 },
  },
  "smsc-b": {
    ...NO_ERRORS,
    rules: [
      { prefix: REJECTED_BY_A, state: "DELIVRD" },
      { prefix: REJECTED_BY_ALL, state: "REJECTD" },
    ],
    receipts: { delay: { kind: "constant", ms: 300 }, lossShare: 0 },
  },
  "http-c": { ...NO_ERRORS, rules: [{ prefix: REJECTED_BY_ALL, state: "failed" }], callbacks: { lossShare: 0 } },
};

let asBefore: () => Promise<void>;
beforeAll(async () => {
  asBefore = await behaveAs(RULES);
});

afterAll(async () => {
  await asBefore();
  await disconnect();
});

async function send(prefix: string, count: number, text = "Your code is 4711"): Promise<string[]> {
  const requests = Array.from({ length: count }, () => ({
    messageId: freshId(),
    to: `${prefix}${randomInt(10_000, 99_999)}`,
    text,
    lane: "otp" as const,
  }));
  await produce(requests);
  return requests.map(({ messageId }) => messageId);
}

test("what one provider rejects by its receipt is delivered by the next, under its id, whole, with one end", async () => {
  const ids = [...(await send(REJECTED_BY_A, 50)), ...(await send(REJECTED_BY_A, 5, "x".repeat(200)))];
  const rows = await untilFinal(ids);
  for (const row of rows.values())
    expect(row).toMatchObject({ state: "delivered", finals: 1, provider: "smsc-b", attempts: 2, submissions: 2 });
  const events = await query<{ provider: string; error_class: string; reason: string }>(
    `SELECT provider, error_class, reason FROM events WHERE type = 'rerouted' AND message_id IN (${ids.map((id) => `'${id}'`)})`,
  );
  expect(events).toHaveLength(ids.length);
  for (const one of events) expect(one).toEqual({ provider: "smsc-a", error_class: "route", reason: "rejected" });
  const { body } = await getMessage(ids[0]!);
  const history = body.history as { type: string; attempt: number; provider?: string }[];
  expect(history.map(({ type, attempt }) => `${type} ${attempt}`)).toEqual([
    "routed 1",
    "submitted 1",
    "receipt 1",
    "rerouted 1",
    "routed 2",
    "submitted 2",
    "final 2",
  ]);
  expect(Number(body.cost), "both submissions cost").toBeCloseTo(0.068 + 0.071);
});

test("what nobody delivers ends by the last receipt, and a number that is wrong is not tried again", async () => {
  const all = await send(REJECTED_BY_ALL, 10);
  const wrong = await send(UNKNOWN_NUMBER, 10);
  const rows = await untilFinal([...all, ...wrong]);
  for (const id of all)
    expect(rows.get(id)).toMatchObject({ state: "failed", finals: 1, provider: "http-c", submissions: 3 });
  for (const id of wrong)
    expect(rows.get(id)).toMatchObject({ state: "undelivered", finals: 1, submissions: 1, error_code: "001" });
});

test("the audit understands it", async () => {
  const { counts, text } = await audit();
  expect(counts, text).toMatchObject({ missing: 0, duplicated: 0, contradicting: 0 });
  expect(Number(/rerouted +(\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(55 + 20);
});
