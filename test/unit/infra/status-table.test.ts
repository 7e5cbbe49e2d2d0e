import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { boundLog } from "../../../infra/local/log-bound.ts";
import { notesIn } from "../../../infra/local/readiness.ts";
import { allUp, formatDuration, formatTable, statusTable } from "../../../infra/local/status-table.ts";

const row = { name: "router", restarts: 0, frozen: false, logFile: "/l" };

it.each([
  [0, "0s"],
  [59_999, "59s"],
  [200_000, "3m 20s"],
  [3_600_000, "1h"],
  [90_061_000, "1d 1h"],
])("writes %d ms as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

it("aligns columns and leaves no trailing blanks", () => {
  expect(
    formatTable(
      ["A", "B"],
      [
        ["long", "x"],
        ["s", ""],
      ],
    ),
  ).toBe("A     B\nlong  x\ns");
});

it("tells a frozen process and one that does not answer from a healthy one", () => {
  const table = statusTable([
    { ...row, state: "ready", pid: 1, frozen: true, healthy: false },
    { ...row, state: "ready", pid: 2, healthy: false },
    { ...row, state: "ready", pid: 3, healthy: true },
    { ...row, state: "failed", lastEnd: "code 1" },
  ]);
  expect(
    table
      .split("\n")
      .slice(1)
      .map((line) => line.split(/ {2,}/)[5]),
  ).toEqual(["frozen (SIGSTOP)", "not answering", "ok", "ended: code 1"]);
});

it("says below the table what is degraded, and what keeps a process from its work", () => {
  const table = statusTable([
    { ...row, state: "ready", pid: 1, healthy: true, notes: [] },
    { ...row, name: "sender", state: "ready", pid: 2, healthy: true, notes: ["link smsc-z: no link: refused"] },
    { ...row, name: "ingest", state: "ready", pid: 3, healthy: false, notes: ["kafka answers: no answer"] },
  ]).split("\n");
  expect(table.slice(1, 4).map((line) => line.split(/ {2,}/)[5])).toEqual(["ok", "degraded", "not ready"]);
  expect(table.slice(4)).toEqual(["sender: link smsc-z: no link: refused", "ingest: kafka answers: no answer"]);
});

it("reads the reasons out of any answer of a probe", () => {
  expect(notesIn('{"notReady":{"a":"x"},"degraded":{"b":"y"}}')).toEqual(["a: x", "b: y"]);
  for (const body of ["", "Ok.", "null", "[]", '"x"', '{"notReady":null,"degraded":7}'])
    expect(notesIn(body)).toEqual([]);
});

it("is up only when every process is ready or done", () => {
  expect(
    allUp([
      { ...row, state: "ready" },
      { ...row, state: "done" },
    ]),
  ).toBe(true);
  expect(
    allUp([
      { ...row, state: "ready" },
      { ...row, state: "starting" },
    ]),
  ).toBe(false);
});

it("bounds a log file, keeping the last stretch beside it", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-log-"));
  const file = join(folder, "a.log");
  writeFileSync(file, "0123456789");
  expect(boundLog(file, 10)).toBe(false);
  expect(boundLog(file, 9)).toBe(true);
  expect([readFileSync(file, "utf8"), readFileSync(`${file}.1`, "utf8")]).toEqual(["", "0123456789"]);
  expect(boundLog(join(folder, "none.log"), 1)).toBe(false);
  rmSync(folder, { recursive: true });
});
