import { expect, it } from "vitest";
import { figures, shapeFigures } from "../../../lab/abnormal/figures.ts";
import type { AttackOutcome, LabAlarm } from "../../../lab/abnormal/score.ts";
import type { Trial } from "../../../lab/abnormal/trial.ts";

const outcome = (after: number | undefined, saved: number, material = true): AttackOutcome => ({
  seed: 1,
  attack: { kind: "burst", from: 0, until: 60, marks: { account: ["a"] }, told: "" },
  messages: 100,
  cost: 100,
  material,
  after,
  namedRightly: after !== undefined,
  saved,
});
const alarm: LabAlarm = { kind: "burst", minute: 1, account: "a" };
const stray = { ...alarm, account: "b", why: "" };

it("counts material attacks only, and says which thresholds are missed", () => {
  const trial: Trial = {
    outcomes: [outcome(2, 99), outcome(4, 97), outcome(undefined, 0), outcome(undefined, 0, false)],
    alarms: [alarm, alarm, stray],
    falseAlarms: [stray],
  };
  const quiet: Trial = { outcomes: [], alarms: [stray, stray, stray], falseAlarms: [stray, stray, stray] };
  const { kinds, falseAlarms, falseAlarmsQuiet, missed } = figures([trial], [quiet]);
  expect(kinds.find(({ kind }) => kind === "burst")).toEqual({
    kind: "burst",
    attacks: 3,
    found: 2,
    recall: 0.667,
    precision: 0.333,
    namedRightly: 1,
    minutesMedian: 2,
    minutes90: 4,
    saved: 0.653,
  });
  expect([falseAlarms, falseAlarmsQuiet]).toEqual([1, 3]);
  expect(missed).toEqual([
    "burst: recall 0.667, wanted 0.9",
    "burst: precision 0.333, wanted 0.9",
    "burst: saved 0.653, wanted 0.9",
    "falseAlarmsQuiet: 3 a month, wanted 2",
  ]);
});

it("tells the shapes of one kind apart, and leaves out what has no name", () => {
  const named = (shape: string, one: AttackOutcome): AttackOutcome => ({ ...one, attack: { ...one.attack, shape } });
  const outcomes = [named("a", outcome(3, 50)), named("a", outcome(undefined, 0)), named("b", outcome(1, 99, false))];
  const found = { attacks: 2, found: 1, recall: 0.5, namedRightly: 1, minutesMedian: 3, minutes90: 3, saved: 0.25 };
  expect(shapeFigures([...outcomes, outcome(9, 9)])).toEqual({
    a: found,
    b: { attacks: 0, found: 0, recall: null, namedRightly: null, minutesMedian: null, minutes90: null, saved: null },
  });
});
