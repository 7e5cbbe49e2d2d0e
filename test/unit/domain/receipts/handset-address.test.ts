import { describe, expect, it } from "vitest";
import { e164Of, placeReceipt, type SubmittedNumbers, senderOf } from "../../../../domain/receipts/handset-address.ts";
import { RecentSubmissions } from "../../../../services/sender/recent-submissions.ts";

const HANDSET = "491700000012";
const at = (ton: number, text: string) => ({ ton, text });
function given(...numbers: string[]): RecentSubmissions {
  const known = new RecentSubmissions(100);
  for (const number of numbers) known.submitting(number);
  return known;
}

describe("e164Of", () => {
  it.each([
    [1, HANDSET],
    [0, HANDSET],
    [2, HANDSET],
    [1, `+${HANDSET}`],
    [0, `00${HANDSET}`],
    [5, HANDSET],
    [1, "49 170 0000012"],
  ])("reads a full number under TON %i: %s", (ton, text) => {
    expect(e164Of(at(ton, text), {})).toBe(HANDSET);
  });

  it.each([
    [2, "01700000012"],
    [0, "01700000012"],
    [2, "1700000012"],
    [1, "01700000012"],
    [5, "01700000012"],
  ])("reads a national number under TON %i by the provider's country, or by what it was given: %s", (ton, text) => {
    expect(e164Of(at(ton, text), {})).toBeUndefined();
    expect(e164Of(at(ton, text), { country: "DE" })).toBe(HANDSET);
    expect(e164Of(at(ton, text), { known: given("491711234567", HANDSET) })).toBe(HANDSET);
  });

  it("takes an American number for no Egyptian one when that was never given", () => {
    expect(e164Of(at(2, "2015550123"), { country: "US" })).toBe("12015550123");
    expect(e164Of(at(0, "2015550123"), { known: given("12015550123") })).toBe("12015550123");
  });

  it("is sure or says nothing", () => {
    expect(e164Of(at(2, "01700000012"), { known: given(HANDSET, "3901700000012") })).toBeUndefined();
    for (const [ton, text] of [
      [5, "ACME"],
      [5, "1&1"],
      [3, "68849"],
      [0, "68849"],
      [1, ""],
      [1, "+49171"],
      [5, "555-12345678"],
    ] as const)
      expect([text, e164Of(at(ton, text), { country: "DE" })]).toEqual([text, undefined]);
  });
});

describe("senderOf", () => {
  const known = given("491711836524", HANDSET, "224622246824");
  it.each([
    [6, "836524"],
    [0, "836524"],
    [1, "836524"],
    [4, "836524"],
    [5, "836524"],
    [0, "723456"],
    [1, "2246824"],
    [6, "2246824"],
    [0, "70000012"],
    [6, "0836524"],
    [3, "836524"],
    [0, "8365-24"],
    [1, "+836524"],
    [0, "00836524"],
    // Numbers, were a 0 left out or a 3 put in.
    [0, "43018240"],
    [1, "67208432"],
  ])("a short code is nobody's number: TON %i, %s", (ton, text) => {
    for (const terms of [{}, { known }, { country: "DE" }, { known, country: "DE" }])
      expect(senderOf(at(ton, text), terms)).toBeUndefined();
  });

  it.each([
    [2, "01700000012", HANDSET],
    [0, "01700000012", HANDSET],
    [6, "01700000012", HANDSET],
    [0, "1700000012", HANDSET],
    [2, "836524", "491711836524"],
    [0, "0836524", "491711836524"],
    [1, HANDSET, HANDSET],
    [6, `+${HANDSET}`, HANDSET],
    [0, "491609999999", "491609999999"],
  ])("a number that is marked as national, or is longer, is read as in receipts: TON %i, %s", (ton, text, number) => {
    expect(senderOf(at(ton, text), { known })).toBe(number);
    expect(e164Of(at(ton, text), { known })).toBe(number);
  });

  it("eight digits under TON 2 are the country's", () => {
    expect(senderOf(at(2, "61234567"), { country: "NO" })).toBe("4761234567");
    expect(senderOf(at(0, "61234567"), { country: "NO" })).toBeUndefined();
  });

  it("short international numbers stay what they are", () => {
    for (const ton of [0, 1])
      expect(senderOf(at(ton, "6834000"), { country: "DE" })).toBe(e164Of(at(1, "6834000"), {}));
  });

  it("receipts keep their rule: what is short there is no code, since something was sent to it", () => {
    expect(e164Of(at(0, "836524"), { known })).toBe("491711836524");
    expect(placeReceipt("1", at(0, "836524"), at(5, "ACME"), { known })).toEqual({ ok: true, to: "491711836524" });
  });
});

