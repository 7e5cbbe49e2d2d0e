import { expect, test, vi } from "vitest";
import { Lifecycle } from "../../../../platform/lifecycle/lifecycle.ts";
import { silentLog } from "../../../../platform/log/log.ts";

/** A promise that the test settles. */
function gate<Value = void>() {
  return Promise.withResolvers<Value>();
}

const forever = () => new Promise<void>(() => {});

test("parts start in order, hand on what they made, and stop in reverse", async () => {
  const lifecycle = new Lifecycle(silentLog);
  const events: string[] = [];
  for (const name of ["a", "b", "c"]) {
    const value = await lifecycle.add(name, {
      start: async () => {
        events.push(`+${name}`);
        return name.toUpperCase();
      },
      stop: async (made) => void events.push(`-${made}`),
    });
    expect(value).toBe(name.toUpperCase());
  }
  lifecycle.started();
  expect(lifecycle.state).toBe("running");
  expect(await lifecycle.stop(1_000)).toEqual({ hung: [], failed: [] });
  expect(events).toEqual(["+a", "+b", "+c", "-C", "-B", "-A"]);
  expect(lifecycle.state).toBe("stopped");
});

test("it is ready only while running", async () => {
  const lifecycle = new Lifecycle(silentLog);
  const why = async () => (await lifecycle.readiness.report()).checks.lifecycle;
  expect(await why()).toEqual({ ok: false, why: "starting" });
  lifecycle.started();
  expect(await why()).toEqual({ ok: true });
  const stopping = gate();
  await lifecycle.add("slow", { start: () => 1, stop: () => stopping.promise });
  const stopped = lifecycle.stop(1_000);
  expect(await why()).toEqual({ ok: false, why: "draining" });
  expect(lifecycle.signal.aborted).toBe(true);
  stopping.resolve();
  await stopped;
  expect(await why()).toEqual({ ok: false, why: "stopped" });
});

test("a part that hangs is named and does not keep the others from stopping", async () => {
  const lifecycle = new Lifecycle(silentLog);
  const stopped = vi.fn();
  await lifecycle.add("first", { start: () => 1, stop: stopped });
  await lifecycle.add("hangs", { start: () => 1, stop: forever, timeoutMs: 10 });
  expect(await lifecycle.stop(5_000)).toEqual({ hung: ["hangs"], failed: [] });
  expect(stopped).toHaveBeenCalledOnce();
});

test("the deadline holds for all parts together", async () => {
  const lifecycle = new Lifecycle(silentLog);
  for (const name of ["a", "b", "c"]) await lifecycle.add(name, { start: () => 1, stop: forever });
  const before = performance.now();
  expect(await lifecycle.stop(50)).toEqual({ hung: ["c", "b", "a"], failed: [] });
  expect(performance.now() - before).toBeLessThan(1_000);
});

test("a stop that throws is reported, and the rest is stopped", async () => {
  const lifecycle = new Lifecycle(silentLog);
  const stopped = vi.fn();
  await lifecycle.add("first", { start: () => 1, stop: stopped });
  await lifecycle.add("bad", {
    start: () => 1,
    stop: () => {
      throw new Error("x");
    },
  });
  expect(await lifecycle.stop(1_000)).toEqual({ hung: [], failed: ["bad"] });
  expect(stopped).toHaveBeenCalledOnce();
});

test("a part whose start fails is not stopped", async () => {
  const lifecycle = new Lifecycle(silentLog);
  const stop = vi.fn();
  await expect(lifecycle.add("bad", { start: () => Promise.reject(new Error("no port")), stop })).rejects.toThrow(
    "no port",
  );
  await lifecycle.stop(1_000);
  expect(stop).not.toHaveBeenCalled();
});

test("a part that is still starting when the stop comes is waited for and stopped before those under it", async () => {
  const lifecycle = new Lifecycle(silentLog);
  const events: string[] = [];
  await lifecycle.add("under", { start: () => 1, stop: () => void events.push("-under") });
  const start = gate<string>();
  const added = lifecycle.add("late", { start: () => start.promise, stop: () => void events.push("-late") });
  const stopped = lifecycle.stop(1_000);
  start.resolve("value");
  await expect(added).rejects.toMatchObject({ code: "STOPPED" });
  expect(await stopped).toEqual({ hung: [], failed: [] });
  expect(events).toEqual(["-late", "-under"]);
});

test("a start that hangs is named at the stop", async () => {
  const lifecycle = new Lifecycle(silentLog);
  void lifecycle.add("stuck", { start: forever }).catch(() => {});
  expect(await lifecycle.stop(20)).toEqual({ hung: ["stuck (while starting)"], failed: [] });
});

test("nothing starts after the stop, and stopping twice is stopping once", async () => {
  const lifecycle = new Lifecycle(silentLog);
  const stop = vi.fn();
  await lifecycle.add("a", { start: () => 1, stop });
  const [first, second] = [lifecycle.stop(1_000), lifecycle.stop(1_000)];
  expect(first).toBe(second);
  await first;
  expect(stop).toHaveBeenCalledOnce();
  const start = vi.fn();
  await expect(lifecycle.add("b", { start })).rejects.toMatchObject({ code: "STOPPED" });
  expect(start).not.toHaveBeenCalled();
  lifecycle.started();
  expect(lifecycle.state).toBe("stopped");
});

test("the first fatal fault is kept and told once", () => {
  const told = vi.fn();
  const lifecycle = new Lifecycle(silentLog, told);
  const first = new Error("first");
  lifecycle.fail(first);
  lifecycle.fail(new Error("second"));
  expect(told.mock.calls).toEqual([[first]]);
  expect(lifecycle.fatal).toBe(first);
});
