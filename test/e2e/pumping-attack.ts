/** Codes to numbers that are counted up in one range, and are never typed in, against an account's guard; its routers are killed meanwhile. */
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import type { ControlClient } from "../../infra/local/control-client.ts";
import { freshId, freshNumber, getMessage, produce, query, until, untilFinal } from "./sluice.ts";

/** The account's, and its key's. */
export const PUMPED_ACCOUNT = "pumped";
export const PUMPED_KEY = "a-key-of-the-pumped-account";
/** Numbers without their last three digits; nobody else sends codes there. */
const RANGE = "4915188400";
const ATTACK = 240;
const PER_SECOND = 10;
/** Of people, among them. */
const PEOPLE = 24;
/** When the routers die, s. */
const KILLS = [7, 15];
/** What may go before a router suspects the range: of each, and of each again that knows nothing after a kill (docs/guard.md, 24 to 29 at a rate like this). */
const UNKNOWING = 30;
const MOST_GONE = UNKNOWING * (1 + KILLS.length);
/** Sent at the end, when the routers are back and have had enough of the range to know it. */
const LAST = 30;

/** The guard stops the attack within a few messages, says why on each event, and lets people's codes go; whatever routers die. */
export async function pumpingIsStopped(control: ControlClient): Promise<void> {
  const pumped: string[] = [];
  const people: string[] = [];
  const code = (to: string) => {
    const messageId = freshId();
    return { messageId, to, text: "Your code is 4711", lane: "otp" as const, accountId: PUMPED_ACCOUNT };
  };
  const began = performance.now();
  const kills = (async () => {
    for (const [i, second] of KILLS.entries()) {
      await pause(Math.max(0, second * 1_000 - (performance.now() - began)));
      await control.signal(i === 0 ? "router-2" : "router", "SIGKILL");
    }
  })();
  const attack = async (n: number) => {
    const request = code(`${RANGE}${String(n).padStart(3, "0")}`);
    pumped.push(request.messageId);
    const between = n % (ATTACK / PEOPLE) === 0 ? [code(freshNumber())] : [];
    people.push(...between.map(({ messageId }) => messageId));
    await produce([request, ...between]);
  };
  for (let n = 0; n < ATTACK; n++) {
    await attack(n);
    await pause(Math.max(0, (pumped.length / PER_SECOND) * 1_000 - (performance.now() - began)));
  }
  await kills;
  await untilFinal([...pumped, ...people]);
  await until("both routers are back", async () =>
    (await control.status({ probe: true }))
      .filter(({ name }) => name.startsWith("router"))
      .every(({ healthy }) => healthy === true),
  );
  for (let n = ATTACK; n < ATTACK + UNKNOWING + LAST; n++) await attack(n);
  const rows = await untilFinal([...pumped, ...people]);
  const gone = pumped.filter((id) => rows.get(id)!.submissions > 0);
  const stopped = pumped.filter((id) => rows.get(id)!.submissions === 0);
  const { spent, each } = await costOf(gone);
  console.log(
    `pumping: ${pumped.length} codes to one range at ${PER_SECOND} a second with ${KILLS.length} kills of routers; ${gone.length} went (the first stopped was number ${pumped.indexOf(stopped[0]!) + 1}), for ${spent.toFixed(2)} EUR instead of ${(each * pumped.length).toFixed(2)}`,
  );
  expect(gone.length).toBeLessThanOrEqual(MOST_GONE);
  expect(pumped.slice(-LAST).filter((id) => gone.includes(id))).toEqual([]);
  expect(spent).toBeCloseTo(gone.length * each, 6);
  for (const id of stopped)
    expect(rows.get(id)).toMatchObject({ state: "rejected", finals: 1, error_code: expect.stringMatching(/^guard-/) });
  expect(people.map((id) => rows.get(id)!.submissions)).toEqual(people.map(() => 1));
  await isExplained(stopped);
}

async function costOf(ids: readonly string[]): Promise<{ spent: number; each: number }> {
  const [cost] = await query<{ spent: string; each: string; currencies: string[] }>(
    `SELECT toString(sum(cost)) AS spent, toString(max(cost)) AS each, groupUniqArray(currency) AS currencies
     FROM events WHERE type = 'submitted' AND message_id IN (${ids.map((id) => `'${id}'`).join(",")})`,
  );
  expect(cost!.currencies).toEqual(["EUR"]);
  expect(Number(cost!.each)).toBeGreaterThan(0);
  return { spent: Number(cost!.spent), each: Number(cost!.each) };
}

/** Each event says with figures what was suspected, and names no number. */
async function isExplained(stopped: readonly string[]): Promise<void> {
  const events = await query<{ reason: string; error_class: string; error_code: string }>(
    `SELECT reason, error_class, error_code FROM events WHERE type = 'closed' AND message_id IN (${stopped.map((id) => `'${id}'`).join(",")})`,
  );
  expect(events).toHaveLength(stopped.length);
  for (const { reason, error_class } of events) {
    expect(error_class).toBe("blocked");
    expect(reason).toMatch(
      /^guard: (about \d+ messages a minute|\d+ numbers beside each other|suspicion pumping is open).*\+491518840/,
    );
    expect(reason).not.toMatch(new RegExp(`${RANGE}\\d`));
  }
  const id = stopped.at(-1)!;
  await until("its history is there", async () =>
    JSON.stringify((await getMessage(id, PUMPED_KEY)).body).includes("closed"),
  );
  const { history } = (await getMessage(id, PUMPED_KEY)).body as { history: { type: string }[] };
  expect(history.find(({ type }) => type === "closed")).toMatchObject({
    reason: expect.stringMatching(/^guard: /),
  });
}
