import fc from "fast-check";
import { expect, test } from "vitest";
import { validateSendRequest } from "../../../../domain/message/validation.ts";
import { countSeptets } from "../../../../domain/text/encoding.ts";
import { inFewerSegments, ucs2Cause } from "../../../../domain/text/fewer-segments.ts";
import { countSegments } from "../../../../domain/text/segments.ts";
import { outsideGsm, transliterate } from "../../../../domain/text/transliterate.ts";
import { timesLonger } from "../../times-longer.ts";

const LONG = "Your order has left our warehouse and will reach you tomorrow between nine and twelve.";

test.each([
  ["‘one’ “two” „three‟ ‹four› «five»", '\'one\' "two" "three" \'four\' "five"'],
  ["a‐b‑c–d—e−f", "a-b-c-d-e-f"],
  ["wait… • now", "wait... * now"],
  ["Saldo: •100, ‣200, ◦300", "Saldo: *100, *200, *300"],
  ["a\u00a0b\u2009c\u3000d\te", "a b c d e"],
  ["one\u2028two", "one\ntwo"],
  ["soft\u00adhyphen\u200b, \ufeffmark", "softhyphen, mark"],
  ["ofﬁce ﬂoor", "office floor"],
  ["ＡＢＣ１２３！", "ABC123!"],
  ["it´s 5′ 3″", "it's 5' 3\""],
  // The letter and its accent, composed, are one that GSM has.
  ["Grüße aus Ko\u0308ln, cafe\u0301", "Grüße aus Köln, café"],
])("%j is sent as %j", (given, plain) => {
  expect(transliterate(given)).toBe(plain);
});

test.each([
  ["a letter that would lose its accent", "¿Está aquí? – naïve"],
  ["another script", "Привет – мир"],
  ["an emoji", "Thanks… 🙂"],
  ["an override of the direction to the left, by which 001 is read as 100", "Saldo: \u202e001\u202c …"],
  ["an override of the direction to the right", "Saldo: \u202d001\u202c …"],
  ["a currency that GSM lacks", "₹ 500 – today"],
  ["nothing but blanks without width", "\u200b\u200b"],
  ["an address that would lead elsewhere", "See https://example.com/a–b – now"],
  ["a short address", "See bit.ly/a–b now"],
  ["an address of mail", "Write to o’brien@example.ie now"],
  ["a grave accent, as passwords have", "Your password: ab`cd"],
  ["an address without a scheme", "See www.example.com/it’s now"],
  ["an address behind a quotation mark", "See “https://example.com/a–b” now"],
  ["a short address behind a slash", "this/bit.ly/a–b now"],
  ["an address that opens an app", "Pay in myapp://pay/O’Brien now"],
  ["an address with a port", "See shop.example:8443/a–b now"],
  ["an address behind a character outside it", "–https://example.com/a’s"],
])("a text stays as it is for %s", (_, text) => {
  expect(transliterate(text)).toBeUndefined();
});

test.each([
  ["and/or… 1.5/2", "and/or... 1.5/2"],
  ["“bit.ly/ab”", '"bit.ly/ab"'],
  ["What’s a.b?", "What's a.b?"],
])("%j holds no address with such a character", (given, plain) => {
  expect(transliterate(given)).toBe(plain);
});

test.each(["@", "a.", "a.b-", "http", "www", "a/", "a:1/", ":", "…"])(
  "takes as long as the text is, also of many %j",
  (one) => {
    expect(timesLonger(transliterate, (length) => `–${one.repeat(length / one.length)}–`, 960)).toBeLessThan(8);
  },
);

test("what closes a quotation behind an address is no part of it", () => {
  expect(transliterate("“https://example.com/a”…")).toBe('"https://example.com/a"...');
});

test("what comes of any text is in the GSM alphabet, stays so, and takes no more segments", () => {
  const texts = fc.string({
    unit: fc.oneof(
      { weight: 300, arbitrary: fc.constantFrom(..."abc XYZ09éüß€[]{}~‘’“”–—…\u00a0\u200b\t•«»") },
      { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
    ),
    minLength: 60,
    maxLength: 400,
  });
  let saved = 0;
  fc.assert(
    fc.property(texts, (text) => {
      const plain = transliterate(text);
      if (plain !== undefined) {
        expect(countSeptets(plain)).toBeGreaterThanOrEqual(0);
        expect(transliterate(plain)).toBe(plain);
      }
      const sent = inFewerSegments(text);
      expect(countSegments(sent.text)).toEqual({ encoding: sent.encoding, segments: sent.segments });
      expect(countSegments(text).segments - sent.segments).toBe(sent.segmentsSaved);
      expect(sent.segmentsSaved > 0 || sent.text === text).toBe(true);
      saved += sent.segmentsSaved;
    }),
    { numRuns: 500 },
  );
  expect(saved, "some texts were made shorter").toBeGreaterThan(0);
});

test("a text is replaced only where that saves a segment", () => {
  expect(inFewerSegments("It’s here")).toEqual({ text: "It’s here", encoding: "ucs2", segments: 1, segmentsSaved: 0 });
  expect(inFewerSegments(`${LONG} It’s here`)).toEqual({
    ...{ text: `${LONG} It's here`, encoding: "gsm7", segments: 1, segmentsSaved: 1 },
  });
});

test("the character that makes a text UCS-2 is named, with its place and what the plain text would take", () => {
  expect(ucs2Cause("Hello")).toBeUndefined();
  expect(outsideGsm("so 🙂 and ’ and 🙂")).toEqual({ character: "🙂", codePoint: "U+1F642", index: 3, others: 1 });
  expect(ucs2Cause(`${LONG} It’s`)).toEqual({
    ...{ character: "’", codePoint: "U+2019", index: LONG.length + 3, others: 0, segmentsTransliterated: 1 },
  });
  expect(ucs2Cause("It’s")).not.toHaveProperty("segmentsTransliterated");
});

test("a request is sent in plain characters only where it says so", () => {
  const of = (more: object) => validateSendRequest({ to: "+491713920012", text: `${LONG} It’s here`, ...more });
  const given = `${LONG} It’s here`;
  expect(of({})).toMatchObject({ ok: true, request: { text: given, encoding: "ucs2", segments: 2, segmentsSaved: 0 } });
  expect(of({ transliterate: true })).toMatchObject({
    ok: true,
    request: { text: `${LONG} It's here`, encoding: "gsm7", segments: 1, segmentsSaved: 1, given: { text: given } },
  });
  expect(of({ transliterate: null })).toMatchObject({ ok: true, request: { segmentsSaved: 0 } });
  expect(of({ transliterate: "yes" })).toEqual({
    ok: false,
    problems: [{ field: "transliterate", code: "type-wrong", message: "true or false" }],
  });
});

test("a text with too many parts in UCS-2 is taken where its plain text has few enough", () => {
  const text = `${"x".repeat(700)}…`;
  expect(validateSendRequest({ to: "+491713920012", text })).toMatchObject({ ok: false });
  expect(validateSendRequest({ to: "+491713920012", text, transliterate: true })).toMatchObject({ ok: true });
});
