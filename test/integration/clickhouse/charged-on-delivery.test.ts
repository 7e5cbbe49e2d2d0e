import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { campaigns } from "../../../services/console/read/campaigns.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

let db: TestDatabase;
let reader: ClickhouseReader;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "charges");
  reader = new ClickhouseReader({ ...db.target, timeoutMs: 30_000 });
});
afterAll(async () => {
  await reader?.close();
  await db?.drop();
});

/** A minute's last second, so that receipts stand in the next one. */
const SUBMITTED_AT = Math.floor(Date.now() / 60_000) * 60_000 - 1_000;
const PRICE = 7_500;
const SEGMENTS = 2;

/** One handing over of a message: by whom, in which currency, and how many of its segments were delivered. */
interface Try {
  readonly provider: string;
  readonly currency: string;
  readonly onDelivery: boolean;
  readonly delivered: number;
}

const tries: fc.Arbitrary<Try[]> = fc.uniqueArray(
  fc.record({
    provider: fc.constantFrom("alpha", "beta", "gamma"),
    currency: fc.constantFrom("EUR", "USD"),
    onDelivery: fc.boolean(),
    delivered: fc.nat(SEGMENTS),
  }),
  { minLength: 1, maxLength: 3, selector: ({ provider }) => provider },
);

/** What stands in the log of a message: each segment's receipt says what is owed by then, and the last one ends it. */
function eventsOf(messageId: string, provider: string, of: readonly Try[], metadata: Record<string, string>): Event[] {
  const acceptedAt = SUBMITTED_AT - 500;
  const about = facts({ messageId, segments: SEGMENTS, accountId: "acme", acceptedAt, metadata });
  return of.flatMap(({ currency, onDelivery, delivered, provider: name }, place) => {
    const base = {
      facts: about,
      attempt: place + 1,
      provider: `${name}-${provider}`,
      currency,
      onDelivery,
      price: PRICE,
    };
    const cost = (segments: number) => (onDelivery ? PRICE * segments : PRICE * SEGMENTS);
    const later = { ...base, submittedAt: SUBMITTED_AT, at: SUBMITTED_AT + 90_000 };
    return [
      event({ ...base, type: "routed", at: SUBMITTED_AT - 5 }),
      event({ ...base, type: "submitted", at: SUBMITTED_AT, submittedAt: SUBMITTED_AT, cost: cost(0) }),
      ...Array.from({ length: delivered }, (_, part) =>
        event({ ...later, type: "receipt", part: part + 1, state: "delivered", cost: cost(part + 1) }),
      ),
      ...(place === 0 ? [event({ ...later, type: "final", state: "delivered", cost: cost(delivered) })] : []),
    ];
  });
}

/** Amounts by currency, as decimal texts. */
function amounts(of: readonly Try[]): Record<string, string> {
  const sums = new Map<string, number>();
  for (const { currency, onDelivery, delivered } of of)
    sums.set(currency, (sums.get(currency) ?? 0) + PRICE * (onDelivery ? delivered : SEGMENTS));
  return Object.fromEntries([...sums].sort().map(([unit, micros]) => [unit, (micros / 1_000_000).toFixed(6)]));
}

const COSTS = "mapApply((c, a) -> (c, toString(toDecimal64(a, 6))), mapSort(costs)) AS costs";
/** A currency of which nothing is owed stands there or not, by whether something was submitted in it. */
const owed = (costs: Record<string, string> | undefined) =>
  Object.fromEntries(Object.entries(costs ?? {}).flatMap(([c, a]) => (Number(a) === 0 ? [] : [[c, Number(a)]])));

it("costs each provider's price once where it has delivered, in whatever order and however often that is told, also by campaign", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(tries, { minLength: 1, maxLength: 3 }),
      fc.infiniteStream(fc.nat(1_000)),
      async (all, draw) => {
        run++;
        const own = `${run}`;
        const key = `run-${own}`;
        const messages = all.map((of, n) => ({ id: randomUUID(), of, label: n % 2 === 0 ? "spring" : "autumn" }));
        const events = messages.flatMap(({ id, of, label }) => eventsOf(id, own, of, { [key]: label }));
        // What a new owner says again; a submission, an end and a decision stand in the log once.
        const again = events.filter(({ type }) => type === "receipt" && draw.next().value < 500);
        const shuffled = [...events, ...again]
          .map((one) => ({ one, place: draw.next().value }))
          .sort((a, b) => a.place - b.place)
          .map(({ one }) => one);
        const cut = draw.next().value % (shuffled.length + 1);
        for (const [i, block] of [shuffled.slice(0, cut), shuffled.slice(cut)].entries())
          if (block.length > 0) await db.insert(block, `${run}-${i}`);

        for (const { id, of } of messages) {
          const [row] = await db.rows<{ costs: Record<string, string>; account: string; submissions: string }>(
            `SELECT account, toString(submissions) AS submissions, ${COSTS} FROM messages_latest WHERE message_id = {id:UUID}`,
            { id },
          );
          expect(row).toMatchObject({ account: "acme", submissions: String(of.length) });
          expect(owed(row?.costs)).toEqual(owed(amounts(of)));
        }
        const found = await campaigns(reader, key, 60);
        for (const label of ["spring", "autumn"]) {
          const of = messages.filter((message) => message.label === label);
          const campaign = found.find((one) => one.label === label);
          expect([campaign?.messages ?? 0, campaign?.ended.delivered ?? 0]).toEqual([of.length, of.length]);
          expect(owed(campaign?.costs), `campaign ${label}`).toEqual(owed(amounts(of.flatMap((one) => one.of))));
        }
        for (const view of ["provider_minutes", "traffic_minutes"])
          for (const name of ["alpha", "beta", "gamma"]) {
            const of = all.flat().filter(({ provider }) => provider === name);
            const provider = `${name}-${own}`;
            const rows = await db.rows<{ costs: Record<string, string>; submitted: string }>(
              `SELECT toString(submitted) AS submitted, ${COSTS} FROM ${view}
             WHERE provider = {provider:String} AND minute = toStartOfMinute(toDateTime({at:UInt32}, 'UTC'))`,
              { provider, at: SUBMITTED_AT / 1_000 },
            );
            expect(rows.map(({ submitted }) => submitted)).toEqual(of.length === 0 ? [] : [String(of.length)]);
            expect(owed(rows[0]?.costs), `${view} of ${provider}`).toEqual(owed(amounts(of)));
          }
      },
    ),
    { numRuns: 25 },
  );
});

it("is looked up for a message, and for a minute, without reading the others", async () => {
  const plan = async (query: string) =>
    (await db.rows<{ explain: string }>(`EXPLAIN indexes = 1 ${query}`)).map(({ explain }) => explain).join("\n");
  const ofMessage = await plan(`SELECT costs FROM messages_latest WHERE message_id = '${randomUUID()}'`);
  expect(ofMessage.match(/PrimaryKey/g)).toHaveLength(1);
  const ofMinutes = await plan("SELECT costs FROM provider_minutes WHERE minute >= now() - INTERVAL 1 HOUR");
  expect(ofMinutes).toMatch(/PrimaryKey\s+\S*\s*Keys:\s+\S*\s*minute/);
  expect(ofMinutes).not.toContain("delivery_charges");
});
