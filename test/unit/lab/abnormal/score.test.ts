import { describe, expect, it } from "vitest";
import { installationOf } from "../../../lab/abnormal/installation.ts";
import { attacksOn } from "../../../lab/abnormal/schedule.ts";
import { belongs, judge, type LabAlarm } from "../../../lab/abnormal/score.ts";
import { ATTACK_KINDS, type Attack, FIRST_MINUTE_OF_MONTH } from "../../../lab/abnormal/traffic.ts";

const from = FIRST_MINUTE_OF_MONTH + 100;
const attack: Attack = {
  kind: "pumping-fast",
  from,
  until: from + 30,
  marks: { account: ["a"], country: ["UZ"], range: ["99870001"] },
  told: "",
};
const alarm: LabAlarm = { kind: "pumping", minute: from + 2, account: "a", range: "99870001" };

describe("which alarm is of which attack", () => {
  it("is said by time and by what it names", () => {
    expect(belongs(alarm, attack)).toBe(true);
    expect(belongs({ ...alarm, provider: "p" }, attack)).toBe(true);
    expect(belongs({ ...alarm, minute: from - 1 }, attack)).toBe(false);
    expect(belongs({ ...alarm, minute: from + 89 }, attack)).toBe(true);
    expect(belongs({ ...alarm, minute: from + 90 }, attack)).toBe(false);
    expect(belongs({ ...alarm, account: "b" }, attack)).toBe(false);
    expect(belongs({ kind: "forged-receipts", minute: from, provider: "p" }, attack)).toBe(false);
  });

  it("is said of all accounts together by the first digits of the ranges", () => {
    const together = { kind: "pumping", minute: from, country: "UZ", range: "9987000" } as const;
    expect(belongs(together, attack)).toBe(true);
    expect(belongs({ ...together, range: "9987001" }, attack)).toBe(false);
    expect(belongs({ ...together, account: "a" }, attack)).toBe(false);
  });

  it("counts what an alarm came in time for, and what belongs to none", () => {
    const ledger = { messages: new Float64Array(30).fill(10), cost: new Float64Array(30).fill(1_000_000) };
    const stray: LabAlarm = { kind: "burst", minute: from, account: "b" };
    const { outcomes, falseAlarms } = judge(1, [attack], [ledger], [stray, alarm]);
    expect(outcomes).toMatchObject([
      { after: 3, saved: 27_000_000, cost: 30_000_000, material: true, namedRightly: true },
    ]);
    expect(falseAlarms).toEqual([stray]);
  });
});

it("a month has two attacks of each kind, the same ones for the same seed", () => {
  const attacks = attacksOn(installationOf(7));
  const kinds = attacks.map(({ kind }) => kind);
  expect(ATTACK_KINDS.map((kind) => kinds.filter((other) => other === kind).length)).toEqual(ATTACK_KINDS.map(() => 2));
  const marks = ({ told, from: begin }: Attack): unknown => [told, begin];
  expect(attacksOn(installationOf(7)).map(marks)).toEqual(attacks.map(marks));
});
