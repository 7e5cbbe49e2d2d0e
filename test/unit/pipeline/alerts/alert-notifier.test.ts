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
const OVER: Alert = { ...ALERT, state: "resolved", resolvedAt: 120_000 };

function world(shape: "webhook" | "slack" = "slack") {
  const posted: string[] = [];
  const lost: string[] = [];
  const state = { at: 0, fails: false, calls: 0, mayCall: true };
  const notifier = new AlertNotifier({
    shape,
    now: () => state.at,
    mayCall: () => state.mayCall,
    onLost: ({ name }, why) => void lost.push(`${name}: ${why}`),
    post: async (body) => {
      state.calls++;
      if (state.fails) throw new Error("503");
      posted.push(body);
    },
  });
  return { notifier, posted, lost, state };
}

test("an alert is called for once, however often it is told, and once when it is over", async () => {
  const { notifier, posted } = world();
  for (const alerts of [[{ ...ALERT, state: "pending" as const }], [ALERT], [ALERT], [OVER], [OVER]]) {
    notifier.tell(alerts);
    await notifier.pump();
  }
  expect(posted.map((body) => (JSON.parse(body) as { text: string }).text)).toEqual([
    ":rotating_light: page: *ProviderDark* — nothing can be sent to a: link",
    ":white_check_mark: over: *ProviderDark* — nothing can be sent to a: link",
  ]);
});

test("one that fires anew is news, and one that goes on firing is said again after hours", async () => {
  const { notifier, posted, state } = world();
  const tell = async (alert: Alert) => {
    notifier.tell([alert]);
    await notifier.pump();
  };
  await tell(ALERT);
  await tell({ ...ALERT, firingSince: 900_000 });
  expect(posted).toHaveLength(2);
  state.at = 5 * 3_600_000;
  await tell({ ...ALERT, firingSince: 900_000 });
  await tell({ ...ALERT, firingSince: 900_000 });
  expect(posted).toHaveLength(3);
});

test("what cannot be delivered is tried again with growing pauses, then every five minutes; it is lost once, and said when it can be", async () => {
  const { notifier, posted, lost, state } = world();
  state.fails = true;
  const tries: number[] = [];
  const until = async (end: number, alert: Alert) => {
    for (; state.at < end; state.at += 1_000) {
      const before = state.calls;
      if (state.at % 15_000 === 0) notifier.tell([alert]);
      await notifier.pump();
      if (state.calls > before) tries.push(state.at / 1_000);
    }
  };
  await until(1_400_000, ALERT);
  expect(tries.slice(0, 8)).toEqual([0, 1, 3, 7, 15, 31, 63, 127]);
  expect(tries.slice(8)).toEqual([427, 727, 1_027, 1_327]);
  expect([posted.length, lost]).toEqual([0, ["ProviderDark: 503"]]);
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
  notifier.tell([ALERT, { ...ALERT, key: "other", labels: { provider: "b" } }]);
  await notifier.pump();
  notifier.tell([OVER, { ...ALERT, key: "other", labels: { provider: "b" } }]);
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
  notifier.tell(Array.from({ length: 250 }, (_, i) => ({ ...ALERT, key: String(i) })));
  expect([notifier.waitingCount, lost.length]).toEqual([200, 50]);
  for (let round = 0; round < 3; round++)
    notifier.tell(Array.from({ length: 250 }, (_, i) => ({ ...ALERT, key: String(i) })));
  expect([notifier.waitingCount, lost.length]).toEqual([200, 250]);
  const quiet = world();
  quiet.notifier.tell([{ ...ALERT, severity: "info" }]);
  expect(quiet.notifier.waitingCount).toBe(0);
});

test("who takes over says nothing twice, and says the end of what the one before has said", async () => {
  const [first, second] = [world(), world()];
  first.notifier.tell([ALERT]);
  await first.notifier.pump();
  expect(first.notifier.note).toMatch(/^[\w-]{8}$/);
  // The other one has seen it fire at another moment.
  const seen = { ...ALERT, firingSince: 75_000 };
  second.notifier.takeOver(first.notifier.note);
  second.notifier.tell([seen]);
  await second.notifier.pump();
  expect(second.posted).toEqual([]);
  expect(second.notifier.note).toBe(first.notifier.note);
  // Firing anew is news.
  second.notifier.tell([{ ...seen, firingSince: 900_000 }]);
  await second.notifier.pump();
  second.notifier.tell([OVER]);
  await second.notifier.pump();
  expect(second.posted).toHaveLength(2);
  expect(second.posted[1]).toContain("over");
  expect(second.notifier.note).toBe("");
  // What was over before anybody saw it fire here is told as well.
  const third = world();
  third.notifier.takeOver(first.notifier.note);
  third.notifier.tell([OVER]);
  await third.notifier.pump();
  expect(third.posted).toHaveLength(1);
});

test("what another one has said counts for half an hour; a note that cannot be read counts for nothing", async () => {
  const { notifier, posted, state } = world();
  notifier.tell([ALERT]);
  await notifier.pump();
  const late = world();
  late.notifier.takeOver(notifier.note);
  late.state.at = 30 * 60_000 + 1;
  expect(late.notifier.note).toBe("");
  late.notifier.tell([ALERT]);
  await late.notifier.pump();
  expect(late.posted).toHaveLength(1);
  notifier.takeOver("of a later version: {}");
  state.at = 1;
  notifier.tell([{ ...ALERT, firingSince: 2 }]);
  await notifier.pump();
  expect(posted).toHaveLength(2);
});

test("a note has room beside a committed offset, however many fire", async () => {
  const { notifier } = world();
  const many = Array.from({ length: 200 }, (_, n) => ({ ...ALERT, key: `0/ProviderDark/${n}` }));
  for (const part of [many, many.map((alert) => ({ ...alert, key: `1${alert.key}` }))]) {
    notifier.tell(part);
    while (notifier.waitingCount > 0) await notifier.pump();
  }
  expect(notifier.note.split(",")).toHaveLength(200);
  expect(notifier.note.length).toBeLessThan(1_800);
});

test("who does not call leaves what waits to the one who does", async () => {
  const { notifier, posted, state } = world();
  notifier.tell([ALERT]);
  state.mayCall = false;
  await notifier.pump();
  expect([posted.length, notifier.waitingCount]).toEqual([0, 1]);
  notifier.tell([ALERT]);
  expect(notifier.waitingCount).toBe(0);
  state.mayCall = true;
  notifier.tell([ALERT]);
  await notifier.pump();
  expect(posted).toHaveLength(1);
});
