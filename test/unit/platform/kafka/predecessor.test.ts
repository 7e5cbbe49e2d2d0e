import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Predecessor, type PredecessorOptions } from "../../../../platform/kafka/predecessor.ts";
import { ScriptedBrokers } from "./scripted-brokers.ts";
import { silentLog } from "./simulated-kafka.ts";

const UNKNOWN_MEMBER_ID = 25;
const NOT_COORDINATOR_FOR_GROUP = 16;

let folder: string;
let file: string;
let kafka: ScriptedBrokers;
const told: string[] = [];
const tell = (_: object, message: string) => void told.push(message);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-member-"));
  file = join(folder, "router-1.member");
  kafka = new ScriptedBrokers({});
  told.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function predecessor(more: Partial<PredecessorOptions> = {}): Predecessor {
  const log = { ...silentLog, debug: tell, info: tell, warn: tell };
  const connection = { brokers: ["b:1"], clientId: "test", log };
  return new Predecessor({ file, groupId: "routers", connection, ...more });
}

test("the member that was noted leaves its group, and its note goes", async () => {
  predecessor().joined("test-1");
  expect(readFileSync(file, "utf8")).toBe("test-1");
  await predecessor().leave();
  expect([kafka.leaves, existsSync(file)]).toEqual([["routers/test-1"], false]);
  await predecessor().leave();
  expect(kafka.leaves).toHaveLength(1);
});

test("the note of a member that its group does not know any more goes; where the coordinator says anything else it stays", async () => {
  writeFileSync(file, "test-1");
  kafka.leaveCode = async () => NOT_COORDINATOR_FOR_GROUP;
  await predecessor().leave();
  expect(existsSync(file)).toBe(true);
  kafka.leaveCode = async () => UNKNOWN_MEMBER_ID;
  await predecessor().leave();
  expect([kafka.leaves.length, existsSync(file)]).toEqual([2, false]);
});

test("where no broker takes a connection the note stays, and nothing is thrown", async () => {
  vi.useFakeTimers();
  writeFileSync(file, "test-1");
  kafka.dead.add(1);
  const left = predecessor({ mostMs: 60_000 }).leave();
  await vi.advanceTimersByTimeAsync(59_000);
  await left;
  expect([kafka.leaves, existsSync(file)]).toEqual([[], true]);
  expect(told.at(-1)).toContain("Could not take the member");
});

test("a coordinator that says nothing is waited for as long as is given, and the note stays", async () => {
  vi.useFakeTimers();
  writeFileSync(file, "test-1");
  kafka.leaveCode = () => new Promise(() => {});
  let isOver = false;
  const left = predecessor({ mostMs: 700 })
    .leave()
    .then(() => {
      isOver = true;
    });
  await vi.advanceTimersByTimeAsync(699);
  expect([kafka.leaves.length, isOver]).toEqual([1, false]);
  await vi.advanceTimersByTimeAsync(1);
  await left;
  expect(existsSync(file)).toBe(true);
});

test("whoever calls it while it is under way waits for the same question; a later call asks again", async () => {
  writeFileSync(file, "test-1");
  const code = Promise.withResolvers<number>();
  kafka.leaveCode = () => code.promise;
  const one = predecessor();
  const both = Promise.all([one.leave(), one.leave()]);
  await vi.waitFor(() => expect(kafka.leaves).toHaveLength(1));
  code.resolve(0);
  await both;
  expect(kafka.leaves).toHaveLength(1);
  one.joined("test-2");
  await one.leave();
  expect(kafka.leaves).toEqual(["routers/test-1", "routers/test-2"]);
});

test("a note that names nobody is asked of nobody", async () => {
  for (const note of ["", " \n", "x".repeat(1_025)]) {
    writeFileSync(file, note);
    await predecessor().leave();
  }
  expect([kafka.leaves, kafka.metadataAsked]).toEqual([[], 0]);
  const longest = "x".repeat(1_024);
  writeFileSync(file, `${longest}\n`);
  await predecessor().leave();
  expect(kafka.leaves).toEqual([`routers/${longest}`]);
});

test("a note that cannot be written or removed is told of, and throws nothing", async () => {
  predecessor({ file: join(folder, "none", "x.member") }).joined("test-1");
  expect(told).toEqual([expect.stringContaining("Cannot note the member's name")]);
  predecessor().joined("test-1");
  for (const code of [0, UNKNOWN_MEMBER_ID]) {
    kafka.leaveCode = async () => {
      // What stands there now is no file any more.
      rmSync(file, { force: true });
      mkdirSync(file);
      return code;
    };
    await predecessor().leave();
    expect(told.at(-1)).toContain("Cannot remove the name");
    rmSync(file, { recursive: true });
    predecessor().joined("test-1");
  }
  expect(kafka.leaves).toHaveLength(2);
});
