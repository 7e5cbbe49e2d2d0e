import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendTry, MAX_TRIED, refusals, triedThisRound } from "../../../domain/message/tries.ts";
import type { Attempt } from "../../../schemas/generated/types.ts";
import {
  givingUp,
  lastWords,
  letterReason,
  MAX_SUBMISSIONS,
  nextRound,
  refusedByAll,
} from "../../../services/router/retry-policy.ts";

const attempt = (provider: string | null, errorClass: string, errorCode: string | null = null): Attempt => ({
  provider,
  errorClass,
  errorCode,
});
const DAY = 86_400_000;
const transient = (provider: string) => attempt(provider, "transient");

describe("retry policy", () => {
  it("does not try a provider twice in one round; the next round begins afresh", () => {
    const tried = [transient("a"), transient("b")];
    expect(triedThisRound(tried)).toEqual(["a", "b"]);
    const round = nextRound(tried, "no-provider-left", 0, DAY);
    expect(triedThisRound(round.tried)).toEqual([]);
    expect(triedThisRound([...round.tried, transient("a")])).toEqual(["a"]);
  });

  it("waits longer with each round, at most an hour", () => {
    let tried: Attempt[] = [];
    const delays: string[] = [];
    for (let i = 0; i < 10; i++) {
      const round = nextRound(tried, "circuits-open", 0, DAY);
      delays.push(round.delay);
      tried = round.tried;
    }
    expect(delays).toEqual(["5s", "5s", "5s", "1m", "1m", "10m", "10m", "1h", "1h", "1h"]);
  });

  it("looks within the validity as long as a tier fits, and then at its end", () => {
    const rounds = (n: number) => Array.from({ length: n }, () => attempt(null, "unroutable"));
    const next = (seconds: number, n = 7) => nextRound(rounds(n), "x", 1_000, 1_000 + seconds * 1_000);
    expect(next(400)).toMatchObject({ delay: "1m", due: 61_000 });
    expect(next(3_600)).toMatchObject({ delay: "1h", due: 3_601_000 });
    expect(next(3_599)).toMatchObject({ delay: "10m", due: 601_000 });
    expect(next(59)).toMatchObject({ delay: "5s", due: 6_000 });
    expect(next(4)).toMatchObject({ delay: "5s", due: 5_000 });
    expect(next(86_400, 0)).toMatchObject({ delay: "5s", due: 6_000 });
  });

  it("gives up what has expired, what is refused for good, and what was refused too often", () => {
    expect(givingUp([], 1_000, 1_000)).toMatchObject({ state: "expired", code: "expired" });
    expect(givingUp([attempt("a", "permanent", "21610")], 0, 1)).toMatchObject({ state: "rejected", code: "21610" });
    expect(givingUp([attempt("a", "refused", "ESME_RINVDSTADR")], 0, 1), "another one is asked").toBeUndefined();
    const often = Array.from({ length: MAX_SUBMISSIONS }, () => transient("a"));
    expect(givingUp(often, 0, 1)).toMatchObject({ state: "failed", code: "attempts-exhausted" });
    expect(givingUp(often.slice(1), 0, 1)).toBeUndefined();
    expect(givingUp([], 0, 1, 9_999)).toBeUndefined();
    expect(givingUp([], 0, 1, 10_000)).toMatchObject({ state: "failed", code: "attempts-exhausted" });
  });

  it("does not count tries in which nothing reached a provider", () => {
    const never = Array.from({ length: 30 }, (_, i) =>
      i % 2 === 0 ? attempt("a", "unsubmitted") : attempt(null, "unroutable"),
    );
    expect(givingUp(never, 0, 1)).toBeUndefined();
  });

  it("keeps a bounded list of tries, the newest last", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { maxLength: 100 }), (providers) => {
        let tried: Attempt[] = [];
        for (const provider of providers) tried = appendTry(tried, transient(provider));
        expect(tried.map((t) => t.provider)).toEqual(providers.slice(-MAX_TRIED));
      }),
    );
  });

  it("never forgets who has refused, nor who was tried in this round, however many tries there are", () => {
    const one = fc.oneof(
      fc.record({ provider: fc.constantFrom("a", "b", "c"), errorClass: fc.constantFrom("transient", "unsubmitted") }),
      fc.constant({ provider: null, errorClass: "unroutable" }),
      fc.record({ provider: fc.constantFrom("d", "e", "f"), errorClass: fc.constant("refused") }),
    );
    fc.assert(
      fc.property(fc.array(one, { maxLength: 200 }), (all) => {
        let tried: Attempt[] = [];
        const refused = new Set<string>();
        for (const { provider, errorClass } of all) {
          // Who has refused is not asked again.
          if (provider !== null && refused.has(provider)) continue;
          if (errorClass === "refused") refused.add(provider!);
          tried = appendTry(tried, attempt(provider, errorClass));
          expect(tried.length).toBeLessThanOrEqual(MAX_TRIED);
          expect(new Set(refusals(tried).keys())).toEqual(refused);
        }
        const round = all.slice(all.findLastIndex(({ provider }) => provider === null) + 1);
        if (round.length < MAX_TRIED / 2)
          for (const provider of triedThisRound(tried)) expect(round.map((r) => r.provider)).toContain(provider);
      }),
    );
  });

  it("ends by the last word of those who refused, and names every provider's", () => {
    const tried = [
      attempt("a", "refused", "ESME_RINVDSTADR"),
      attempt("b", "transient", "ESME_RSYSERR"),
      attempt(null, "unroutable", "no-provider-left"),
      attempt("b", "refused", "ESME_RX_R_APPN"),
    ];
    expect(refusedByAll(tried)).toEqual({
      state: "rejected",
      errorClass: "refused",
      code: "ESME_RX_R_APPN",
      provider: "b",
    });
    expect(lastWords(tried)).toBe("3 tries; b: ESME_RX_R_APPN, a: ESME_RINVDSTADR");
    expect(lastWords([])).toBe("not tried");
    expect(refusedByAll([attempt("a", "transient")])).toBeUndefined();
    expect(letterReason({ errorClass: "refused", errorCode: "0x00000433" })).toBe("refused");
    expect(letterReason({ errorClass: "invalid", errorCode: "text-empty" })).toBe("text-empty");
  });
});
