/**
 * Messages and time, over two routers that are killed meanwhile: messages with a time of their own go once and none early, and how late they are;
 * quiet hours over the border of two time zones; cancels before a message's time and at that very moment; how many messages a recipient gets.
 * SLUICE_SCHEDULED_MESSAGES is the number of the first; SLUICE_SCHEDULED_RATE, segments a second, what their providers take together; with
 * SLUICE_SCHEDULED_KILLS=none nobody is killed. `make scheduled` runs the first with 100,000.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ControlClient } from "../../infra/local/control-client.ts";
import { type CatalogFiles, LiveCatalogFiles } from "../fixture/live-catalog.ts";
import {
  behaveAs,
  CALM,
  cancel,
  disconnect,
  freshId,
  freshNumber,
  getMessage,
  type MessageRow,
  post,
  produce,
  query,
  until,
  untilFinal,
} from "./sluice.ts";

const { environment, stateDir } = inject("sluice");
const control = new ControlClient(stateDir);
const catalog = new LiveCatalogFiles(environment);
const files = catalog.read(environment.SLUICE_CATALOG_DIR!);

const { SLUICE_SCHEDULED_MESSAGES = 400, SLUICE_SCHEDULED_RATE, SLUICE_SCHEDULED_KILLS } = process.env;
const MESSAGES = Number(SLUICE_SCHEDULED_MESSAGES);
const KILLS = SLUICE_SCHEDULED_KILLS !== "none";
/** They fall due within so long, ms. */
const SPREAD_MS = MESSAGES > 1_000 ? 60_000 : 8_000;
/** From the first request until the first is due, ms: more than it takes to hand them in. */
const AHEAD_MS = 8_000 + MESSAGES;
/** Of the test of them, ms: it is as long as they are many. */
const TEST_MS = 180_000 + AHEAD_MS + 2 * MESSAGES;
const PROVIDERS = ["smsc-a", "smsc-b"];
/** Segments a second that each of them takes: as the catalog says it, and as its simulator keeps it, which counts by its own clock. */
const RATE = Number(SLUICE_SCHEDULED_RATE ?? 1_000) / PROVIDERS.length;
const allowedRate = { rate: RATE, window: 200 };
const simulated = { rate: { segmentsPerSecond: Math.ceil(RATE * 1.1) } };

const MINUTE_MS = 60_000;
/** Both routers may be away for a while. */
const WAITED_MS = 120_000;
const HOUR_MS = 3_600_000;
/** What is handed in so long before a time is decided before it, ms. */
const DECIDED_MS = 5_000;
/** Until a catalog is in force, ms, on a quiet machine. */
const APPLIED_MS = 4_000;
/** The full minute at which quiet hours end in New York, epoch ms; in Chicago an hour later, in Halifax an hour earlier. */
let morning = 0;

let asBefore: () => Promise<void>;

beforeAll(async () => {
  asBefore = await behaveAs(Object.fromEntries(PROVIDERS.map((name) => [name, { ...CALM, ...simulated }])));
  await control.scale("router", 2);
  // A catalog takes effect when it does, and quiet hours end at full minutes: where one has passed meanwhile, the next one is taken.
  while (Date.now() > morning - DECIDED_MS) {
    morning = Math.ceil((Date.now() + APPLIED_MS + DECIDED_MS) / MINUTE_MS) * MINUTE_MS;
    const applied = await catalog.apply(catalogUntil(morning));
    expect(applied, applied.err).toMatchObject({ code: 0 });
  }
});

afterAll(async () => {
  await catalog.apply({ ...files, quietHours: [] });
  await control.scale("router", 1);
  await asBefore();
  await disconnect();
  catalog.remove();
});

/** Until a router says that it is, or it has ended by an earlier wish, which no router had answered in time. */
async function untilCancelled(id: string): Promise<void> {
  const asked = async () => {
    const { status, body } = await cancel(id);
    expect([200, 202, 409, 503], JSON.stringify(body)).toContain(status);
    return status === 200 || body.messageStatus === "rejected";
  };
  await until("it is cancelled", asked, WAITED_MS);
}

/** With quiet hours that end in New York at this time, epoch ms. */
function catalogUntil(at: number): CatalogFiles {
  const newYork = "America/New_York";
  const allowed = [{ from: clockIn(newYork, at), to: clockIn(newYork, at + 3 * HOUR_MS) }];
  const frequencyCaps = [{ id: "two", most: 2, hours: 1, whenReached: "refuse" }];
  return {
    ...files,
    accounts: [...files.accounts, { id: "seldom", name: "Seldom", frequencyCaps }],
    providers: files.providers.map((one) => ({ ...one, ...(PROVIDERS.includes(one.id) ? allowedRate : {}) })),
    routes: [
      {
        id: "calm",
        strategy: "weighted",
        when: { accounts: ["acme", "seldom"] },
        providers: PROVIDERS.map((id) => ({ id })),
      },
      ...files.routes,
    ],
    quietHours: [{ id: "day", countries: ["US", "CA"], accounts: ["acme"], allowed }],
  };
}

