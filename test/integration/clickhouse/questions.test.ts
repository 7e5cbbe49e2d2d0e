/** Every question of infra/clickhouse/queries, against answers that were reckoned by hand from questions-data.ts. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { questions } from "../../../infra/clickhouse/questions.ts";
import { loginHeaders } from "../../../infra/local/clickhouse-access.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import { ANSWERS } from "./questions-answers.ts";
import {
  CONVERSIONS,
  DEAD_LETTERS,
  EARLIER,
  EVENTS,
  EXCHANGE_RATES,
  INVOICE,
  idOf,
  LATELY,
  LONG_AGO,
  ON_ITS_WAY,
  TWINS,
  TWINS_CONVERSIONS,
} from "./questions-data.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const all = questions();
const hourOf = (ms: number) => Math.floor(ms / HOUR_MS) * HOUR_MS;
const second = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
const millis = (ms: number) => new Date(ms).toISOString().slice(0, 23).replace("T", " ");

const PARAMETERS: Record<string, string> = {
  from: second(hourOf(EARLIER)),
  to: second(hourOf(LATELY) + HOUR_MS),
  id: "ff",
  message: idOf(7),
  to_number: "491700000008",
  label: "campaign",
  provider: "alpha",
};

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "questions");
  // In two blocks, as they might come.
  await db.insert(EVENTS.slice(20), "second");
  await db.insert(EVENTS.slice(0, 20), "first");
  await tell(CONVERSIONS);
  await db.client.insert({ table: "exchange_rates", values: [...EXCHANGE_RATES], format: "JSONEachRow" });
  const letters = DEAD_LETTERS.map((row) => ({ ...row, at: millis(row.at) }));
  await db.client.insert({ table: "dead_letters", values: letters, format: "JSONEachRow" });
});
afterAll(() => db?.drop());

async function tell(words: typeof CONVERSIONS | typeof TWINS_CONVERSIONS): Promise<void> {
  const values = words.map((row) => ({
    ...row,
    told_at: millis(row.told_at),
    converted_at: row.converted_at === null ? null : millis(row.converted_at),
  }));
  await db.client.insert({ table: "conversions", values, format: "JSONEachRow" });
}

async function answer(name: string, change: Record<string, string> = {}): Promise<unknown[]> {
  const question = all.find((one) => one.name === name);
  if (question === undefined) throw new Error(`no queries/${name}.sql`);
  const given = { ...PARAMETERS, ...change };
  return await db.rows(question.sql, Object.fromEntries(question.parameters.map((p) => [p.name, given[p.name]])));
}

const hourLongAgo = { from: second(hourOf(LONG_AGO)), to: second(hourOf(LONG_AGO) + HOUR_MS) };

/** With a provider's file as the external table `invoice`, as docs/sql.md says. */
async function reconciled(provider: string, csv: string, { from, to } = PARAMETERS): Promise<unknown[]> {
  const { clickhouseUrl, clickhouseLogin } = sharedCluster();
  const form = new FormData();
  form.append("query", all.find(({ name }) => name === "reconcile-invoice")?.sql ?? "");
  form.append("invoice", new Blob([csv]), "invoice.csv");
  const parameters = new URLSearchParams({
    ...{ database: db.name, param_provider: provider, param_from: from!, param_to: to! },
    ...{ invoice_format: "CSV", invoice_structure: "id String, amount Decimal(18,6), currency String" },
    default_format: "JSONEachRow",
  });
  const headers = loginHeaders(clickhouseLogin);
  const response = await fetch(`${clickhouseUrl}/?${parameters}`, { method: "POST", body: form, headers });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

it("there are 26, and each has an answer", () => {
  expect(all).toHaveLength(26);
  expect(Object.keys(ANSWERS).sort()).toEqual(
    all.map(({ name }) => name).filter((name) => name !== "reconcile-invoice"),
  );
});

it.each(Object.entries(ANSWERS))("%s", async (name, expected) => {
  const rows = await answer(name);
  expect(rows).toHaveLength(expected.length);
  for (const [i, row] of expected.entries()) expect(rows[i], `row ${i}`).toMatchObject(row);
});

describe("reconcile-invoice", () => {
  it("tells the lines that agree from those that do not, and what is missing on either side", async () => {
    expect(await reconciled("alpha", INVOICE)).toMatchObject([
      { verdict: "agrees", currency: "EUR", submissions: 3, invoiced_amount: 0.225, owed_amount: 0.225 },
      {
        verdict: "differs",
        currency: "EUR",
        submissions: 1,
        invoiced_amount: 0.08,
        owed_amount: 0.075,
        some_ids: ["A8"],
      },
      {
        verdict: "not in Sluice",
        currency: "EUR",
        submissions: 1,
        invoiced_amount: 0.5,
        owed_amount: 0,
        some_ids: ["ZZ"],
      },
      { verdict: "not invoiced", submissions: 2, invoiced_amount: 0, owed_amount: 0.15, some_ids: ["A10", "A9"] },
    ]);
  });

  it("sums the lines of a message's parts, and keeps currencies apart", async () => {
    const parts = ["B1,0.03,USD", "B2,0.03,USD", "B3,0.03,USD", "B4,0.03,USD", "B8,0.03,EUR", "B11,0.03,USD"].join(
      "\n",
    );
    expect(await reconciled("beta", parts)).toMatchObject([
      { verdict: "agrees", currency: "USD", submissions: 3, invoiced_amount: 0.15, owed_amount: 0.15 },
      { verdict: "not in Sluice", currency: "EUR", submissions: 1, invoiced_amount: 0.03 },
      { verdict: "not invoiced", currency: "USD", submissions: 1, owed_amount: 0.03, some_ids: ["B8"] },
    ]);
  });

  it("owes what was delivered to a provider that charges on delivery", async () => {
    expect(await reconciled("gamma", "G1,0.05,EUR")).toMatchObject([
      { verdict: "agrees", currency: "EUR", submissions: 1, invoiced_amount: 0.05, owed_amount: 0.05 },
    ]);
  });

  it("tells of a line without an id, such as a fee, as of one that nobody knows", async () => {
    expect(await reconciled("gamma", "G1,0.05,EUR\n,9.9,EUR")).toMatchObject([
      { verdict: "agrees", currency: "EUR", submissions: 1, invoiced_amount: 0.05, owed_amount: 0.05 },
      {
        verdict: "not in Sluice",
        currency: "EUR",
        submissions: 1,
        invoiced_amount: 9.9,
        owed_amount: 0,
        some_ids: [""],
      },
    ]);
  });

  it("counts the line of parts with one id once, and tells of a submission without an id by its message", async () => {
    expect(await reconciled("theta", "T1,0.15,EUR\n,9.9,EUR", hourLongAgo)).toMatchObject([
      { verdict: "agrees", currency: "EUR", submissions: 1, invoiced_amount: 0.15, owed_amount: 0.15 },
      { verdict: "not in Sluice", currency: "EUR", submissions: 1, invoiced_amount: 9.9, owed_amount: 0 },
      {
        ...{ verdict: "not invoiced", currency: "EUR", submissions: 1, invoiced_amount: 0, owed_amount: 0.075 },
        some_ids: [idOf(16)],
      },
    ]);
  });

  it("owes it as well when the receipt came 20 days later", async () => {
    expect(await reconciled("zeta", "Z1,0.05,EUR", hourLongAgo)).toMatchObject([
      { verdict: "agrees", currency: "EUR", submissions: 1, invoiced_amount: 0.05, owed_amount: 0.05 },
    ]);
  });
});

describe("waste-repeats", () => {
  it("counts a repeat whose first submission was before the range", async () => {
    expect(await answer("waste-repeats", { from: second(LATELY + 3_000) })).toMatchObject([
      { provider: "alpha", why: "no answer", currency: "EUR", submissions: 1, cost: 0.075 },
    ]);
  });

  it("counts no first submission, and none from before the range", async () => {
    expect(await answer("waste-repeats", { from: second(LATELY + 4_000) })).toEqual([]);
  });

  it.each([0, 3_000])(
    "has what a receipt of 20 days later makes of a repeat, with a range that begins %i ms on",
    async (on) => {
      const from = second(LONG_AGO + on);
      expect(await answer("waste-repeats", { ...hourLongAgo, from })).toMatchObject([
        { provider: "zeta", why: "another provider", currency: "EUR", submissions: 1, cost: 0.05 },
      ]);
    },
  );
});

it.each([
  [idOf(1), [["message id", idOf(1)]]],
  ["order-1", [["reference", idOf(1)]]],
  ["255", [["provider id", idOf(2)]]],
  ["0b8", [["provider id", idOf(8)]]],
  ["nobody's", []],
])("find-message finds by %j", async (id, expected) => {
  const rows = (await answer("find-message", { id })) as { found_by: string; message_id: string }[];
  expect(rows.map(({ found_by, message_id }) => [found_by, message_id])).toEqual(expected);
});

describe("stated_rates", () => {
  const set = (date: string, appliedAt: string, base: string, units: Record<string, string>) =>
    db.client.insert({
      table: "exchange_rates",
      values: Object.entries({ [base]: "1", ...units }).map(([currency, per_base]) => ({
        ...{ date, applied_at: appliedAt, currency, base, per_base, version: 1 },
      })),
      format: "JSONEachRow",
    });
  const on = async (day: string) => {
    const [row] = await db.rows<{ stated: string; factors: Record<string, number> }>(
      "SELECT stated, factors FROM stated_rates(day = {day:Date})",
      { day },
    );
    return [row!.stated, row!.factors];
  };
  beforeAll(() => db.client.command({ query: "TRUNCATE TABLE exchange_rates" }));

  it("states nothing before there are rates", async () => {
    expect(await on("2026-03-01")).toEqual(["", {}]);
    expect(await answer("invoice-by-provider")).toContainEqual(
      expect.objectContaining({ currency: "USD", amount: 0.15, stated_amount: null, stated_currency: "" }),
    );
  });

  it("states what is asked up to a midnight by the day that it ends, not by the one that begins", async () => {
    const midnight = Math.floor(LATELY / DAY_MS) * DAY_MS + DAY_MS;
    await set(millis(LATELY).slice(0, 10), "2026-03-01 10:00:00", "EUR", { USD: "2" });
    await set(millis(midnight).slice(0, 10), "2026-03-01 11:00:00", "EUR", { USD: "4" });
    const amount = expect.objectContaining({ currency: "USD", amount: 0.15, stated_amount: 0.075 });
    expect(await answer("invoice-by-provider", { to: second(midnight) })).toContainEqual(amount);
    await db.client.command({ query: "TRUNCATE TABLE exchange_rates" });
  });

  it("takes the set of a day or the last before it, else the first after it; of a day's sets the one applied last; and each once", async () => {
    await set("2026-03-01", "2026-03-01 10:00:00", "EUR", { USD: "2", GBP: "0.5" });
    await set("2026-04-01", "2026-04-01 10:00:00", "EUR", { USD: "3", GBP: "0.5" });
    await set("2026-04-01", "2026-04-02 10:00:00", "EUR", { USD: "4" });
    await set("2026-04-01", "2026-04-02 10:00:00", "EUR", { USD: "4" });
    const march = ["EUR", { EUR: 1, USD: 0.5, GBP: 2 }];
    expect([await on("2026-01-01"), await on("2026-03-01"), await on("2026-03-31")]).toEqual([march, march, march]);
    const april = ["EUR", { EUR: 1, USD: 0.25 }];
    expect([await on("2026-04-01"), await on("2026-12-31")]).toEqual([april, april]);
  });

  it("states the currency of the set applied last, also in amounts from before", async () => {
    await set("2026-05-01", "2026-05-01 10:00:00", "USD", { EUR: "0.25" });
    expect(await on("2026-03-01")).toEqual(["USD", { EUR: 2, USD: 1, GBP: 4 }]);
    expect(await on("2026-05-01")).toEqual(["USD", { EUR: 4, USD: 1 }]);
    await set("2026-06-01", "2026-06-01 10:00:00", "CHF", { USD: "2" });
    expect(await on("2026-04-01"), "a set without that currency").toEqual(["CHF", {}]);
  });

  it("has no set of a day that a roll-back took back", async () => {
    await set("2026-03-01", "2026-07-01 10:00:00", "EUR", { USD: "2.5" });
    expect(await on("2026-12-31")).toEqual(["EUR", { EUR: 1, USD: 0.4 }]);
  });
});

// Last, since they are in what the others count.
it("who has not submitted a message yet owes no receipt for it, nor does who has lost it to another", async () => {
  const before = await answer("receipts-missing");
  await db.insert(ON_ITS_WAY, "on-its-way");
  expect(await answer("receipts-missing")).toEqual(before);
});

it("an id of several destinations does not say which of them converted, and counts for none", async () => {
  await db.insert(TWINS, "twins");
  await tell(TWINS_CONVERSIONS);
  const [rates, campaigns] = [await answer("conversion-rate"), await answer("campaign-results")];
  expect(rates).toContainEqual(
    expect.objectContaining({
      provider: "iota",
      messages: 4,
      delivered_percent: 100,
      told: 0,
      converted_percent: null,
    }),
  );
  expect(campaigns).toContainEqual(
    expect.objectContaining({ label_value: "twins", messages: 4, delivered: 4, told: 0, cost_per_converted: null }),
  );
  // What is told of one destination alone counts as before.
  expect(rates).toContainEqual(expect.objectContaining({ provider: "alpha", country: "DE", told: 2, converted: 1 }));
  expect(await answer("delivered-not-converted")).toMatchObject([{ provider: "alpha", some_ids: [idOf(2)] }]);
});
