import { expect, test } from "vitest";
import type { Alert } from "../../../../pipeline/alerts/alert-evaluator.ts";
import { AlertNotifier } from "../../../../pipeline/alerts/alert-notifier.ts";

const ALERT: Alert = {
  key: "0/ProviderDark/a",
  name: "ProviderDark",
  severity: "page",
  labels: { provider: "a" },
  state: "firing",
  activeSince: 0,
  firingSince: 60_000,
  resolvedAt: undefined,
  value: 1,
  summary: "nothing can be sent to a: link",
};
/** The same, which was over in between. */
const ANEW: Alert = { ...ALERT, activeSince: 1_200_000, firingSince: 1_260_000 };
const OVER: Alert = { ...ALERT, state: "resolved", resolvedAt: 120_000 };

function world(shape: "webhook" | "slack" = "slack") {
  const posted: string[] = [];
  const lost: string[] = [];
  const state = { at: 0, fails: false, calls: 0, mayCall: true, stuck: 0, notes: 0 };
  const notifier = new AlertNotifier({
    shape,
    reaches: new Map([["DeliveryRateFalling", 2 * 3_600_000]]),
    onStuck: () => void state.stuck++,
    onNote: () => void state.notes++,
    now: () => state.at,
    mayCall: () => state.mayCall,
    onLost: ({ name }, why) => void lost.push(`${name}: ${why}`),
    post: async (body) => {
      state.calls++;
      if (state.fails) throw new Error("503");
      posted.push(body);
    },
  });
  /** Tells of all alerts that there are now, and sends. */
  const tell = async (...alerts: Alert[]) => {
    notifier.tell(alerts, state.at);
    await notifier.pump();
  };
  return { notifier, posted, lost, state, tell };
}

test("an alert is called for once, however often it is told, and once when it is over", async () => {
  const { posted, tell } = world();
  for (const alert of [{ ...ALERT, state: "pending" as const }, ALERT, ALERT, OVER, OVER]) await tell(alert);
  expect(posted.map((body) => (JSON.parse(body) as { text: string }).text)).toEqual([
    ":rotating_light: page: *ProviderDark* — nothing can be sent to a: link",
    ":white_check_mark: over: *ProviderDark* — nothing can be sent to a: link",
  ]);
});

test("one that fires anew is news, and one that goes on firing is said again after hours", async () => {
  const { posted, state, tell } = world();
  await tell(ALERT);
  await tell(ANEW);
  expect(posted).toHaveLength(2);
  state.at = 5 * 3_600_000;
  await tell(ANEW);
  await tell(ANEW);
  expect(posted).toHaveLength(3);
});

test("what cannot be delivered is tried again with growing pauses, then every five minutes; it is lost once, and said when it can be", async () => {
  const { notifier, posted, lost, state } = world();
  state.fails = true;
  const tries: number[] = [];
  const until = async (end: number, alert: Alert) => {
    for (; state.at < end; state.at += 1_000) {
      const before = state.calls;
      if (state.at % 15_000 === 0) notifier.tell([alert], state.at);
      await notifier.pump();
      if (state.calls > before) tries.push(state.at / 1_000);
    }
  };
  await until(1_400_000, ALERT);
  expect(tries.slice(0, 8)).toEqual([0, 1, 3, 7, 15, 31, 63, 127]);
  expect(tries.slice(8)).toEqual([427, 727, 1_027, 1_327]);
  expect([posted.length, lost]).toEqual([0, ["ProviderDark: 503"]]);
  // From the eighth failure on another one may as well try.
  expect(state.stuck).toBe(5);
  state.fails = false;
  await until(1_700_000, ALERT);
  expect(posted).toHaveLength(1);
  // Its end as well, when the receiver is away again.
  state.fails = true;
  await until(2_100_000, OVER);
  state.fails = false;
  await until(2_400_000, OVER);
  expect(posted.map((body) => body.includes("over"))).toEqual([false, true]);
  expect(lost).toHaveLength(2);
});

test("an outage of the receiver loses nothing that still holds, and what is over by then is not said", async () => {
  const { notifier, posted, state } = world("webhook");
  state.fails = true;
  notifier.tell([ALERT, { ...ALERT, key: "other", labels: { provider: "b" } }], 0);
  await notifier.pump();
  notifier.tell([OVER, { ...ALERT, key: "other", labels: { provider: "b" } }], 1);
  await notifier.pump();
  state.fails = false;
  state.at = 10_000;
  await notifier.pump();
  const [call] = posted.map(
    (body) => JSON.parse(body) as { status: string; alerts: { labels: unknown; status: string }[] },
  );
  expect(call).toMatchObject({ version: "4", status: "firing" });
  expect(call!.alerts).toMatchObject([
    { status: "firing", labels: { alertname: "ProviderDark", severity: "page", provider: "b" } },
  ]);
});

test("what waits is bounded, and what is only to be known is not called for", () => {
  const { notifier, lost } = world();
  notifier.tell(
    Array.from({ length: 250 }, (_, i) => ({ ...ALERT, key: String(i) })),
    0,
  );
  expect([notifier.waitingCount, lost.length]).toEqual([200, 50]);
  for (let round = 0; round < 3; round++)
    notifier.tell(
      Array.from({ length: 250 }, (_, i) => ({ ...ALERT, key: String(i) })),
      0,
    );
  expect([notifier.waitingCount, lost.length]).toEqual([200, 250]);
  const quiet = world();
  quiet.notifier.tell([{ ...ALERT, severity: "info" }], 0);
  expect(quiet.notifier.waitingCount).toBe(0);
});

