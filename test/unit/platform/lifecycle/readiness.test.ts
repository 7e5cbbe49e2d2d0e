import { expect, test, vi } from "vitest";
import { Readiness } from "../../../../platform/lifecycle/readiness.ts";
import { healthVerdict, readyVerdict } from "../../../../platform/lifecycle/verdicts.ts";

test("ready means that every check says so; a throw is a no", async () => {
  const readiness = new Readiness();
  expect(await readiness.report()).toEqual({ ready: true, checks: {}, degraded: {} });
  readiness.register("a", () => ({ ok: true }));
  readiness.register("b", async () => ({ ok: false, why: "no partitions" }));
  readiness.register("c", () => {
    throw new Error("broken");
  });
  const report = await readiness.report();
  expect(report).toEqual({
    ready: false,
    checks: { a: { ok: true }, b: { ok: false, why: "no partitions" }, c: { ok: false, why: "broken" } },
    degraded: {},
  });
  expect(readyVerdict("running", report)).toMatchObject({
    ok: false,
    body: { state: "running", notReady: { b: "no partitions", c: "broken" } },
  });
});

test("removing an old check leaves the one that replaced it", async () => {
  const readiness = new Readiness();
  const removeOld = readiness.register("a", () => ({ ok: true }));
  const removeNew = readiness.register("a", () => ({ ok: false, why: "new" }));
  removeOld();
  expect((await readiness.report()).checks.a).toEqual({ ok: false, why: "new" });
  removeNew();
  expect((await readiness.report()).checks).toEqual({});
});

test("what is degraded is told, and leaves the process ready", async () => {
  const readiness = new Readiness();
  readiness.register("a", () => ({ ok: true }));
  let why: string | undefined = "no link: connect ECONNREFUSED 127.0.0.1:9";
  const remove = readiness.note("link smsc-a", () => why);
  expect(readyVerdict("running", await readiness.report())).toMatchObject({
    ok: true,
    body: { status: "ready", notReady: {}, degraded: { "link smsc-a": "no link: connect ECONNREFUSED 127.0.0.1:9" } },
  });
  why = undefined;
  expect((await readiness.report()).degraded).toEqual({});
  why = "down";
  remove();
  expect((await readiness.report()).degraded).toEqual({});
});

test("a check that hangs is a no after a second", async () => {
  vi.useFakeTimers();
  try {
    const readiness = new Readiness();
    readiness.register("slow", () => new Promise(() => {}));
    const report = readiness.report();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await report).toEqual({
      ready: false,
      checks: { slow: { ok: false, why: "no answer within 1000 ms" } },
      degraded: {},
    });
  } finally {
    vi.useRealTimers();
  }
});

test("a process is alive unless a fault ends it or its event loop is choked", () => {
  const facts = { service: "router", instance: "r-1", fatal: undefined, lag: { p50: 0, p99: 0.2, max: 5 } };
  expect(healthVerdict(facts).ok).toBe(true);
  expect(healthVerdict({ ...facts, fatal: new Error("boom") })).toMatchObject({
    ok: false,
    body: { problems: ["fatal: boom"] },
  });
  expect(healthVerdict({ ...facts, lag: { p50: 1.5, p99: 2, max: 5 } }).ok).toBe(false);
});
