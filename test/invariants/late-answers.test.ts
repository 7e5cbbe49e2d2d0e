/**
 * Promise 12: answers that come late, twice or never, receipts that come twice, and ids that come again and again, while
 * senders and correlators are killed. No message goes out more often than its lane allows, none ends contrary to what its
 * provider said of it. SLUICE_FAULTS=long: two minutes at 300 messages a second; the short form some seconds at 120.
 */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MessageAccount } from "../faults/books.ts";
import { changedCatalog } from "../faults/catalog.ts";
import { behave, type Installation, startInstallation } from "../faults/installation.ts";
import { killAndRestart, schedule } from "../faults/kill.ts";
import { expectInOrder, figures, reckon } from "../faults/reckoning.ts";
import { figure, LONG } from "../faults/report.ts";
import { Traffic } from "../faults/traffic.ts";

const RATE = LONG ? 300 : 120;
const KILLS = LONG ? 12 : 3;
const EVERY_MS = LONG ? 8_000 : 4_000;
const START_MS = 420_000;
const END_MS = 360_000;
/** Answers come in time, or after it, or never. */
const RESPONSE_TIMEOUT_MS = 2_000;
const LATE_MS = 2_600;
/** Ids of a centre that come again: far fewer than messages. */
const DIFFERENT_IDS = 400;

/** What happens to a message at the message centres and at the HTTP provider, by the beginning of its number. */
const FATES = {
  "4915110": { smsc: { state: "DELIVRD" }, http: { state: "delivered" }, ends: ["delivered", "unknown"] },
  "4915120": { smsc: { state: "UNDELIV" }, http: { state: "undelivered" }, ends: ["undelivered", "unknown"] },
  "4915130": { smsc: { loseReceipt: true }, http: { state: "failed" }, ends: ["unknown", "failed"] },
} as const;
const PREFIXES = Object.keys(FATES) as (keyof typeof FATES)[];
/**
 * Numbers of each fate: so many that none gets two messages. What an id says that comes again to one number cannot be told from
 * outside; test/unit/dlr-collector/ids-come-again.test.ts has that.
 */
const NUMBERS_EACH = 20_000;

let sluice: Installation;
let catalog: string;
beforeAll(async () => {
  catalog = changedCatalog(({ smpp }) => {
    if (smpp !== undefined) smpp.responseTimeoutMs = RESPONSE_TIMEOUT_MS;
  });
  const env = { SLUICE_CATALOG_DIR: catalog, SLUICE_RECEIPT_DEADLINE: "40s", SLUICE_COPY_WAIT: "2s" };
  sluice = await startInstallation({ env });
  const rules = (at: "smsc" | "http") => PREFIXES.map((prefix) => ({ prefix, ...FATES[prefix][at] }));
  for (const smsc of ["smsc-a", "smsc-b"] as const)
    await behave(sluice, smsc, {
      rate: { segmentsPerSecond: 0 },
      rules: rules("smsc"),
      ids: { wrapAt: DIFFERENT_IDS },
      response: { lateShare: 0.1, lateMs: LATE_MS, lostShare: 0.03, twiceShare: 0.05 },
      receipts: {
        delay: { kind: "lognormal", medianMs: 800, p95Ms: 3_000, maxMs: 6_000 },
        duplicateShare: 0.1,
        intermediateShare: 0.1,
        disorderShare: 0.5,
        beforeResponseShare: 0.1,
      },
    });
  await behave(sluice, "http-c", { rate: { segmentsPerSecond: 0 }, rules: rules("http") });
}, START_MS);
afterAll(async () => {
  await sluice?.stop();
  rmSync(catalog, { recursive: true, force: true });
});

test("whatever comes late, twice or again: at most the copies stated, and the end that the provider said", async () => {
  const { seed, random } = schedule();
  console.log(`SLUICE_SEED=${seed}`);
  const destinations = Array.from(
    { length: PREFIXES.length * NUMBERS_EACH },
    (_, n) => `${PREFIXES[n % PREFIXES.length]}${String(100_000 + n)}`,
  );
  const traffic = new Traffic(sluice, { rate: RATE, httpShare: 0.2, repeat: true, destinations });
  await traffic.start();
  for (let n = 0; n < KILLS; n++) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS * (0.5 + random())));
    await killAndRestart(sluice, n % 2 === 0 ? "sender" : "dlr-collector");
  }
  await traffic.stop();
  const result = await reckon(sluice, traffic, END_MS);
  console.log(figures(result, traffic));
  const all = [...result.books.messages.values()];
  const told = (messages: readonly MessageAccount[]) =>
    messages
      .slice(0, 10)
      .map(
        ({ id, to, finals, doubted, sent }) => `${id} ${to.slice(0, 7)} ${[...finals]} ${[...doubted]} sent=${sent}`,
      );
  const contrary = all.filter(({ to, finals }) => {
    const { ends } = FATES[to.slice(0, 7) as keyof typeof FATES];
    return [...finals].some((state) => !(ends as readonly string[]).includes(state));
  });
  const doubted = all.filter((message) => message.doubted.size > 0);
  const settled = doubted.filter(({ submissions, finals }) => submissions.length > 0 && !finals.has("unknown"));
  const copies = all.filter(({ sent }) => sent > 1);
  const heard = all.filter(({ to }) => !to.startsWith("4915130"));
  // What a lane that holds had on its way at a kill may have reached nobody.
  const lost = heard.filter(({ finals, sent }) => finals.has("unknown") && sent > 0);
  const unpaid = all.filter(({ finals, submissions }) => !finals.has("unknown") && submissions.length === 0);
  figure(
    12,
    "messages",
    `${all.length}, in doubt ${doubted.length}, settled by an answer or a receipt ${settled.length}`,
  );
  figure(
    12,
    "went out twice",
    `${copies.length}, of lanes that hold ${copies.filter(({ lane }) => lane === "marketing").length}`,
  );
  figure(12, "ended contrary to their provider", contrary.length);
  figure(12, "ended unknown although their provider said how", `${lost.length} of ${heard.length}`);
  expectInOrder(result);
  expect(told(contrary)).toEqual([]);
  // Two of 1,000 in the long form; in the short one that would be five or six, and they come in groups, a number at a time.
  expect(lost.length, told(lost).join("\n")).toBeLessThanOrEqual((LONG ? 0.002 : 0.005) * heard.length);
  expect(told(unpaid), "ended by a receipt and not counted as a submission").toEqual([]);
  expect(settled.length, "answers and receipts that settled a doubt").toBeGreaterThan(0);
  // A copy is the exception: most of what is in doubt is settled before it goes.
  expect(copies.length).toBeLessThan(doubted.length / 2);
}, 1_200_000);
