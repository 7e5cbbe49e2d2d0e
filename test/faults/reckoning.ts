import { expect } from "vitest";
import { type AuditReport, auditLine } from "../../services/cli/audit-report.ts";
import { auditAll, until } from "./audit.ts";
import { atPlace, type Books, endedUnheard, type MessageAccount, readBooks } from "./books.ts";
import type { Installation } from "./installation.ts";
import { countRows, type Rows, readRows } from "./rows.ts";
import { providerStats } from "./submission-watch.ts";
import type { Traffic } from "./traffic.ts";

/** The original and one copy: how often a message may go out in all (`inDoubtLimit`, docs/catalog.md). */
const MOST_SUBMISSIONS = 2;

/** What was promised by one traffic, or by several together. */
export type Promised = Pick<Traffic, "accepted" | "unanswered" | "failures"> & { readonly repeated?: number };

export interface Reckoning {
  readonly audit: AuditReport;
  readonly books: Books;
  readonly rows: Rows;
  /** Messages by what they show; each list must be empty. */
  readonly wrong: Readonly<Record<string, readonly string[]>>;
  /** Messages that providers accepted more than once. */
  readonly repeated: readonly MessageAccount[];
}

/** Waits until what is under way has ended (up to `waitMs`), then puts everything side by side. */
export async function reckon(installation: Installation, traffic: Promised, waitMs: number): Promise<Reckoning> {
  const began = performance.now();
  await ended(installation, traffic.accepted.size, waitMs);
  const audit = await auditAll(installation, Math.max(0, waitMs - (performance.now() - began)));
  // Before the log is read: what is acknowledged by now stands there, and more may come while it is read.
  const told = await providerStats(installation);
  const books = await readBooks(installation);
  let rows: Rows = { places: [], differing: [], figures: 0 };
  await until(
    () => "",
    async () => {
      if ((await countRows(installation)).rows < books.distinctEvents) return false;
      rows = await readRows(installation);
      return rows.differing.length === 0;
    },
    60_000,
  ).catch(async () => {
    rows = await readRows(installation); // the comparison below says what is missing
  });
  const all = [...books.messages.values()];
  const those = (holds: (message: MessageAccount) => boolean) => all.filter(holds).map(describeMessage).slice(0, 20);
  const shown = compareRows(books, rows);
  const wrong = {
    "accepted and not in the log": [...traffic.accepted].filter((id) => !books.messages.has(id)).slice(0, 20),
    "without a terminal state": those(({ finals }) => finals.size === 0),
    "with several terminal states": those(({ finals }) => finals.size > 1),
    "marketing that went out twice": those(({ lane, sent }) => lane === "marketing" && sent > 1),
    "marketing that says it was submitted again": those(
      ({ lane, reasons }) => lane === "marketing" && reasons.size > 0,
    ),
    "went out twice and never said to be in doubt": those(({ sent, doubted }) => sent > 1 && doubted.size === 0),
    "went out more often than an original and a copy": those(({ sent }) => sent > MOST_SUBMISSIONS),
    "routed to two providers in one attempt": those(({ routed }) => [...routed.values()].some(({ size }) => size > 1)),
    "ended unknown with its receipts in the log": those((message) => endedUnheard(message, books)),
    "receipts acknowledged and not in the log": receiptsLost(told, books),
    "events without a row": [...shown.missing].slice(0, 20),
    "events with several rows": [...shown.doubled].slice(0, 20),
    "roll-ups that differ from the rows": rows.differing,
  };
  return { audit, books, rows, wrong, repeated: all.filter(({ sent }) => sent > 1) };
}

/** Waits until so many messages have ended, by what ClickHouse says of it: the audit reads all topics each time that it looks. */
async function ended(installation: Installation, messages: number, waitMs: number): Promise<void> {
  const enough = async () => (await countRows(installation).catch(() => ({ ended: 0 }))).ended >= messages;
  await until(() => "", enough, waitMs).catch(() => {}); // the audit says what is missing
}

/** What each provider was told that we have, must stand in the log: by count, since a receipt may be acknowledged and sent again. */
function receiptsLost(stats: Awaited<ReturnType<typeof providerStats>>, { receipts }: Books): string[] {
  return Object.entries(stats).flatMap(([provider, { receipts: told }]) => {
    const { acknowledged } = told;
    const stored = receipts.get(provider) ?? 0;
    return acknowledged > stored ? [`${provider}: ${acknowledged} acknowledged, ${stored} in the log`] : [];
  });
}

/** Every event, whichever of its repeats in the log, must stand in one row. */
function compareRows({ eventAt }: Books, { places }: Rows): { missing: Set<string>; doubled: Set<string> } {
  const missing = new Set(eventAt.values());
  const doubled = new Set<string>();
  for (const place of places) {
    const id = eventAt.get(place) ?? `a row of place ${place}, where no event stands`;
    if (!missing.delete(id)) doubled.add(id);
  }
  return { missing, doubled: new Set([...doubled].map((id) => `${id}, in the log at ${placesOf(id, eventAt)}`)) };
}

/** How far apart an event's repeats stand, which tells who should have left one out. */
function placesOf(id: string, eventAt: Books["eventAt"]): string {
  const places = [...eventAt].filter(([, other]) => other === id).map(([place]) => atPlace(place));
  return places.map(({ partition, offset }) => `${partition}/${offset}`).join(" and ");
}

function describeMessage(message: MessageAccount): string {
  const { id, lane, finals, reasons, doubted, providers, sent, attempts, story } = message;
  return `${id} ${lane} finals=${[...finals]} reasons=${[...reasons]} doubted=${[...doubted]} providers=${[...providers]} sent=${sent} attempts=${attempts}: ${story.join("; ")}`;
}

/** Asserts all that must hold whatever was killed. */
export function expectInOrder({ audit, wrong }: Reckoning): void {
  expect(Object.fromEntries(Object.entries(wrong).filter(([, list]) => list.length > 0))).toEqual({});
  expect({ missing: audit.missingIds, duplicated: audit.duplicatedIds, contradicting: audit.contradicting }).toEqual({
    missing: [],
    duplicated: [],
    contradicting: 0,
  });
  expect(audit.terminal).toBe(audit.accepted);
}

/** A few lines for the report. */
export function figures({ audit, books, rows, repeated }: Reckoning, traffic: Promised): string {
  const reasons: Record<string, number> = {};
  const doubts: Record<string, number> = {};
  for (const message of books.messages.values()) {
    for (const reason of message.reasons) count(reasons, reason.slice(reason.indexOf("/") + 1));
    for (const why of message.doubted.values()) count(doubts, why);
  }
  return [
    auditLine(audit),
    `answered with acceptance: ${traffic.accepted.size}; HTTP without acceptance: ${traffic.unanswered} ${JSON.stringify(traffic.failures)}, repeated: ${traffic.repeated ?? 0}`,
    `events: ${books.events}, distinct ${books.distinctEvents}, rows ${rows.places.length}`,
    `in doubt: ${JSON.stringify(doubts)}`,
    `stated repeats: ${JSON.stringify(reasons)}; accepted more than once by the providers: ${repeated.length}`,
    `through a retry tier: ${[...books.messages.values()].filter(({ delayed }) => delayed).length}`,
  ].join("\n");
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
