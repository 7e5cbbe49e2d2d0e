import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { terminalStatuses } from "../../../../domain/message/status.ts";
import type { ReceiptState } from "../../../../domain/receipts/receipt.ts";
import {
  foldParts,
  foldPartsAtDeadline,
  foldReceipt,
  isFinal,
  isTelling,
  type PartState,
} from "../../../../domain/receipts/receipt-lattice.ts";

const states: ReceiptState[] = ["queued", "enroute", ...terminalStatuses];
const receipt: fc.Arbitrary<PartState> = fc.record({
  state: fc.constantFrom(...states),
  errorCode: fc.option(fc.constantFrom("1", "27", "abc"), { nil: undefined }),
  doneAt: fc.option(fc.nat(3), { nil: undefined }),
});
const part = (state: ReceiptState): PartState => ({ state, errorCode: undefined, doneAt: undefined });
const fold = (receipts: readonly PartState[]) =>
  receipts.reduce<PartState | undefined>((state, incoming) => foldReceipt(state, incoming), undefined);

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

describe("foldReceipt", () => {
  it("ends the same for every order of the same receipts", () => {
    fc.assert(
      fc.property(fc.array(receipt, { minLength: 1, maxLength: 5 }), (receipts) => {
        const end = fold(receipts);
        for (const order of permutations(receipts)) expect(fold(order)).toEqual(end);
      }),
    );
  });

  it("ends the same however often each receipt comes, and wherever the repeats stand", () => {
    const withRepeats = fc
      .array(receipt, { minLength: 1, maxLength: 4 })
      .chain((receipts) =>
        fc.tuple(fc.constant(receipts), fc.shuffledSubarray([...receipts, ...receipts, ...receipts], { minLength: 0 })),
      );
    fc.assert(
      fc.property(withRepeats, ([receipts, repeats]) => {
        const end = fold(receipts);
        expect(fold([...receipts, ...repeats])).toEqual(end);
        expect(fold([...repeats, ...receipts])).toEqual(end);
      }),
    );
  });

  it("joins states as well as receipts: folding two halves apart and joining them is the same", () => {
    const half = fc.array(receipt, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(half, half, (a, b) => {
        expect(foldReceipt(fold(a), fold(b) as PartState)).toEqual(fold([...a, ...b]));
      }),
    );
  });

  it("never goes back from a final state to a passing one, and lets delivered stand", () => {
    fc.assert(
      fc.property(receipt, receipt, (a, b) => {
        const joined = foldReceipt(a, b);
        if (isFinal(a.state)) expect(isFinal(joined.state)).toBe(true);
        if (a.state === "delivered") expect(joined.state).toBe("delivered");
      }),
    );
    expect(fold([part("undelivered"), part("delivered"), part("queued")])?.state).toBe("delivered");
    expect(fold([part("unknown"), part("expired")])?.state).toBe("expired");
    expect(states.filter(isFinal)).toEqual(terminalStatuses.filter((state) => state !== "unknown"));
  });

  it("keeps the code of a passing state for the end, and tells what is worth writing down", () => {
    const dnd = { state: "enroute", errorCode: "409", doneAt: undefined } as const;
    expect(fold([part("queued"), dnd, part("unknown")])).toEqual({ ...part("unknown"), errorCode: "409" });
    expect(fold([dnd, part("delivered")])).toEqual(part("delivered"));
    expect([part("queued"), part("enroute"), dnd, part("unknown"), part("expired")].map(isTelling)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it("keeps the details of the state that stands", () => {
    const failed = { state: "undelivered", errorCode: "27", doneAt: 5 } as const;
    expect(foldReceipt(failed, { state: "enroute", errorCode: "99", doneAt: 1 })).toEqual(failed);
    expect(foldReceipt(failed, { state: "undelivered", errorCode: undefined, doneAt: 4 })).toEqual({
      ...failed,
      doneAt: 4,
    });
  });
});

/** The documented rule, said plainly. */
function naiveParts(parts: ReceiptState[]): string {
  if (!parts.every(isFinal)) return "pending";
  return new Set(parts).size === 1 ? (parts[0] as string) : "undelivered";
}

describe("foldParts", () => {
  it("equals the documented rule for every mixture and order", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states), { minLength: 1, maxLength: 6 }), (parts) => {
        expect(foldParts(parts.map(part), parts.length)).toBe(naiveParts(parts));
      }),
      { numRuns: 1_000 },
    );
  });

  it("waits for parts that nothing was heard of", () => {
    expect(foldParts([part("delivered")], 2)).toBe("pending");
    expect(foldParts([undefined, part("delivered")], 2)).toBe("pending");
    expect(foldParts([part("delivered"), part("delivered")], 2)).toBe("delivered");
    expect(foldParts([], 1)).toBe("pending");
  });

  it("ends at the deadline, whatever is missing", () => {
    expect(foldPartsAtDeadline([], 2)).toBe("unknown");
    expect(foldPartsAtDeadline([part("delivered"), part("enroute")], 2)).toBe("unknown");
    expect(foldPartsAtDeadline([part("unknown")], 1)).toBe("unknown");
    expect(foldPartsAtDeadline([part("expired")], 2)).toBe("undelivered");
    fc.assert(
      fc.property(fc.array(fc.option(fc.constantFrom(...states), { nil: undefined }), { minLength: 1 }), (parts) => {
        const known = parts.map((state) => state && part(state));
        const end = foldPartsAtDeadline(known, parts.length);
        expect(terminalStatuses).toContain(end);
        const now = foldParts(known, parts.length);
        if (now !== "pending") expect(end).toBe(now);
      }),
    );
  });
});
