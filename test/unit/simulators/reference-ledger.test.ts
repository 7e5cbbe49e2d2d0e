import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReferenceLedger } from "../../../infra/simulators/behaviour/reference-ledger.ts";

const uuid = (n: number): string => `0190a1b2-c3d4-7e5f-8a9b-${n.toString(16).padStart(12, "0")}`;

describe("ReferenceLedger", () => {
  it("counts as a map of maps does, for UUIDs and for any other reference", () => {
    const reference = fc.oneof(
      fc.integer({ min: 0, max: 30 }).map(uuid),
      fc.uuid(),
      fc.integer({ min: 0, max: 10 }).map((n) => `order-${n}`),
      fc.integer({ min: 0, max: 5 }).map((n) => uuid(n).toUpperCase()),
    );
    const count = fc.tuple(reference, fc.integer({ min: 1, max: 255 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(count, { maxLength: 300 }), (counts) => {
        const ledger = new ReferenceLedger(1_000);
        const model = new Map<string, Map<number, { received: number; accepted: number }>>();
        for (const [ref, part, accepted] of counts) {
          expect(ledger.count(ref, part, accepted)).toBe(true);
          const parts = model.get(ref) ?? new Map();
          const at = parts.get(part) ?? { received: 0, accepted: 0 };
          parts.set(part, { received: at.received + 1, accepted: at.accepted + (accepted ? 1 : 0) });
          model.set(ref, parts);
        }
        const expected = [...model].map(([ref, parts]) => ({
          reference: ref,
          parts: [...parts].map(([part, at]) => ({ part, ...at })).sort((a, b) => a.part - b.part),
        }));
        expect([...ledger.entries()]).toEqual(expected);
        expect(ledger.references).toBe(model.size);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps a hundred thousand references apart while it grows", () => {
    const ledger = new ReferenceLedger(200_000);
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 100_000; n++) ledger.count(uuid(n), 1 + (n % 2), n % 3 === 0);
    }
    expect(ledger.references).toBe(100_000);
    let n = 0;
    for (const { reference, parts } of ledger.entries()) {
      if (reference !== uuid(n) || parts.length !== 1) throw new Error(`entry ${n} is ${reference}`);
      const [{ part, received, accepted }] = parts as [{ part: number; received: number; accepted: number }];
      if (part !== 1 + (n % 2) || received !== 2 || accepted !== (n % 3 === 0 ? 2 : 0))
        throw new Error(`counts of ${n}`);
      n++;
    }
    expect(n).toBe(100_000);
  });

  it("keeps no new references beyond its bound, and says how many submits that were", () => {
    const ledger = new ReferenceLedger(2);
    expect([1, 2, 3, 3].map((n) => ledger.count(uuid(n), 1, true))).toEqual([true, true, false, false]);
    expect(ledger.count(uuid(1), 2, true)).toBe(true);
    expect([ledger.references, ledger.untracked]).toEqual([2, 2]);
  });

  it("forgets everything at a reset, and ends a reading that is under way", () => {
    const ledger = new ReferenceLedger(10);
    ledger.count(uuid(1), 1, true);
    ledger.count("text", 1, true);
    const reading = ledger.entries();
    expect(reading.next().value).toMatchObject({ reference: uuid(1) });
    ledger.reset();
    expect(reading.next().done).toBe(true);
    expect([...ledger.entries()]).toEqual([]);
    ledger.count(uuid(1), 1, false);
    expect([...ledger.entries()]).toEqual([{ reference: uuid(1), parts: [{ part: 1, received: 1, accepted: 0 }] }]);
  });
});
