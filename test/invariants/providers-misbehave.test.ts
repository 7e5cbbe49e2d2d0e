/**
 * Promise 6: providers misbehave in the ways that providers do, one after the other, under traffic of all three lanes, a tenth of it
 * in two parts. Each ends as the lane's rule says: what is in doubt goes again with its reason stated (otp, transactional) or
 * never again (marketing; its receipt ends it, or `unknown`). SLUICE_FAULTS=long: full windows of 400, 600 messages a second.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { framedKinds, streamBreakingKinds } from "../../infra/simulators/smsc/malformed-pdu.ts";
import type { MessageAccount } from "../faults/books.ts";
import { type Installation, startInstallation } from "../faults/installation.ts";
import { type CaseRecord, type Misbehaviour, runCase, statsOf, tell } from "../faults/misbehaviour/provider-case.ts";
import { metric } from "../faults/rebalance.ts";
import { expectInOrder, figures, reckon } from "../faults/reckoning.ts";
import { figure, LONG } from "../faults/report.ts";

const RATE = LONG ? 600 : 150;
/** Messages that a provider takes before and after each fault, and that each other one takes meanwhile. */
const ENOUGH = LONG ? 500 : 25;
/** How often a fault has to happen. */
const OFTEN = LONG ? 300 : 12;
/** smsc-a's window, shared by its two binds. */
const WINDOW = LONG ? 400 : 40;
const RESPONSE_TIMEOUT_MS = 2_000;
/** A provider that cannot be used must be left within this time, whatever its fault. */
const LEFT_WITHIN_MS = 10_000;
/** More than a receipt waits for a submission in doubt to be the only one it can belong to. */
const RECEIPT_DEADLINE_MS = 25_000;
/** The longest Retry-After that the sender believes. */
const PAUSE_BELIEVED_MS = 60_000;
const END_MS = 120_000;
/** For the installation to start, on a machine that has other things to do. */
const START_MS = 400_000;

const usual = {
  response: { lostShare: 0, lateShare: 0, twiceShare: 0, shuffled: 0, strangeShare: 0, malformedShare: 0 },
  links: { bind: "answer", cutAt: 0 },
  dark: { acceptShare: 0 },
  errors: { throttledShare: 0 },
  receipts: { beforeResponseShare: 0, duplicateShare: 0, otherBindShare: 0, malformedShare: 0 },
};
const usualHttp = {
  response: { lostShare: 0, cutShare: 0 },
  errors: { throttledShare: 0 },
  rate: { retryAfterSeconds: 1 },
  callbacks: { beforeResponseShare: 0, duplicateShare: 0 },
};

const FOLDER = "test/faults/misbehaviour";
const catalogDir = mkdtempSync(join(tmpdir(), "sluice-catalog-"));
let sluice: Installation;
const records: CaseRecord[] = [];
beforeAll(async () => {
  sluice = await startInstallation({
    env: {
      SLUICE_CATALOG_DIR: catalogWith(WINDOW),
      SLUICE_SIMULATORS_DIR: `${FOLDER}/simulators`,
      SLUICE_RECEIPT_DEADLINE: `${RECEIPT_DEADLINE_MS}ms`,
    },
  });
}, START_MS);
afterAll(async () => {
  await sluice?.stop();
  rmSync(catalogDir, { recursive: true, force: true });
});

