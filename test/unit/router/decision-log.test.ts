import { describe, expect, it } from "vitest";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { DecisionLog, decisionOf } from "../../../services/router/decision-log.ts";

function event(id: string, src?: string): InRecord {
  return {
    topic: "sms.events",
    partition: 0,
    offset: 0,
    key: Buffer.from("4917"),
    value: Buffer.from(id),
    headers: src === undefined ? { id } : { id, src },
    timestamp: 0,
  };
}

describe("decision log", () => {
  it("knows decisions by their event id, and nobody else's events", () => {
    expect(decisionOf("m/1/routed")).toEqual({ key: "m/1", kind: "routed" });
    expect(decisionOf("m/0/closed")).toEqual({ key: "m/0", kind: "closed" });
    for (const id of ["m/1/submitted", "m/final", "routed", undefined]) expect(decisionOf(id)).toBeUndefined();
  });

  it("keeps the content of decisions whose source is not committed, the first one of each source", () => {
    const decided: string[] = [];
    const log = new DecisionLog(new Map([["sms.requests.otp", 10]]), (key) => decided.push(key));
    log.read(event("m1/1/routed", "sms.requests.otp/3/9"));
    log.read(event("m2/1/routed", "sms.requests.otp/3/10"));
    log.read(event("m2/1/closed", "sms.requests.otp/3/10"));
    log.read(event("m3/1/routed", "another/3/99"));
    log.read(event("m4/1/submitted", "sms.requests.otp/3/11"));
    expect(decided).toEqual(["m1/1/4917", "m2/1/4917", "m2/1/4917", "m3/1/4917"]);
    expect([...log.reach]).toEqual([["sms.requests.otp", 11]]);
    expect([...log.bySource]).toEqual([
      ["sms.requests.otp/3/10", { kind: "routed", key: "m2/1", value: Buffer.from("m2/1/routed") }],
    ]);
  });
});
