import { describe, expect, it } from "vitest";
import { writeEventRow } from "../../../../pipeline/records/event-row.ts";
import { RowBinary } from "../../../../platform/clickhouse/row-binary.ts";
import type { Event } from "../../../../schemas/generated/types.ts";
import { ACCEPTED_AT, event, facts } from "../../analytics-sink/events.ts";

describe("event row", () => {
  it.each<[string, Event]>([
    ["facts.messageId is not a UUID", event({ facts: facts({ messageId: "not-a-uuid" }) })],
    ["facts.messageId is not a UUID", event({ facts: facts({ messageId: "0190e0f1-aaaa-7bbb-8ccc-0123456789ag" }) })],
    ["at is out of range", event({ at: 0 })],
    ["at is out of range", event({ at: Date.UTC(2100, 0, 1) })],
    ["facts.acceptedAt is out of range", event({ facts: facts({ acceptedAt: -1 }) })],
    ["facts.expiresAt is out of range", event({ facts: facts({ expiresAt: Number.NaN }) })],
    ["submittedAt is out of range", event({ submittedAt: 1 })],
    ["doneAt is out of range", event({ doneAt: 9e15 })],
    ["receiptAt is out of range", event({ receiptAt: -5 })],
    ["attempt is out of range", event({ attempt: 70_000 })],
    ["facts.segments is out of range", event({ facts: facts({ segments: -1 }) })],
    ["facts.segmentsSaved is out of range", event({ facts: facts({ segmentsSaved: 65_536 }) })],
    ["part is out of range", event({ part: 65_536 })],
    ["cost is out of range", event({ cost: 2 ** 53 })],
  ])("refuses what ClickHouse would refuse: %s", (wrong, bad) => {
    const row = new RowBinary(16);
    writeEventRow(row, event(), 0, 0);
    const before = Buffer.from(row.bytes());
    expect(writeEventRow(row, bad, 0, 1)).toBe(wrong);
    expect(row.bytes()).toEqual(before);
  });

  it("begins with what may be refused, the time in milliseconds and the type", () => {
    const row = new RowBinary(16);
    expect(writeEventRow(row, event(), 3, 77)).toBeUndefined();
    const bytes = row.bytes();
    expect(bytes.readBigInt64LE(16)).toBe(BigInt(ACCEPTED_AT + 10));
    expect(bytes.subarray(24, 31).toString("latin1")).toBe("\u0006routed");
    expect(bytes.readBigUInt64LE(bytes.length - 8)).toBe(77n);
    expect(bytes.readUInt16LE(bytes.length - 10)).toBe(3);
  });
});
