import { beforeEach, expect, test } from "vitest";
import { Task } from "../../../platform/kafka/task.ts";
import { CallingTurn } from "../../../services/console/alerts/calling-turn.ts";

let status: { joined: boolean; leaseValid: boolean };
let now: number;
let turn: CallingTurn;

beforeEach(() => {
  status = { joined: true, leaseValid: true };
  now = 0;
  turn = new CallingTurn(
    () => status,
    () => now,
  );
});

/** Of a group whose broker takes commits, or refuses them. */
function task(state: string, takes = true) {
  const commits: { offsets: readonly number[]; state: string }[] = [];
  const host = {
    leaseValid: true,
    resume() {},
    commit: async (_: Task, offsets: readonly number[], kept: string) => {
      commits.push({ offsets, state: kept });
      return takes;
    },
  };
  return { task: new Task(host, 0, ["sms.control"], { offsets: [7], state }, 10), commits };
}

test("a member of the group calls when the turn has come to it, with the note of the one before, and not when it has gone", async () => {
  const notes: string[] = [];
  turn.onTurn((note) => void notes.push(note));
  expect(turn.mine).toBe(false);
  const { task: own, commits } = task("before");
  const held = turn.hold(own);
  expect([turn.mine, notes]).toEqual([true, ["before"]]);
  own.inputs[0]!.push({ offset: 7, key: null, value: null } as never);
  own.inputs[0]!.expected = 8;
  turn.keep("said");
  await expect.poll(() => commits).toEqual([{ offsets: [8], state: "said" }]);
  own.revoke();
  expect(turn.mine).toBe(false);
  await held;
});

test("a refused commit ends the turn", async () => {
  const { task: own } = task("", false);
  const held = turn.hold(own);
  turn.keep("said");
  await held;
  expect(turn.mine).toBe(false);
});

test("while Kafka does not answer each console calls by itself, after 20 s; for a rebalance nobody does", () => {
  status = { joined: false, leaseValid: false };
  expect(turn.mine).toBe(false);
  now = 19_999;
  expect(turn.mine).toBe(false);
  now = 20_000;
  expect(turn.mine).toBe(true);
  status = { joined: true, leaseValid: true };
  expect(turn.mine).toBe(false);
  status = { joined: true, leaseValid: false };
  now = 25_000;
  expect(turn.mine).toBe(false);
  now = 45_000;
  expect(turn.mine).toBe(true);
});
