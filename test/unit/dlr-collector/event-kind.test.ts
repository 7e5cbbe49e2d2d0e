import { describe, expect, it } from "vitest";
import { eventKind, messageIdOf } from "../../../services/dlr-collector/correlator/event-kind.ts";

describe("what an event's id says", () => {
  it.each([
    ["m/1/routed", "routed"],
    ["m/1/submitted", "submitted"],
    ["m/2/resubmitted", "submitted"],
    ["m/1/returned", "returned"],
    ["m/1/in_doubt", "in_doubt"],
    ["m/0/closed", "closed"],
    ["m/final", "final"],
    ["m/1/2/rejected", "receipt"],
    ["m/1/toString", undefined],
    ["m", undefined],
    ["", undefined],
  ])("%s: %s", (id, kind) => {
    expect(eventKind(Buffer.from(id))).toBe(kind);
    expect(messageIdOf(Buffer.from(id))).toBe(id === "" ? "" : "m");
  });
});