/** The catalog of these tests with smsc-a's window: the test's size, not a property of its providers. */
function catalogWith(window: number): string {
  cpSync(`${FOLDER}/catalog`, catalogDir, { recursive: true });
  const file = join(catalogDir, "providers.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("window: 40", `window: ${window}`));
  return catalogDir;
}

async function misbehave(name: string, fault: Omit<Misbehaviour, "cure" | "provider"> & Partial<Misbehaviour>) {
  const { provider = "smsc-a" } = fault;
  const text = (n: number) => (n % 10 === 9 ? "Two parts. ".repeat(20) : `Message ${n}`);
  const load = { rate: RATE, httpShare: 0, text, enough: ENOUGH, leftWithinMs: LEFT_WITHIN_MS };
  const cure = provider === "http-c" ? usualHttp : usual;
  const record = await runCase(sluice, name, { provider, cure, ...fault }, load);
  records.push(record);
  record.back.catch(() => {}); // awaited at the end
  const { ids, leftMs, counts } = record;
  console.log(`${name}: ${ids.size} messages, left after ${leftMs ?? "-"} ms, ${JSON.stringify(counts)}`);
  return record;
}

const grew = (group: "submits" | "responses" | "receipts" | "links", name: string): Misbehaviour["happened"] => {
  return (now, before) => (now[group]?.[name] ?? 0) - (before[group]?.[name] ?? 0) >= OFTEN;
};
const anomalies = () => metric(sluice.adminUrls.sender!, "sender_smpp_anomalies_total");

test("429 for everything, to be tried again in a century", async () => {
  await misbehave("429 and Retry-After: 3,155,760,000", {
    provider: "http-c",
    fault: { errors: { throttledShare: 1 }, rate: { retryAfterSeconds: 3_155_760_000 } },
    happened: (now, before) => (now.submits.throttled ?? 0) > (before.submits.throttled ?? 0),
    left: true,
    backWithinMs: PAUSE_BELIEVED_MS + 20_000,
  });
});

test("responses that never come", async () => {
  await misbehave("lost responses", {
    fault: { response: { lostShare: 0.15 } },
    happened: grew("responses", "lost"),
    left: false,
  });
});

test("responses that come late, twice, in another order, or to nobody", async () => {
  const before = await anomalies();
  const { counts } = await misbehave("late, doubled, shuffled and strange responses", {
    fault: {
      response: {
        lateShare: 0.1,
        lateMs: RESPONSE_TIMEOUT_MS + 1_000,
        twiceShare: 0.3,
        shuffled: 8,
        strangeShare: 0.3,
      },
    },
    happened: grew("responses", "late"),
    left: false,
  });
  for (const kind of ["late", "twice", "shuffled", "strange"]) expect(counts[`responses.${kind}`]).toBeGreaterThan(0);
  expect(await anomalies()).toBeGreaterThan(before);
});

test("receipts before the response, twice, and on another bind", async () => {
  await misbehave("early, doubled and strayed receipts", {
    fault: { receipts: { beforeResponseShare: 0.4, duplicateShare: 0.4, otherBindShare: 0.5 } },
    happened: grew("receipts", "planned"),
    left: false,
  });
});

test("receipts that say nothing usable", async () => {
  await misbehave("unusable receipts", {
    fault: { receipts: { malformedShare: 0.5 } },
    happened: grew("receipts", "unusable"),
    left: false,
  });
});

test("malformed PDUs: missing NUL, no id, cut-off and unknown parameters, unknown commands", async () => {
  await misbehave("malformed PDUs", {
    fault: {
      response: {
        malformedShare: 0.5,
        malformed: framedKinds,
      },
    },
    happened: grew("responses", "malformed"),
    left: false,
  });
});

test("malformed PDUs: lengths that cannot be, garbage in mid-stream, a length that swallows what follows", async () => {
  await misbehave("broken streams", {
    fault: {
      response: {
        malformedShare: 0.2,
        malformed: streamBreakingKinds,
      },
    },
    happened: (now, before) => (now.responses?.malformed ?? 0) - (before.responses?.malformed ?? 0) >= 3,
    left: true,
  });
});

test("the connection is cut with a full window", async () => {
  const { counts } = await misbehave("cut with a full window", {
    fault: { links: { cutAt: WINDOW / 2, cutAcceptShare: 0.5 } },
    happened: (now, before) => (now.links?.cuts ?? 0) - (before.links?.cuts ?? 0) >= 2,
    left: true,
  });
  // Within the response time-out: nothing had been given up yet, so the window was full.
  expect((await statsOf(sluice, "smsc-a")).links?.quickestCutMs).toBeLessThan(RESPONSE_TIMEOUT_MS);
  expect(counts["links.cuts"]).toBeGreaterThan(0);
});

test("the centre unbinds in mid-traffic", async () => {
  await misbehave("unbind in mid-traffic", {
    fault: {},
    during: () => tell(sluice, "smsc-a", "/unbind"),
    happened: (now, before) => (now.links?.unbinds ?? 0) - (before.links?.unbinds ?? 0) >= 1,
    left: false,
  });
});

test("a throttling storm", async () => {
  await misbehave("throttling storm", {
    fault: { errors: { throttledShare: 1 } },
    happened: grew("submits", "throttled"),
    left: true,
  });
});

test.each([
  ["accepts TCP and says nothing", "silent", "bindsUnanswered"],
  ["answers the bind and then nothing", "deaf", "deafBinds"],
  ["refuses the bind", "refuse", "bindsRefused"],
])("a centre that %s", async (name, bind, count) => {
  await misbehave(name, {
    fault: { links: { bind }, dark: { acceptShare: 0.5 } },
    during: () => tell(sluice, "smsc-a", "/cut"),
    happened: (now, before) => (now.links?.[count] ?? 0) > (before.links?.[count] ?? 0),
    left: true,
  });
});

test("HTTP answers that are lost, and connections cut instead of an answer", async () => {
  await misbehave("lost HTTP answers", {
    provider: "http-c",
    fault: { response: { lostShare: 0.2, cutShare: 0.2 } },
    happened: (now, before) =>
      (now.submits.lost ?? 0) + (now.submits.cut ?? 0) >=
      OFTEN + (before.submits.lost ?? 0) + (before.submits.cut ?? 0),
    left: false,
  });
});

test("every message of all of them has ended, as its lane's rule says", async () => {
  const ids = new Set(records.flatMap(({ ids }) => [...ids]));
  const result = await reckon(sluice, { accepted: ids, unanswered: 0, failures: {} }, END_MS);
  console.log(figures(result, { accepted: ids, unanswered: 0, failures: {} }));
  const { messages } = result.books;
  let silent = 0;
  for (const { name, ids } of records) {
    const accounts = [...ids].flatMap((id) => messages.get(id) ?? []);
    console.log(`${name}: ${JSON.stringify(sum(accounts))}`);
    expect(
      accounts.flatMap((account) => wronglyEnded(account) ?? []),
      name,
    ).toEqual([]);
    silent += accounts.filter((account) => withoutReceipt(account) && !partlyTaken(account)).length;
  }
  // Their receipts came and were acknowledged, and nobody could read them. A message may wait in a backlog and so meet the fault of a later case.
  const unusable = (await statsOf(sluice, "smsc-a")).receipts.unusable ?? 0;
  expect(silent).toBeGreaterThan(0);
  expect(silent).toBeLessThanOrEqual(unusable);
  expectInOrder(result);
  await report(result.books.messages, result.repeated.length);
});

/** In doubt, and no copy of it may go any more: its lane holds, or the copy is in doubt as well. */
const isHeld = ({ lane, doubted }: MessageAccount) => doubted.size > (lane === "marketing" ? 0 : 1);

/** Taken for certain, and its receipt has not ended it: one that came, and said nothing usable. */
function withoutReceipt(account: MessageAccount): boolean {
  return account.finals.has("unknown") && !isHeld(account) && account.sent > 0 && account.providers.has("smsc-a");
}

/** In doubt, and receipts have shown that some of its parts were taken: no copy may go, and the others never reach anybody. */
function partlyTaken({ doubted, whole, segments }: MessageAccount): boolean {
  return doubted.size > 0 && !whole && segments > 1;
}

/** What speaks against how a message ended, or undefined. Here providers deliver, and say so of all that they have taken. */
function wronglyEnded(account: MessageAccount): string | undefined {
  const { id, lane, finals, reasons, doubted, whole, sent, segments } = account;
  const [state] = finals;
  const held = isHeld(account);
  const told = `${id} ${lane} ended ${state}, taken ${sent} times, of ${segments} parts, in doubt ${[...doubted]}, ${[...reasons]}`;
  if (lane === "marketing" && reasons.size > 0) return `${told}: went again against its lane's rule`;
  if (state === "delivered") return sent > 0 ? undefined : `${told}: nobody took it`;
  if (state !== "unknown") return told;
  if (held) return whole ? `${told}: held and taken, and its receipt did not end it` : undefined;
  return withoutReceipt(account) ? undefined : `${told}: neither in doubt nor without a receipt`;
}

function sum(accounts: readonly MessageAccount[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  for (const { finals, reasons, doubted, sent } of accounts) {
    add([...finals].join("+"));
    for (const why of doubted.values()) add(`in doubt: ${why}`);
    for (const reason of reasons) add(reason.slice(reason.indexOf("/") + 1));
    if (sent > 1) add("taken twice");
  }
  return counts;
}

async function report(messages: ReadonlyMap<string, MessageAccount>, repeated: number): Promise<void> {
  const counts = sum([...messages.values()]);
  const reasons = Object.entries(counts).filter(([name]) => /-|:/.test(name));
  figure(6, "cases", records.length);
  figure(6, "messages, each with one terminal state", messages.size);
  figure(6, "taken twice, each with its reason stated", repeated);
  figure(6, "in doubt and submitted again, by reason", reasons.map(([name, count]) => `${name} ${count}`).join(", "));
  const times = records.filter(({ leftMs }) => leftMs !== undefined);
  figure(6, "bad provider left, longest", `${Math.max(...times.map(({ leftMs }) => leftMs!))} ms`);
  const backs = await Promise.all(records.filter(({ provider }) => provider === "smsc-a").map(({ back }) => back));
  figure(6, "used again after its recovery, longest", `${Math.max(...backs)} ms`);
  const paused = records.find(({ name }) => name.startsWith("429"));
  if (paused !== undefined) figure(6, "used again after a Retry-After of a century", `${await paused.back} ms`);
}
