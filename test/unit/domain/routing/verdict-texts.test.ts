import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Candidate, type RouteMember, type Verdict, verdicts } from "../../../../domain/routing/candidate.ts";
import { VerdictTexts } from "../../../../domain/routing/verdict-texts.ts";

/** A route's members, as the route has them for as long as its catalog is at work. */
const routeOf = (...providers: string[]) => providers.map((id) => ({ provider: { id } }) as RouteMember);

const asked = (members: readonly RouteMember[], ...given: readonly Verdict[]) =>
  members.map((member, i) => ({ provider: member.provider.id, member, verdict: given[i]! }) as Candidate);

describe("why the others were not taken", () => {
  it("names them in the route's order, without the one that was", () => {
    const route = routeOf("a", "b", "c");
    const texts = new VerdictTexts();
    expect(texts.of(asked(route, "dearer", "chosen", "circuit-open"))).toBe("a: dearer, c: circuit-open");
    expect(texts.of(asked(route, "chosen", "dearer", "dearer"))).toBe("b: dearer, c: dearer");
  });

  it("is nothing where there was no choice", () => {
    const texts = new VerdictTexts();
    expect(texts.of(asked(routeOf("a"), "chosen"))).toBeNull();
    expect(texts.of([])).toBeNull();
  });

  it("is bounded, however many a route has", () => {
    const many = routeOf(...Array.from({ length: 40 }, (_, i) => `p${i}`));
    const text = new VerdictTexts().of(asked(many, "chosen", ...many.slice(1).map(() => "dearer" as const)));
    expect(text).toMatch(/^p1: dearer, .*p12: dearer, and 27 more$/);
  });

  it("is the same whatever was asked before, and however little is kept", () => {
    const routes = [routeOf("a", "b"), routeOf("a", "b", "c"), routeOf("a", "c"), routeOf("d", "e", "f", "g")];
    const choice = fc.tuple(fc.constantFrom(...routes), fc.array(fc.constantFrom(...verdicts), { minLength: 4 }));
    fc.assert(
      fc.property(fc.array(choice, { maxLength: 40 }), fc.integer({ min: 0, max: 12 }), (choices, limit) => {
        const texts = new VerdictTexts(limit);
        for (const [route, given] of choices) {
          const candidates = asked(route, ...given);
          const others = candidates.filter(({ verdict }) => verdict !== "chosen");
          const expected = others.map(({ provider, verdict }) => `${provider}: ${verdict}`).join(", ");
          expect(texts.of(candidates)).toBe(expected === "" ? null : expected);
          expect(texts.size).toBeLessThanOrEqual(limit + 1);
        }
      }),
    );
  });

  it("is kept: what is asked again is not made again", () => {
    const texts = new VerdictTexts();
    const route = routeOf("a", "b", "c");
    texts.of(asked(route, "dearer", "chosen", "circuit-open"));
    const { size } = texts;
    for (let i = 0; i < 100; i++) texts.of(asked(route, "dearer", "chosen", "circuit-open"));
    expect(size).toBe(4);
    expect(texts.size).toBe(size);
  });
});
