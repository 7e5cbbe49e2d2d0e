import { describe, expect, it } from "vitest";
import { lookupSchema } from "../../../../domain/catalog/lookup.ts";
import { readLookupAnswer } from "../../../../domain/portability/lookup-answer.ts";

const base = { id: "l", kind: "http", url: "https://l.example/{number}" };
const one = lookupSchema.parse({ ...base, answer: { mccMnc: "data.network.0.code" } });
const two = lookupSchema.parse({
  ...base,
  answer: { mcc: "mcc", mnc: "mnc" },
  unknown: { statuses: [404], path: "status", values: ["absent", "0"] },
});
const body = (code: unknown) => JSON.stringify({ data: { network: [{ code }] } });
const inOne = (code: unknown, country = "DE") => readLookupAnswer(one, 200, body(code), country);
const inTwo = (answer: object, country = "DE", status = 200) =>
  readLookupAnswer(two, status, JSON.stringify(answer), country);
const network = (mccMnc: string) => ({ kind: "network", mccMnc });
const unusable = (reason: string) => ({ kind: "unusable", reason });

describe("an answer with both codes in one", () => {
  it.each([["26203"], [26203], ["262-03"], ["262 03"], [" 262/03 "]])("reads %j", (code) =>
    expect(inOne(code)).toEqual(network("26203")),
  );

  it.each([[null], [""]])("takes %j for not known", (code) => expect(inOne(code)).toEqual({ kind: "unknown" }));

  it.each([["2620"], ["o2"], [26203.5], [true], [{ mcc: 262 }], [["26203"]], ["2620300"]])("does not take %j", (code) =>
    expect(inOne(code)).toEqual(unusable("answer.mccMnc: no country and network code")),
  );

  it("does not take a network abroad, as one of somebody roaming, nor one that no country has", () => {
    expect(inOne("20801")).toEqual(unusable("a network of another country"));
    expect(inOne("99901")).toEqual(unusable("a network of another country"));
    expect(inOne("10101")).toEqual(unusable("a mobile country code that is not assigned"));
    expect(inOne("310260", "PR")).toEqual(network("310260"));
  });
});

describe("an answer with two codes", () => {
  it.each([
    [{ mcc: "262", mnc: "03" }, "DE", "26203"],
    [{ mcc: 262, mnc: 3 }, "DE", "26203"],
    [{ mcc: "338", mnc: "05" }, "JM", "33805"],
    [{ mcc: "338", mnc: "050" }, "JM", "338050"],
    [{ mcc: 310, mnc: 26 }, "US", "310026"],
    [{ mcc: "262", mnc: "3" }, "DE", "26203"],
  ])("reads %j", (answer, country, code) => expect(inTwo(answer, country)).toEqual(network(code)));

  it("says which field is missing or wrong", () => {
    expect(inTwo({ mcc: "262" })).toEqual(unusable("answer.mnc: not there"));
    expect(inTwo({ mnc: "03" })).toEqual(unusable("answer.mcc: not there"));
    expect(inTwo({ mcc: "26", mnc: "03" })).toEqual(unusable("answer.mcc: no mobile country code"));
    expect(inTwo({ mcc: "262", mnc: "0x3" })).toEqual(unusable("answer.mnc: no mobile network code"));
  });
});

describe("an answer that knows nothing", () => {
  it("is known by its status, by a field, or by empty codes", () => {
    expect(inTwo({}, "DE", 404)).toEqual({ kind: "unknown" });
    expect(inTwo({ status: "absent" })).toEqual({ kind: "unknown" });
    expect(inTwo({ status: 0, mcc: "262", mnc: "03" })).toEqual({ kind: "unknown" });
    expect(inTwo({ mcc: null, mnc: null })).toEqual({ kind: "unknown" });
  });
});

describe("what is no answer", () => {
  it.each([
    [200, "<html>maintenance</html>", "not JSON"],
    [200, "", "not JSON"],
    [200, "null", "answer.mcc: not there"],
    [200, "[]", "answer.mcc: not there"],
    [200, '{"__proto__":{"mcc":"262","mnc":"03"}}', "answer.mcc: not there"],
    [302, '{"mcc":"262","mnc":"03"}', "status 302"],
    [500, '{"mcc":"262","mnc":"03"}', "status 500"],
  ])("status %i, %s", (status, text, reason) =>
    expect(readLookupAnswer(two, status, text, "DE")).toEqual(unusable(reason)),
  );
});
