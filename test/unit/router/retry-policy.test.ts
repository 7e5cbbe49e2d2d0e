import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Attempt } from "../../../schemas/generated/types.ts";
import {
  appendTry,
  givingUp,
  MAX_SUBMISSIONS,
  nextRound,
  triedThisRound,
} from "../../../services/router/retry-policy.ts";

const attempt = (provider: string | null, errorClass: string, errorCode: string | null = null): Attempt => ({
  provider,
  errorClass,
  errorCode,
});
const transient = (provider: string) => attempt(provider, "transient");

describe("retry policy", () => {
  it("does not try a provider twice in one round; the next round begins afresh", () => {
    const tried = [transient("a"), transient("b")];
    expect(triedThisRound(tried)).toEqual(["a", "b"]);
    const round = nextRound(tried, "no-provider-left");
    expect(triedThisRound(round.tried)).toEqual([]);
    expect(triedThisRound([...round.tried, transient("a")])).toEqual(["a"]);
  });

  it("waits longer with each round, at most an hour", () => {
    let tried: Attempt[] = [];
    const delays: string[] = [];
    for (let i = 0; i < 10; i++) {
      const round = nextRound(tried, "circuits-open");
      delays.push(round.delay);
      tried = round.tried;
    }
    expect(delays).toEqual(["5s", "5s", "5s", "1m", "1m", "10m", "10m", "1h", "1h", "1h"]);
  });

  it("gives up what has expired, what is refused for good, and what was refused too often", () => {
    expect(givingUp([], 1_000, 1_000)).toEqual({ state: "expired", code: "expired" });
    expect(givingUp([attempt("a", "permanent", "ESME_RINVDSTADR")], 0, 1)).toEqual({
      state: "rejected",
      code: "ESME_RINVDSTADR",
    });
    const often = Array.from({ length: MAX_SUBMISSIONS }, () => transient("a"));
    expect(givingUp(often, 0, 1)).toEqual({ state: "failed", code: "attempts-exhausted" });
    expect(givingUp(often.slice(1), 0, 1)).toBeUndefined();
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
        expect(tried.map((t) => t.provider)).toEqual(providers.slice(-32));
      }),
    );
  });
});
