import { expect, test, vi } from "vitest";
import { SluiceError } from "../../../../platform/errors/sluice-error.ts";
import { Readiness } from "../../../../platform/lifecycle/readiness.ts";
import { waitFor } from "../../../../platform/lifecycle/wait-for.ts";
import { type Log, silentLog } from "../../../../platform/log/log.ts";

function context(log: Log = silentLog) {
  const controller = new AbortController();
  const readiness = new Readiness();
  return { controller, readiness, log, signal: controller.signal, random: () => 0 };
}

const fast = { initialMs: 1, maxMs: 2 };

test("it repeats until the probe succeeds, and is not ready meanwhile", async () => {
  const given = context();
  let attempts = 0;
  const reports: unknown[] = [];
  const value = await waitFor(
    "kafka",
    async () => {
      reports.push((await given.readiness.report()).checks.kafka);
      if (++attempts < 3) throw new Error(`refused ${attempts}`);
      return "up";
    },
    given,
    fast,
  );
  expect(value).toBe("up");
  expect(reports).toEqual([
    { ok: false, why: "waiting for kafka" },
    { ok: false, why: "waiting for kafka: refused 1" },
    { ok: false, why: "waiting for kafka: refused 2" },
  ]);
  expect(await given.readiness.report()).toMatchObject({ ready: true, checks: {} });
});

test("the log is told through its rate limit", async () => {
  const every = vi.fn(() => silentLog);
  let attempts = 0;
  const probe = () => {
    if (++attempts < 5) throw new Error("refused");
  };
  await waitFor("kafka", probe, context({ ...silentLog, every }), fast);
  expect(every.mock.calls).toEqual(Array.from({ length: 4 }, () => ["wait-for-kafka", 5_000]));
});

test("an attempt that hangs is given up and told so", async () => {
  let attempts = 0;
  const signals: AbortSignal[] = [];
  const probe = (signal: AbortSignal) => {
    signals.push(signal);
    return ++attempts < 2 ? new Promise<string>(() => {}) : "up";
  };
  expect(await waitFor("registry", probe, context(), { ...fast, attemptMs: 10 })).toBe("up");
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
});

test("a permanent fault ends the wait", async () => {
  const given = context();
  const probe = vi.fn(() => Promise.reject(new SluiceError("wrong password", { code: "AUTH", class: "permanent" })));
  await expect(waitFor("clickhouse", probe, given, fast)).rejects.toMatchObject({ code: "AUTH" });
  expect(probe).toHaveBeenCalledOnce();
  expect((await given.readiness.report()).ready).toBe(true);
});

test.each(["in the pause", "in the attempt"])("a stop %s ends the wait", async (when) => {
  const given = context();
  const probing = Promise.withResolvers<void>();
  const probe = () => {
    probing.resolve();
    return when === "in the pause" ? Promise.reject(new Error("refused")) : new Promise<void>(() => {});
  };
  const waiting = waitFor("kafka", probe, given, { initialMs: 60_000, maxMs: 60_000, attemptMs: 60_000 });
  await probing.promise;
  given.controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: "STOPPED", class: "transient" });
});
