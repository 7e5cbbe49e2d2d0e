import { beforeEach, expect, test } from "vitest";
import { Task } from "../../../platform/kafka/task.ts";
import { CallingTurn } from "../../../services/console/alerts/calling-turn.ts";

let status: { joined: boolean; leaseValid: boolean; assigned: number[]; away: boolean };
let now: number;
let steps: number;
let turn: CallingTurn;

beforeEach(() => {
  status = { joined: true, leaseValid: true, assigned: [], away: false };
  now = 0;
  steps = 0;
  const group = {
    get status() {
      return status;
    },
    stepBack: () => void steps++,
  };
  turn = new CallingTurn(group, () => now);
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

/** Nothing that has been said without the group. */
const same = (note: string) => note;

test("a member of the group calls when the turn has come to it, with the note of the one before, and not when it has gone", async () => {
  const notes: string[] = [];
  turn.onTurn((note) => {
    notes.push(note);
    return note;
  });
  expect(turn.caller).toBe("elsewhere");
  const { task: own, commits } = task("before");
  const held = turn.hold(own);
  expect([turn.caller, notes]).toEqual(["here", ["before"]]);
  own.inputs[0]!.push({ offset: 7, key: null, value: null } as never);
  own.inputs[0]!.expected = 8;
  turn.keep("said");
  await expect.poll(() => commits).toEqual([{ offsets: [8], state: "said" }]);
  own.revoke();
  expect(turn.caller).toBe("elsewhere");
  await held;
});

test("what was said without the group is committed as soon as the turn comes, and what is said last when it stops", async () => {
  turn.onTurn((note) => `${note}, and more`);
  // No group took this one.
  turn.keep("older");
  const { task: own, commits } = task("before");
  const held = turn.hold(own);
  await expect.poll(() => commits).toEqual([{ offsets: [7], state: "before, and more" }]);
  turn.keep("last");
  own.draining = true;
  own.wake();
  await held;
  expect(commits.at(-1)).toEqual({ offsets: [7], state: "last" });
});

test("a refused commit ends the turn", async () => {
  turn.onTurn(same);
  const { task: own } = task("", false);
  const held = turn.hold(own);
  turn.keep("said");
  await held;
  expect(turn.caller).toBe("elsewhere");
});

test("while Kafka does not answer each console calls by itself, after 20 s; for a rebalance nobody does", () => {
  const out = { ...status, joined: false, leaseValid: false };
  const callers: string[] = [];
  const look = (at: number, as: typeof status) => {
    now = at;
    status = as;
    callers.push(turn.caller);
  };
  look(0, out);
  look(19_999, out);
  look(20_000, out);
  look(20_001, { ...status, joined: true, leaseValid: true });
  look(25_000, { ...status, joined: true, leaseValid: false });
  look(45_000, { ...status, joined: true, leaseValid: false });
  expect(callers).toEqual(["nobody", "nobody", "here", "elsewhere", "nobody", "here"]);
});

test("a console that owns the turn and cannot begin it calls by itself, after 20 s", () => {
  status = { ...status, assigned: [0] };
  expect(turn.caller).toBe("nobody");
  now = 20_000;
  expect(turn.caller).toBe("here");
});

test("who cannot get through steps back from the turn, but goes on where it calls by itself", async () => {
  turn.onTurn(same);
  status = { ...status, joined: false };
  turn.giveUp();
  expect(steps).toBe(0);
  const { task: own } = task("");
  const held = turn.hold(own);
  turn.giveUp();
  expect(steps).toBe(1);
  own.revoke();
  await held;
  // Away by its own will: however long, it is not alone.
  status = { ...status, away: true };
  expect(turn.caller).toBe("nobody");
  now = 60_000;
  expect(turn.caller).toBe("nobody");
});
