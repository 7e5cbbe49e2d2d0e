import { expect, it } from "vitest";
import { defaultInDoubtRule, isLane, lanePriority, lanes } from "../../../../domain/message/lane.ts";
import { intermediateStatuses, isTerminalStatus, terminalStatuses } from "../../../../domain/message/status.ts";
import { countsAgainstCircuit, nextStep, submitOutcomes } from "../../../../domain/message/submit-outcome.ts";

it("lanes are ranked in the order they are listed", () => {
  expect(lanes.map((lane) => lanePriority[lane])).toEqual([0, 1, 2]);
  expect(lanes.every(isLane)).toBe(true);
  expect(["OTP", "", null, "toString"].some(isLane)).toBe(false);
  expect(defaultInDoubtRule).toEqual({ otp: "resend", transactional: "resend", marketing: "hold" });
});

it("a status is terminal or intermediate, never both", () => {
  expect(terminalStatuses.every(isTerminalStatus)).toBe(true);
  expect(intermediateStatuses.some(isTerminalStatus)).toBe(false);
});

it("only an answer about the provider's own health counts against its circuit", () => {
  expect(submitOutcomes.filter(countsAgainstCircuit)).toEqual(["transient", "link", "in-doubt"]);
  expect(nextStep("in-doubt")).toBe("apply-in-doubt-rule");
  expect(nextStep("throttled")).toBe("submit-again");
});
