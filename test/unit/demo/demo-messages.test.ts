import { describe, expect, it } from "vitest";
import { validateSendRequest } from "../../../domain/message/validation.ts";
import { demoMessages } from "../../../infra/demo/demo-messages.ts";
import { DEMO_COUNTRIES } from "../../../infra/demo/demo-numbers.ts";

const COUNT = 4_000;
const messages = [...demoMessages(5, COUNT)];
const checked = messages.map(({ to, from, text, lane, reference }) =>
  validateSendRequest({ to, from, text, lane, reference }),
);
const valid = checked.flatMap((validation) => (validation.ok ? [validation.request] : []));

function share(count: number): number {
  return count / COUNT;
}

describe("the demo's messages", () => {
  it("are the same for the same seed, and others for another", () => {
    expect([...demoMessages(5, 50)]).toEqual(messages.slice(0, 50));
    expect([...demoMessages(6, 50)]).not.toEqual(messages.slice(0, 50).map((message) => ({ ...message })));
  });

  it("are all accepted", () => {
    expect(checked.flatMap((validation) => (validation.ok ? [] : validation.problems))).toEqual([]);
    expect(valid.length).toBe(COUNT);
  });

  it("go to every country of the list, twenty at least", () => {
    const countries = new Set<string>(valid.map(({ country }) => country));
    expect([...countries].sort()).toEqual(DEMO_COUNTRIES.map(([country]) => country).sort());
    expect(countries.size).toBeGreaterThanOrEqual(20);
    expect(new Set(valid.map(({ destination }) => destination)).size).toBeGreaterThan(COUNT * 0.95);
  });

  it("are of one to four parts in both alphabets", () => {
    expect([...new Set(valid.map(({ segments }) => segments))].sort()).toEqual([1, 2, 3, 4]);
    expect(share(valid.filter(({ encoding }) => encoding === "ucs2").length)).toBeGreaterThan(0.1);
  });

  it("are three lanes as a customer's day is, in lanes that the accounts may use", () => {
    const lanes = Object.groupBy(messages, ({ lane }) => lane);
    expect(share(lanes.otp!.length)).toBeCloseTo(0.3, 1);
    expect(share(lanes.transactional!.length)).toBeCloseTo(0.5, 1);
    expect(share(lanes.marketing!.length)).toBeCloseTo(0.2, 1);
    expect(new Set(messages.filter(({ account }) => account === "nordbank").map(({ lane }) => lane))).toEqual(
      new Set(["otp"]),
    );
  });
});