describe("placeReceipt", () => {
  const place = (
    source: [number, string],
    destination: [number, string],
    known?: SubmittedNumbers,
    id = "1",
    usual?: "destination",
  ) => placeReceipt(id, at(...source), at(...destination), known === undefined ? {} : { known }, usual);

  it.each([
    ["the source", [1, HANDSET], [5, "ACME"]],
    ["the source, though the sender is a short code", [1, HANDSET], [3, "68849"]],
    ["the destination, when the addresses stand as submitted", [5, "ACME"], [1, HANDSET]],
    ["the destination, when the source is a short code", [3, "68849"], [1, HANDSET]],
    ["the destination, when there is no source", [0, ""], [1, HANDSET]],
  ] as const)("%s", (_what, source, destination) => {
    expect(place([...source], [...destination])).toMatchObject({ ok: true, to: HANDSET });
  });

  it("a source that may be a handset's in national form is no reason to take the sender's number", () => {
    expect(place([2, "01711234567"], [1, HANDSET])).toEqual({ ok: false, digits: "01711234567" });
    expect(place([2, "01711234567"], [1, HANDSET], given(HANDSET))).toMatchObject({ to: HANDSET });
  });

  it("of two numbers that one which was submitted, and then the one that earlier receipts have shown", () => {
    const other = "491711234567";
    expect(place([1, other], [1, HANDSET])).toMatchObject({ to: other });
    expect(place([1, other], [1, HANDSET], given(HANDSET))).toMatchObject({ to: HANDSET });
    expect(place([1, other], [1, HANDSET], undefined, "1", "destination")).toMatchObject({ to: HANDSET });
    const known = given(HANDSET);
    known.submitted(HANDSET, "77");
    expect(place([1, other], [1, HANDSET], known, "77")).toEqual({ ok: true, to: HANDSET, handset: "destination" });
  });

  it("an id places a receipt that names no number, and never one that contradicts it", () => {
    const known = given(HANDSET);
    known.submitted(HANDSET, "0aF");
    expect(place([5, "ACME"], [5, "ACME"], known, "AF")).toEqual({ ok: true, to: HANDSET });
    // The same id in decimal, as a centre with two notations writes it.
    expect(place([5, "ACME"], [0, ""], known, "175")).toEqual({ ok: true, to: HANDSET });
    expect(place([1, "491711234567"], [5, "ACME"], known, "AF")).toEqual({ ok: true, to: "491711234567" });
    expect(place([2, "01719999999"], [5, "ACME"], known, "AF")).toEqual({ ok: false, digits: "01719999999" });
    expect(place([5, "ACME"], [5, "ACME"], known, "B0")).toEqual({ ok: false, digits: "" });
  });
});

describe("numbers that a country has written otherwise, or writes in two ways", () => {
  it.each([
    [1, "5215500000012", "525500000012"],
    [0, "5215500000012", "525500000012"],
    [1, "551161234567", "5511961234567"],
    [1, "22997123456", "2290197123456"],
    [1, "22507123456", "2250707123456"],
  ])("receipts and messages of handsets under TON %i from %s are those of %s", (ton, text, number) => {
    const source = at(ton, text);
    for (const known of [given(), given(number)]) {
      expect(e164Of(source, { known })).toBe(number);
      expect(placeReceipt("1", source, at(5, "ACME"), { known })).toEqual({ ok: true, to: number });
    }
  });

  it.each([
    ["5491123456789", "541123456789"],
    ["541123456789", "5491123456789"],
    ["38344123456", "37744123456"],
  ])("what was sent to %s is found under %s too, and is nowhere while neither is known", (sent, answers) => {
    const source = at(1, answers);
    expect(e164Of(source, { known: given(sent) })).toBe(sent);
    expect(placeReceipt("1", source, at(5, "ACME"), { known: given(sent) })).toEqual({ ok: true, to: sent });
    // The index of submissions knows it by its id.
    expect(placeReceipt("1", source, at(5, "ACME"), {})).toEqual({ ok: false, digits: answers });
    const byId = given();
    byId.submitted(sent, "1");
    expect(placeReceipt("1", source, at(5, "ACME"), { known: byId })).toEqual({ ok: true, to: sent });
  });
});

describe("RecentSubmissions", () => {
  it("remembers the last ones, and finds a number by its end only while it is the one", () => {
    const known = new RecentSubmissions(2);
    known.submitting("491700000012");
    known.submitted("491700000012", "1");
    known.submitting("431700000012");
    expect(known.endingIn("1700000012")).toBeUndefined();
    known.submitting("431600000099");
    known.submitted("431600000099", "2");
    known.submitted("431600000099", "3");
    expect([known.has("491700000012"), known.numberOf("1"), known.numberOf("3")]).toEqual([
      false,
      undefined,
      "431600000099",
    ]);
    expect(known.endingIn("1700000012")).toBe("431700000012");
    expect(known.endingIn("12")).toBeUndefined();
  });
});
