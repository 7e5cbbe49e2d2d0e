import { Writable } from "node:stream";
import { expect, test, vi } from "vitest";
import { Secret } from "../../../../platform/config/secret.ts";
import { SluiceError } from "../../../../platform/errors/sluice-error.ts";
import { createLog, type LogOptions } from "../../../../platform/log/create-log.ts";
import { silentLog } from "../../../../platform/log/log.ts";

function capture(options: Partial<LogOptions> = {}) {
  const raw: string[] = [];
  const destination = { write: (line: string) => void raw.push(line) };
  const log = createLog({ service: "router", instance: "r-1", format: "json", destination, ...options });
  return { log, raw, lines: () => raw.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test("a line is one JSON object with level, time, service and instance", () => {
  const { log, raw, lines } = capture();
  log.info({ partition: 3 }, "assigned");
  expect(raw[0]).toMatch(/^\{.*\}\n$/);
  expect(lines()[0]).toMatchObject({
    level: "info",
    service: "router",
    instance: "r-1",
    partition: 3,
    msg: "assigned",
  });
  expect(String(lines()[0]!.time)).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

test("the level decides what is written", () => {
  const { log, lines } = capture({ level: "warn" });
  log.info("no");
  log.warn("yes");
  expect(lines().map(({ msg }) => msg)).toEqual(["yes"]);
  expect([log.isLevelEnabled("info"), log.isLevelEnabled("error")]).toEqual([false, true]);
});

test("secrets are redacted by key and by type, also one level down", () => {
  const { log, raw } = capture({ redact: ["body"] });
  log.info({ password: "hunter2", headers: { authorization: "hunter2" }, key: new Secret("hunter2"), body: "hunter2" });
  expect(raw.join("")).not.toContain("hunter2");
  expect(raw.join("")).toContain("[redacted]");
});

test("an error is written with code, class, stack and cause", () => {
  const { log, lines } = capture();
  const cause = new Error("ECONNREFUSED");
  log.error({ err: new SluiceError("no broker", { code: "NO_BROKER", class: "transient", cause }) }, "failed");
  expect(lines()[0]!.err).toMatchObject({ code: "NO_BROKER", class: "transient" });
  expect(JSON.stringify(lines()[0]!.err)).toContain("ECONNREFUSED");
});

test("a storm gives one line now and one with the count at the window's end, also through a child", () => {
  vi.useFakeTimers();
  try {
    const { log, lines } = capture();
    const child = log.child({ provider: "p1" });
    for (let i = 0; i < 500; i++) child.every("bind", 5_000).warn({ attempt: i }, "bind failed");
    child.every("other", 5_000).info("just text");
    expect(lines().map(({ msg }) => msg)).toEqual(["bind failed", "just text"]);
    vi.advanceTimersByTime(5_000);
    expect(lines()).toHaveLength(3);
    expect(lines()[2]).toMatchObject({
      provider: "p1",
      attempt: 499,
      suppressed: 499,
      msg: "bind failed",
      level: "warn",
    });
  } finally {
    vi.useRealTimers();
  }
});

test("suppressed lines below the level cost and count nothing", () => {
  const { log, lines } = capture({ level: "error" });
  log.every("a", 1_000).debug("no");
  expect(lines()).toEqual([]);
});

test("pretty lines are for people", async () => {
  let written = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  const { log } = capture({ format: "pretty", destination });
  log.info({ partition: 3 }, "assigned");
  await vi.waitFor(() => expect(written).toMatch(/INFO.*assigned/));
  expect(() => JSON.parse(written)).toThrow();
});

test("the silent log takes everything and writes nothing", () => {
  silentLog
    .child({})
    .every("a", 1)
    .error({ err: new Error("x") }, "y");
  expect(silentLog.isLevelEnabled("fatal")).toBe(false);
});