/** What a clock shows there, as catalogs write it. */
function clockIn(timeZone: string, at: number): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(at);
}

/** When each was accepted by a provider, as often as it was, epoch ms. */
async function submissions(ids: readonly string[]): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (let at = 0; at < ids.length; at += 2_000) {
    const list = ids.slice(at, at + 2_000).map((id) => `'${id}'`);
    const rows = await query<{ id: string; at: string }>(
      `SELECT toString(message_id) AS id, toString(toUnixTimestamp64Milli(submitted_at)) AS at FROM events WHERE type = 'submitted' AND message_id IN (${list.join(",")})`,
    );
    for (const row of rows) found.set(row.id, [...(found.get(row.id) ?? []), Number(row.at)]);
  }
  return found;
}

test.concurrent("messages due in one minute go once, none early and none late, though routers die and partitions move", {
  timeout: TEST_MS,
}, async () => {
  const first = Date.now() + AHEAD_MS;
  const messages = Array.from({ length: MESSAGES }, (_, i) => ({
    messageId: freshId(),
    to: freshNumber(),
    text: "it is time",
    lane: (i % 10 === 0 ? "transactional" : "marketing") as "transactional" | "marketing",
    sendAt: first + Math.floor((i / MESSAGES) * SPREAD_MS),
  }));
  for (let at = 0; at < MESSAGES; at += 1_000) await produce(messages.slice(at, at + 1_000));
  expect(Date.now(), "all are handed in before the first is due").toBeLessThan(first - DECIDED_MS);
  // One dies before anything is due, and comes back; the other while they are released.
  if (KILLS) await control.signal("router-2", "SIGKILL");
  await pause(Math.max(0, first - Date.now()) + SPREAD_MS / 3);
  if (KILLS) await control.signal("router", "SIGKILL");

  await pause(Math.max(0, first + SPREAD_MS - Date.now()));
  const ids = messages.map(({ messageId }) => messageId);
  const rows = await untilFinal(ids, 60_000 + MESSAGES * 2);
  expect([...rows.values()].filter(({ finals }) => finals !== 1)).toEqual([]);
  const found = await submissions(ids);
  let earliest = Number.POSITIVE_INFINITY;
  const late: number[] = [];
  // When the rate lets it go, if nothing else holds it up.
  let free = 0;
  for (const { messageId, sendAt } of messages) {
    const times = found.get(messageId) ?? [];
    expect(times, messageId).toHaveLength(1);
    const allowed = Math.max(sendAt, free);
    free = allowed + 1_000 / (RATE * PROVIDERS.length);
    earliest = Math.min(earliest, times[0]! - sendAt);
    late.push(times[0]! - allowed);
  }
  late.sort((a, b) => a - b);
  const quantile = (share: number) => Math.round(late[Math.min(late.length - 1, Math.floor(late.length * share))]!);
  console.log(
    `${MESSAGES} messages due within ${SPREAD_MS / 1_000} s at ${RATE * PROVIDERS.length} segments a second${KILLS ? ", routers killed" : ""}: later than the rate allows by ${quantile(0.5)} ms in the median, ${quantile(0.99)} ms for 99 of 100, ${quantile(1)} ms at the most; the earliest ${earliest} ms after its time`,
  );
  expect(earliest, "none goes before its time").toBeGreaterThanOrEqual(0);
  // With kills within 5 s as well on a machine that has nothing else to do; a start takes longer on a busy one.
  expect(quantile(1), "and none long after").toBeLessThan(KILLS ? 20_000 : 5_000);
});

