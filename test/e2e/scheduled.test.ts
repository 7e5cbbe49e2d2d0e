/**
 * Messages with a time, over two routers that are killed while they are due: none goes early, none is lost, none goes twice, and how late they
 * are. SLUICE_SCHEDULED_MESSAGES is their number.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ControlClient } from "../../infra/local/control-client.ts";
import { behaveAs, CALM, disconnect, freshId, freshNumber, produce, query, untilFinal } from "./sluice.ts";

const { stateDir } = inject("sluice");
const control = new ControlClient(stateDir);

const MESSAGES = Number(process.env.SLUICE_SCHEDULED_MESSAGES ?? 400);
/** They fall due within so long, ms. */
const SPREAD_MS = MESSAGES > 1_000 ? 60_000 : 8_000;
/** From the first request until the first is due, ms: more than it takes to hand them in. */
const AHEAD_MS = 8_000 + MESSAGES;
const PROVIDERS = ["smsc-a", "smsc-b"] as const;

let asBefore: () => Promise<void>;

beforeAll(async () => {
  asBefore = await behaveAs(Object.fromEntries(PROVIDERS.map((name) => [name, CALM])));
  await control.scale("router", 2);
});

afterAll(async () => {
  await control.scale("router", 1);
  await asBefore();
  await disconnect();
});

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

test("messages due in one minute go once, none early and none late, though routers die and partitions move", async () => {
  const first = Date.now() + AHEAD_MS;
  const messages = Array.from({ length: MESSAGES }, (_, i) => ({
    messageId: freshId(),
    to: freshNumber(),
    text: "it is time",
    lane: (i % 10 === 0 ? "transactional" : "marketing") as "transactional" | "marketing",
    sendAt: first + Math.floor((i / MESSAGES) * SPREAD_MS),
  }));
  for (let at = 0; at < MESSAGES; at += 1_000) await produce(messages.slice(at, at + 1_000));
  // One dies before anything is due, and comes back; the other while they are released.
  await control.signal("router-2", "SIGKILL");
  await pause(Math.max(0, first - Date.now()) + SPREAD_MS / 3);
  await control.signal("router", "SIGKILL");

  const ids = messages.map(({ messageId }) => messageId);
  const rows = await untilFinal(ids, SPREAD_MS + 60_000 + MESSAGES * 2);
  expect([...rows.values()].filter(({ finals }) => finals !== 1)).toEqual([]);
  const found = await submissions(ids);
  const late: number[] = [];
  for (const { messageId, sendAt } of messages) {
    const times = found.get(messageId) ?? [];
    expect(times, messageId).toHaveLength(1);
    late.push(times[0]! - sendAt);
  }
  late.sort((a, b) => a - b);
  const quantile = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))]!;
  console.log(
    `${MESSAGES} messages due within ${SPREAD_MS / 1_000} s: late by ${quantile(0.5)} ms in the median, ${quantile(0.99)} ms for 99 of 100, ${quantile(1)} ms at the most; the earliest ${late[0]} ms`,
  );
  expect(late[0], "none goes before its time").toBeGreaterThanOrEqual(0);
  expect(quantile(0.5), "and half of them within 5 s").toBeLessThan(5_000);
});
