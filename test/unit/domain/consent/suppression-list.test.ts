import { describe, expect, it } from "vitest";
import { type ListOptions, readSuppressionList } from "../../../../domain/consent/suppression-list.ts";

const NOW = Date.UTC(2026, 5, 1);
const OPTIONS: ListOptions = { at: NOW - 1_000, now: NOW, state: "opted_out" };
const read = (text: string, more: Partial<ListOptions> = {}) => readSuppressionList(text, { ...OPTIONS, ...more });
const TO = "491701234567";
const OTHER = "491701234568";

describe("a file of suppressions", () => {
  it("may be numbers alone, without a header", () => {
    const { words, problems } = read(`+49 170 1234567\n${OTHER}\n`);
    expect(problems).toEqual([]);
    expect(words).toEqual([
      { line: 1, destination: TO, state: "opted_out", at: NOW - 1_000, account: undefined },
      { line: 2, destination: OTHER, state: "opted_out", at: NOW - 1_000, account: undefined },
    ]);
  });

  it.each([",", ";", "\t", "|"])("has its columns by their names, in any order and case, with %j between them", (d) => {
    const header = ["Status", "name", "Phone_Number", "Account", "Opted-Out At"].join(d);
    const rows = [
      ["unsubscribed", '"A, B"', `+${TO}`, "acme", "2026-01-31"].join(d),
      ["active", "C", `+${OTHER}`, "acme", "2026-01-31T12:00:00+02:00"].join(d),
    ];
    expect(read([header, ...rows].join("\r\n")).words).toEqual([
      { line: 2, destination: TO, state: "opted_out", at: Date.UTC(2026, 0, 31), account: "acme" },
      { line: 3, destination: OTHER, state: "opted_in", at: Date.UTC(2026, 0, 31, 10), account: "acme" },
    ]);
  });

  it("takes no account that no record can name", () => {
    const { words, problems } = read(`number,account\n+${TO},Acme Shop\n+${TO},*\n+${OTHER},acme`);
    expect(problems).toEqual([{ line: 2, message: 'account: "Acme Shop" is no account id, nor * for all accounts' }]);
    expect(words.map(({ account }) => account)).toEqual(["*", "acme"]);
  });

  it("reads times without a zone as UTC", () => {
    const { words } = read(`number,at\n+${TO},2026-01-31 12:00:00\n+${OTHER},2026-01-31 12:00 UTC`);
    expect(words.map(({ at }) => at)).toEqual([Date.UTC(2026, 0, 31, 12), Date.UTC(2026, 0, 31, 12)]);
  });

  it("under the heading consent says the opposite: no is a stop", () => {
    const { words } = read(`phone,consent\n+${TO},no\n+${OTHER},yes\n`);
    expect(words.map(({ state }) => state)).toEqual(["opted_out", "opted_in"]);
    expect(read(`phone,unsubscribed\n+${TO},no\n+${OTHER},yes\n`).words.map(({ state }) => state)).toEqual([
      "opted_in",
      "opted_out",
    ]);
  });

  it("takes from the caller what it does not say", () => {
    expect(read(`${TO}`, { state: "opted_in", at: 5 }).words).toMatchObject([{ state: "opted_in", at: 5 }]);
  });

  it("is told by lines of what is wrong, and the rest is read", () => {
    const { words, problems } = read(
      [
        "number,state,at",
        `+${TO},,`,
        "12345,,",
        "0170 1234567,,",
        `+${TO},maybe,`,
        `+${TO},,31.01.2026`,
        `+${TO},,2026-02-30 12:00`,
        `+${TO},,2999-01-01`,
        ",,",
        "x,,",
      ].join("\n"),
    );
    expect(words).toHaveLength(1);
    expect(problems[4]!.message).toBe('time: "2026-02-30 12:00": there is no day 2026-02-30');
    expect(problems.map(({ line, message }) => `${line} ${message.split(":")[0]}`)).toEqual([
      "3 number",
      "4 number",
      "5 state",
      "6 time",
      "7 time",
      "8 time",
      "10 number",
    ]);
  });

  it("names fifty problems, and how many there are beyond", () => {
    const { problems, moreProblems } = read(`number\n${"x\n".repeat(80)}`);
    expect([problems.length, moreProblems]).toEqual([50, 30]);
  });

  it.each([
    ["", "holds nothing"],
    ["name,street\nA,B\n", "no column is named"],
    ['number\n"+491701234567\n', "never closed"],
  ])("%j is refused as a whole", (text, message) => {
    const { words, problems } = read(text);
    expect(words).toEqual([]);
    expect(problems[0]!.message).toContain(message);
  });
});