test.concurrent("over the border of two time zones one side is written to, and the other when its morning has come", async () => {
  const digits = () => String(Math.floor(Math.random() * 10_000)).padStart(4, "0");
  const some = (count: number, prefix: string) =>
    Array.from({ length: count }, () => ({ messageId: freshId(), to: prefix + digits(), text: "good morning" }));
  const [halifax, newYork, chicago] = [some(10, "1902422"), some(30, "1212736"), some(2, "1312744")];
  await produce([...halifax, ...newYork, ...chicago]);
  const idsOf = (messages: readonly { messageId: string }[]) => messages.map(({ messageId }) => messageId);

  let answer: unknown;
  for (const { messageId } of chicago) {
    await until(
      () =>
        `Chicago waits for its own morning, ${new Date(morning + HOUR_MS).toISOString()}: ${JSON.stringify(answer)}`,
      async () => {
        const { body } = await getMessage(messageId);
        answer = body;
        return body.status === "scheduled" && body.sendAt === new Date(morning + HOUR_MS).toISOString();
      },
      WAITED_MS,
    );
    await untilCancelled(messageId);
  }
  const rows = await untilFinal(idsOf([...halifax, ...newYork, ...chicago]), 150_000);
  const ends = (messages: readonly { messageId: string }[], of: (row: MessageRow) => unknown) =>
    new Set(idsOf(messages).map((id) => of(rows.get(id)!)));
  expect(ends([...halifax, ...newYork], ({ state, finals }) => `${state} ${finals}`)).toEqual(new Set(["delivered 1"]));
  expect(ends(chicago, ({ submissions: times, error_code: code }) => `${times} ${code}`)).toEqual(
    new Set(["0 cancelled"]),
  );

  const held = await query<{ id: string; due: string }>(
    `SELECT toString(message_id) AS id, toString(toUnixTimestamp64Milli(due)) AS due FROM events WHERE type = 'postponed' AND error_code = 'quiet-hours'
     AND message_id IN (${idsOf([...halifax, ...newYork]).map((id) => `'${id}'`)})`,
  );
  expect(held.filter(({ id }) => idsOf(halifax).includes(id))).toEqual([]);
  expect(held.filter(({ due }) => Number(due) !== morning)).toEqual([]);
  const sent = await submissions(idsOf(newYork));
  for (const { messageId } of newYork) {
    expect(sent.get(messageId), messageId).toHaveLength(1);
    expect(sent.get(messageId)![0]).toBeGreaterThanOrEqual(morning);
  }
});

test.concurrent("a cancel answers what becomes of the message, also at the moment at which it would go", async () => {
  const handIn = async (sendAt: number, count: number) => {
    const messages = Array.from({ length: count }, () => ({
      to: `+${freshNumber()}`,
      text: "perhaps not",
      sendAt: new Date(sendAt).toISOString(),
    }));
    const { status, body } = await post("/v1/messages/batch", { messages });
    expect(status).toBe(202);
    return (body as { messages: { id: string }[] }).messages.map(({ id }) => id);
  };
  const early = await handIn(Date.now() + HOUR_MS, 5);
  for (const id of early) await untilCancelled(id);

  const due = Date.now() + 6_000;
  const racing = await handIn(due, 40);
  const answers = await Promise.all(
    racing.map(async (id, i) => {
      await pause(due - 500 + i * 25 - Date.now());
      return [id, (await cancel(id)).status] as const;
    }),
  );
  const rows = await untilFinal([...early, ...racing], 120_000);
  const becameOf = (id: string) => {
    const { submissions: times, error_code: code, finals } = rows.get(id)!;
    expect(finals, id).toBe(1);
    return code === "cancelled" ? `cancelled, submitted ${times}` : `sent, submitted ${times}`;
  };
  for (const id of early) expect(becameOf(id)).toBe("cancelled, submitted 0");
  const told = new Map<number, number>();
  for (const [id, status] of answers) {
    told.set(status, (told.get(status) ?? 0) + 1);
    const fate = becameOf(id);
    expect(["cancelled, submitted 0", "sent, submitted 1"]).toContain(fate);
    if (status === 200) expect(fate, id).toBe("cancelled, submitted 0");
    if (status === 409 || status === 404) expect(fate, id).toBe("sent, submitted 1");
  }
  console.log(
    `40 cancels around the moment: ${[...told].map(([status, count]) => `${count} answered ${status}`).join(", ")}`,
  );
});

test.concurrent("a recipient gets no more messages than the account says, and no fewer", async () => {
  const first = Date.now() + 6_000;
  const messages = Array.from({ length: 15 }, freshNumber).flatMap((to) =>
    Array.from({ length: 5 }, (_, i) => ({
      ...{ messageId: freshId(), to, text: "once more", accountId: "seldom" },
      ...{ lane: "marketing" as const, sendAt: first + i * 1_500 },
    })),
  );
  await produce(messages);
  const rows = await untilFinal(
    messages.map(({ messageId }) => messageId),
    120_000,
  );
  for (const [to, theirs] of Map.groupBy(messages, (message) => message.to)) {
    const ends = theirs.map(({ messageId }) => rows.get(messageId)!);
    expect(ends.filter(({ state }) => state === "delivered").length, to).toBe(2);
    expect(ends.filter(({ error_code: code }) => code === "frequency-cap").length, to).toBe(3);
    expect(
      ends.reduce((sum, { submissions: times }) => sum + times, 0),
      to,
    ).toBe(2);
  }
});
