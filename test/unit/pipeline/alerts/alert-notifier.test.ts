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
  const state = { at: 0, fails: false, calls: 0 };
  const notifier = new AlertNotifier({
    shape,
    now: () => state.at,
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
