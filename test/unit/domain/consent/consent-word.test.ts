import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ConsentWord,
  consentKey,
  holdsAgainst,
  optOutOf,
  readConsentKey,
} from "../../../../domain/consent/consent-word.ts";

const word = (state: ConsentWord["state"], at: number, source = "keyword", offset = 0): ConsentWord => ({
  state,
  source,
  at,
  offset,
});

describe("which word holds", () => {
  it("the later one, whatever the order in which they are read and however often", () => {
    const one = fc.record({
      state: fc.constantFrom("opted_in" as const, "opted_out" as const),
      source: fc.constant("keyword"),
      at: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat()), (said, draw) => {
        const words = said.map((entry, offset) => ({ ...entry, offset }));
        const latest = Math.max(...words.map(({ at }) => at));
        const expected = words.findLast(({ at }) => at === latest);
        let held: ConsentWord | undefined;
        for (let i = 0; i < 30; i++) {
          // Every one at least once, then some again.
          const next = i < words.length ? words[i]! : words[draw.next().value! % words.length]!;
          const shuffled = i < words.length ? words[(i * 5 + said.length) % words.length]! : next;
          for (const read of [next, shuffled]) if (held === undefined || holdsAgainst(read, held)) held = read;
        }
        expect(held).toEqual(expected);
      }),
    );
  });

  it("is told for an account by its own word and by that for all", () => {
    expect(optOutOf(undefined, undefined)).toBeUndefined();
    expect(optOutOf(word("opted_in", 1), undefined)).toBeUndefined();
    expect(optOutOf(word("opted_out", 1), undefined)).toMatchObject({ at: 1 });
    expect(optOutOf(undefined, word("opted_out", 1))).toMatchObject({ at: 1 });
    expect(
      optOutOf(word("opted_out", 1), word("opted_in", 2)),
      "who stopped one account has not begun with it again",
    ).toMatchObject({ at: 1 });
  });

  it("lets the recipient alone lift for one account what is closed for all", () => {
    const all = word("opted_out", 5, "import");
    expect(optOutOf(word("opted_in", 6), all)).toBeUndefined();
    expect(optOutOf(word("opted_in", 4), all)).toBe(all);
    expect(optOutOf(word("opted_in", 6, "api"), all)).toBe(all);
  });
});

describe("the key of a pair", () => {
  it("names account and destination", () => {
    expect(readConsentKey(consentKey("acme", "4915112345678"))).toEqual({
      accountId: "acme",
      destination: "4915112345678",
    });
    expect(readConsentKey(consentKey("*", "4915112345678"))).toEqual({ accountId: "*", destination: "4915112345678" });
  });

  it.each(["", "acme", "acme:", ":4915112345678", "acme:0491511", "ACME:4915112345678", "acme:49:15112345678"])(
    "%j is none",
    (key) => expect(readConsentKey(key)).toBeUndefined(),
  );
});
