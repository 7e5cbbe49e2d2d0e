import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BudgetWord } from "../../../../../domain/budget/budget-word.ts";
import { snapshotOf } from "../../../../../domain/catalog/snapshot.ts";
import { silentLog } from "../../../../../platform/log/log.ts";
import { schemas } from "../../../../../services/ingest/doors/rest/openapi-schemas.ts";
import { followBudgetUse } from "../../../../../services/ingest/follow-budget-use.ts";
import { exampleCatalog } from "../../../domain/catalog/example.ts";
import { type Harness, OTHER_KEY, startIngest, testCodecs } from "../../ingest-harness.ts";
import { mismatches } from "./schema-match.ts";

let ingest: Harness;
beforeEach(async () => {
  ingest = await startIngest();
});
afterEach(() => ingest.close());

const NOON = Date.UTC(2026, 0, 15, 12);
const [DAY_END, MONTH_END] = [Date.UTC(2026, 0, 16), Date.UTC(2026, 1, 1)];

describe("GET /v1/budget", () => {
  it("is the account's own, with what is spent and left", async () => {
    const about = { currency: "EUR", zone: "UTC", whenReached: "wait" };
    ingest.budgets.set("acme", {
      ...about,
      periods: [
        { period: "day", most: "10", spent: "9", left: "1", used: 0.9, state: "near-end", ends: DAY_END },
        { period: "month", most: "100", spent: null, left: null, used: null, state: "unknown", ends: MONTH_END },
      ],
    });
    const { status, body } = await ingest.call("/v1/budget");
    expect(status).toBe(200);
    expect(mismatches(schemas.Budget, body, schemas)).toEqual([]);
    expect(body).toEqual({
      ...about,
      periods: [
        { period: "day", limit: "10", spent: "9", left: "1", state: "near-end", endsAt: "2026-01-16T00:00:00.000Z" },
        { period: "month", limit: "100", state: "unknown", endsAt: "2026-02-01T00:00:00.000Z" },
      ],
    });
    expect((await ingest.call("/v1/budget", { key: OTHER_KEY })).body).toEqual({ periods: [] });
  });

  it("is what routers have told, of the budget that the catalog gives, once all of it has been read", async () => {
    const codecs = await testCodecs();
    const example = exampleCatalog();
    const [account] = example.accounts;
    const budget = { currency: "EUR", daily: 10_000_000, zone: "UTC", whenReached: "refuse" } as const;
    const snapshot = snapshotOf({ ...example, accounts: [{ ...account!, budget }] });
    const word: BudgetWord = {
      ...{ account: account!.id, currency: "EUR", partition: 0, epoch: 1, at: NOON, ahead: 0, next: [] },
      ...{ day: 2_500_000, dayEnd: DAY_END, month: 2_500_000, monthEnd: MONTH_END },
    };
    let read: () => void = () => {};
    const reader = {
      follow: (_topic: string, onRecord: (record: object) => void) => {
        onRecord({
          ...{ topic: "sms.budgets", partition: 0, offset: 0, key: Buffer.from(`${account!.id}/0`) },
          value: codecs.budgetWord.encode(word as never),
          headers: {},
          timestamp: NOON,
        });
        return new Promise<void>((resolve) => {
          read = resolve;
        });
      },
    };
    const of = followBudgetUse({
      ...{ codecs, reader: reader as never, partitions: 6, log: silentLog, now: () => NOON },
      catalog: { current: snapshot, onChange: () => {} } as never,
    });
    expect(of(account!.id)).toMatchObject({ currency: "EUR", whenReached: "refuse", periods: [{ state: "unknown" }] });
    await expect.poll(() => read).toBeTypeOf("function");
    read();
    await expect.poll(() => of(account!.id)?.periods[0]?.spent).toBe("2.5");
    expect(of(account!.id)?.periods).toMatchObject([{ period: "day", most: "10", left: "7.5", state: "room" }]);
    expect(of("nobody")).toBeUndefined();
  });
});
