import { describe, expect, it } from "vitest";
import { contentSchema } from "../../../../domain/catalog/content.ts";
import { ContentRules, linkedDomains, matches } from "../../../../domain/guard/content-rules.ts";

const rules = (input: object) => new ContentRules(contentSchema.parse(input));
const denying = (...phrases: string[]) => rules({ deny: [{ id: "casino", phrases }] });
const DENIED = { code: "content-denied", reason: "content: rule casino denies it" };

describe("content rules", () => {
  it.each([
    ["a word, whatever its capitals and width", ["casino"], "Win at the CASINO today", true],
    ["full-width letters", ["casino"], "ｃａｓｉｎｏ", true],
    ["no part of a word", ["bet"], "Better safe", false],
    ["a beginning", ["casin*"], "casinos!", true],
    ["words that follow each other", ["free spins"], "FREE, spins", true],
    ["words apart", ["free spins"], "free of spins", false],
    ["one letter", ["cas?no"], "cas1no", true],
    ["nothing like it", ["casino"], "Your code is 1234", false],
  ])("know %s", (_, phrases, text, denied) => {
    expect(denying(...phrases).judge(text)).toEqual(denied ? DENIED : undefined);
  });

  it("say which rule, and nothing of the text", () => {
    const verdict = denying("secret*").judge("secretword 12345");
    expect(JSON.stringify(verdict)).not.toMatch(/secretword|12345/);
  });

  it("an allowed text goes, and with onlyAllowed no other", () => {
    const code = rules({
      allow: [{ id: "code", phrases: ["your code is"] }],
      onlyAllowed: true,
      deny: [{ id: "n", phrases: ["your"] }],
    });
    expect(code.judge("Your code is 1234")).toBeUndefined();
    expect(code.judge("Hello")).toMatchObject({ code: "content-not-allowed" });
    expect(code.judge("your hat")).toMatchObject({ code: "content-denied" });
  });

  it.each([
    ["see https://example.com/a?b=c.", undefined],
    ["see http://pay.example.com:8080", undefined],
    ["see example.com", undefined],
    ["see https://example.com.evil.net/", "content-domain"],
    ["see https://example.com@evil.net/", "content-domain"],
    ["see evil.net/example.com", "content-domain"],
    ["see (HTTPS://EVIL.NET)", "content-domain"],
    ["see http://192.0.2.1/x", "content-domain"],
    ["see http://notexample.com", "content-domain"],
    ["you owe 12.50 at 10.30, version 1.2", undefined],
  ])("links: %s", (text, code) => {
    expect(rules({ domains: ["example.com"] }).judge(text)?.code).toBe(code);
  });

  it("take a time that grows with text and phrases, however a phrase is made", () => {
    const hostile = `${"*a".repeat(25)}b`;
    const began = performance.now();
    expect(matches(hostile, "a".repeat(1_600))).toBe(false);
    denying(...Array.from({ length: 100 }, (_, i) => `${"*a".repeat(20)}${i}`)).judge("a".repeat(1_600));
    linkedDomains("a.".repeat(800));
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it.each([
    [{ deny: [{ id: "a", phrases: ["("] }] }, /words of letters/],
    [{ deny: [{ id: "a", phrases: ["**"] }] }, /matches anything/],
    [{ deny: [{ id: "a", phrases: ["x1"] }], allow: [{ id: "a", phrases: ["x2"] }] }, /also another rule/],
    [{ onlyAllowed: true, domains: ["a.de"] }, /no message goes/],
    [{}, /says nothing/],
    [{ domains: ["https://a.de"] }, /without https/],
  ])("%j is refused", (input, message) => {
    const parsed = contentSchema.safeParse(input);
    expect(parsed.success ? "" : parsed.error.issues.map((issue) => issue.message).join()).toMatch(message);
  });
});