test("who takes over says nothing twice, and says the end of what the one before has said", async () => {
  const [first, second] = [world(), world()];
  first.state.at = 70_000;
  await first.tell(ALERT);
  // The other one has seen it begin at another moment, and first as pending.
  const seen = { ...ALERT, activeSince: 15_000, firingSince: 75_000 };
  second.state.at = 71_000;
  second.notifier.takeOver(first.notifier.note);
  await second.tell({ ...seen, state: "pending" });
  await second.tell(seen);
  expect(second.posted).toEqual([]);
  second.state.at = 100_000;
  await second.tell({ ...seen, state: "resolved", resolvedAt: 100_000 });
  expect(second.posted).toEqual([expect.stringContaining("over")]);
  // What was over before anybody saw it fire here is told as well.
  const third = world();
  third.notifier.takeOver(first.notifier.note);
  await third.tell(OVER);
  expect(third.posted).toHaveLength(1);
  // And the first one, when the turn comes back, knows that it is over.
  first.notifier.takeOver(second.notifier.note);
  await first.tell({ ...ALERT, state: "resolved", resolvedAt: 110_000 });
  expect(first.posted).toHaveLength(1);
  first.state.at = 1_300_000;
  await first.tell(ANEW);
  expect(first.posted).toHaveLength(2);
});

test("what is said while nobody can be asked is newer than the note that is found afterwards", async () => {
  const { notifier, posted, state, tell } = world();
  state.at = 60_000;
  await tell(ALERT);
  const before = notifier.note;
  state.at = 120_000;
  await tell(OVER);
  notifier.takeOver(before);
  // The same moment, seen by clocks that are apart.
  state.at = 130_000;
  await tell({ ...ALERT, activeSince: 60_001, firingSince: 130_000 });
  expect(posted).toHaveLength(3);
  expect(notifier.note).not.toBe(before);
});

test("an alert that is over and begins anew after another one has taken over is called for", async () => {
  const [first, second] = [world(), world()];
  first.state.at = 60_000;
  await first.tell(ALERT);
  second.notifier.takeOver(first.notifier.note);
  second.state.at = 90_000;
  await second.tell();
  second.state.at = 1_260_000;
  await second.tell(ANEW);
  expect(second.posted).toHaveLength(1);
});

test("a console that has just started takes an alert for said as late as its rule may find it, and not later", async () => {
  const falling = { ...ALERT, key: "1/DeliveryRateFalling/", name: "DeliveryRateFalling" };
  const first = world();
  first.state.at = 60_000;
  await first.tell(ALERT, falling);
  const started = 600_000;
  const found = async (alert: Alert, activeSince: number) => {
    const { notifier, posted, state, tell } = world();
    notifier.takeOver(first.notifier.note);
    state.at = started;
    await tell();
    state.at = activeSince;
    await tell({ ...alert, activeSince, firingSince: activeSince });
    return posted.length;
  };
  expect(await found(ALERT, started + 2 * 60_000)).toBe(0);
  expect(await found(ALERT, started + 2 * 60_000 + 1)).toBe(1);
  const reached = started + 2 * 3_600_000 + 2 * 60_000;
  expect(await found(falling, reached)).toBe(0);
  expect(await found(falling, reached + 1)).toBe(1);
});

test("what another one said hours ago of an alert that goes on is said again; what nobody sees any more is forgotten", async () => {
  const first = world();
  first.state.at = 60_000;
  await first.tell(ALERT);
  const late = world();
  late.notifier.takeOver(first.notifier.note);
  late.state.at = 60_000 + 4 * 3_600_000;
  await late.tell(ALERT);
  expect(late.posted).toHaveLength(1);
  const notes = late.state.notes;
  await late.tell();
  expect(late.state.notes).toBe(notes + 1);
  expect(late.notifier.note).toMatch(/^\w+$/);
  const unseen = world();
  unseen.notifier.takeOver(first.notifier.note);
  await unseen.tell();
  expect(unseen.notifier.note).toBe(first.notifier.note);
  unseen.state.at = 3 * 3_600_000;
  await unseen.tell();
  expect(unseen.notifier.note).toMatch(/^\w+$/);
});

test("a note that cannot be read counts for nothing", async () => {
  const { notifier, posted, state, tell } = world();
  state.at = 60_000;
  await tell(ALERT);
  const { note } = notifier;
  for (const strange of ["of a later version: {}", "", "{},abcdefgh1"]) notifier.takeOver(strange);
  expect(notifier.note).toBe(note);
  await tell(ALERT);
  expect(posted).toHaveLength(1);
});

test("a note has room beside a committed offset, however many fire", async () => {
  const { notifier } = world();
  const at = Date.parse("2026-12-01");
  const many = Array.from({ length: 400 }, (_, n) => ({ ...ALERT, key: `0/ProviderDark/${n}`, activeSince: at }));
  for (const count of [200, 400]) {
    notifier.tell(many.slice(0, count), at);
    while (notifier.waitingCount > 0) await notifier.pump();
  }
  expect(notifier.note.split(",")).toHaveLength(201);
  expect(notifier.note.length).toBeLessThan(3_500);
  // One's own note says nothing new, although it does not name all.
  notifier.takeOver(notifier.note);
  notifier.tell(many, at);
  expect(notifier.waitingCount).toBe(0);
});

test("who does not call leaves what waits to the one who does", async () => {
  const { notifier, posted, state, tell } = world();
  notifier.tell([ALERT], 0);
  state.mayCall = false;
  await notifier.pump();
  expect([posted.length, notifier.waitingCount]).toEqual([0, 1]);
  notifier.tell([ALERT], 1);
  expect(notifier.waitingCount).toBe(0);
  state.mayCall = true;
  await tell(ALERT);
  expect(posted).toHaveLength(1);
});
