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
      { line: 1, destination: TO, state: "opted_out", at: NOW - 1_000, source: "import", account: undefined },
      { line: 2, destination: OTHER, state: "opted_out", at: NOW - 1_000, source: "import", account: undefined },
    ]);
  });

  it.each([",", ";", "\t", "|"])("has its columns by their names, in any order and case, with %j between them", (d) => {
    const header = ["Status", "name", "Phone_Number", "Account", "Opted-Out At"].join(d);
    const rows = [
      ["unsubscribed", '"A, B"', `+${TO}`, "acme", "2026-01-31"].join(d),
      ["stop", "C", `+${OTHER}`, "acme", "2026-01-31T12:00:00+02:00"].join(d),
    ];
    expect(read([header, ...rows].join("\r\n")).words).toEqual([
      { line: 2, destination: TO, state: "opted_out", at: Date.UTC(2026, 0, 31), source: "import", account: "acme" },
      {
        line: 3,
        destination: OTHER,
        state: "opted_out",
        at: Date.UTC(2026, 0, 31, 10),
        source: "import",
        account: "acme",
      },
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

  it("says nothing later than now, where its clock is a little ahead: a STOP that comes then is the later word", () => {
    const ahead = new Date(NOW + 50_000).toISOString();
    expect(read(`number,state,at\n+${TO},opted_in,${ahead}`).words).toMatchObject([{ state: "opted_in", at: NOW }]);
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
        `+${TO},opted_out,`,
        "12345,opted_out,",
        "0170 1234567,opted_out,",
        `+${TO},maybe,`,
        `+${TO},opted_out,31.01.2026`,
        `+${TO},opted_out,2026-02-30 12:00`,
        `+${TO},opted_out,2999-01-01`,
        ",,",
        "x,opted_out,",
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

  it.each([
    ["phone,status,unsubscribed", "state", "status", "unsubscribed"],
    ["phone,opted_out,subscribed", "state", "opted_out", "subscribed"],
    ["phone,mobile", "number", "phone", "mobile"],
    ["phone,unsubscribed_at,opted-out at", "at", "unsubscribed_at", "opted-out at"],
    ["phone,date,time", "at", "date", "time"],
    ["phone;account;account_id", "account", "account", "account_id"],
  ])("is refused as a whole where two columns say the same: %s", (header, column, one, other) => {
    expect(read(`${header}\n+${TO},active,true`)).toMatchObject({
      words: [],
      problems: [{ line: 1, message: expect.stringContaining(`${column}: the columns "${one}" and "${other}" both`) }],
    });
  });

  it("is dated by its opt-outs, and never by when a contact was made", () => {
    const days = "2020-01-01,2026-01-31";
    const of = (header: string) => read(`${header}\n+${TO},${days}`);
    expect(of("phone,created_at,unsubscribed_at").words).toMatchObject([{ at: Date.UTC(2026, 0, 31) }]);
    expect(of("phone,date,unsubscribed_at").words).toMatchObject([{ at: Date.UTC(2026, 0, 31) }]);
    expect(of("phone,created_at,updated_at")).toMatchObject({
      words: [{ at: OPTIONS.at, state: "opted_out" }],
      unread: ["created_at", "updated_at"],
    });
  });

  it("has the numbers in a column of that name, where another may be one of people", () => {
    expect(read(`contact,phone\nAnna,+${TO}`).words).toMatchObject([{ destination: TO }]);
    expect(read(`contact\n+${TO}`).words).toMatchObject([{ destination: TO }]);
  });

  it.each([
    ["phone,status", "active", "yes and no need a column"],
    ["phone,status", "true", "yes and no need a column"],
    ["phone,unsubscribed", "active", 'state: "active" is neither'],
    ["phone,unsubscribed", "", "state: the cell is empty"],
    ["phone,consent", "", "state: the cell is empty"],
    ["phone,status", "", "state: the cell is empty"],
    ["phone,status,unsubscribed_at", ",", "state: the cell is empty"],
    ["phone,unsubscribed,unsubscribed_at", ",2026-01-31", "state: the cell is empty"],
    ["phone,unsubscribed_at", "", "says of no opt-out"],
    ["phone,subscribed,unsubscribed_at", "yes,2026-01-31", "the line is an opt-in"],
  ])("under %s %j is a problem", (header, cells, message) => {
    expect(read(`${header}\n+${TO},${cells}`)).toMatchObject({
      words: [],
      problems: [{ line: 2, message: expect.stringContaining(message) }],
    });
  });

  it.each([
    ["subscribed", "active", "opted_in"],
    ["consent", "active", "opted_in"],
    ["opted in", "no", "opted_out"],
    ["unsubscribed", "1", "opted_out"],
    ["status", "opt-out", "opted_out"],
  ])("under %s %j is %s", (header, cell, state) => {
    expect(read(`phone,${header}\n+${TO},${cell}`).words).toMatchObject([{ state }]);
  });

  it("is an opt-out by its date where the cell of its state is empty", () => {
    expect(read(`phone,status,unsubscribed_at\n+${TO},,2026-01-31`).words).toMatchObject([
      { state: "opted_out", at: Date.UTC(2026, 0, 31) },
    ]);
  });

  it("says of an opt-out where its date is missing and its state is not", () => {
    expect(read(`phone,unsubscribed,unsubscribed_at\n+${TO},yes,`).words).toMatchObject([
      { state: "opted_out", at: OPTIONS.at },
    ]);
  });

  it.each([",", ";"])("may begin with sep=%s as spreadsheets want it", (d) => {
    expect(read(`sep=${d}\r\nphone${d}state\r\n+${TO}${d}stop\r\n12${d}stop`)).toMatchObject({
      words: [{ line: 3, destination: TO, state: "opted_out" }],
      problems: [{ line: 4 }],
    });
    expect(read(`sep=${d}\n+${TO}${d}Anna`).words).toMatchObject([{ destination: TO }]);
  });

  it.each(["4.91714E+11", "4,91714e11", "+5E+11"])("is told that a spreadsheet has lost the digits of %s", (cell) => {
    for (const text of [`phone;name\n${cell};x`, `sep=;\n${cell}`])
      expect(read(text).problems).toMatchObject([{ line: 2, message: expect.stringContaining("lost its digits") }]);
  });

  it("keeps that a recipient has said it, as our export tells", () => {
    const { words } = read(
      `account,number,state,source,at\nacme,+${TO},opted_out,keyword,\nacme,+${OTHER},opted_out,api,`,
    );
    expect(words.map(({ source }) => source)).toEqual(["keyword", "import"]);
    const other = read(`number,state,source\n+${TO},opted_in,keyword`);
    expect([other.words[0]?.source, other.unread]).toEqual(["import", ["source"]]);
  });

  it("names the columns that are not read, also where none has a heading", () => {
    expect(read(`phone,name,state,Tag\n+${TO},A,stop,x`).unread).toEqual(["name", "Tag"]);
    expect(read(`+${TO},active,2020-01-01`).unread).toEqual(["column 2", "column 3"]);
    expect(read(`+${TO}`).unread).toEqual([]);
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
