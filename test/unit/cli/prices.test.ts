import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli } from "../../../services/cli/sluice.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-prices-"));

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function prices(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const host = { env: {}, print: (line: string) => out.push(line), tell: (line: string) => err.push(line) };
  const code = await runCli(["prices", ...args], host);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const HEADER = "Country;MCC;MNC;Network;Price in €;Valid from;Remarks\n";
const old = fileOf(
  "old.csv",
  `${HEADER}Germany;262;01;Telekom;0,05;;\nFrance;;;;0,04;;\nSpain;;;;0,03;;\nPoland;;;;0,01;;\n`,
);
const list = fileOf(
  "new.csv",
  `Our rates\n${HEADER}Germany;262;01;Telekom;0,06;2027-02-01;\nFrance;;;;0,04;2027-02-01;\nItaly;;;;0;2027-02-01;\nPoland;;;;0,01;;\nTotal;;;;0,1;;\n`,
);
const wrong = fileOf("wrong.csv", `${HEADER}Atlantis;;;;0,05;;\n`);

describe("sluice prices", () => {
  it("tells what was understood of a list", async () => {
    const { code, out, err } = await prices(list, "--zone", "Europe/Berlin");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("new.csv: 4 rows, in EUR");
    expect(out).toContain('country "Country", mcc "MCC", mnc "MNC", network "Network", price "Price in €"');
    expect(out).toMatch(/not read +"Remarks"/);
    expect(out).toMatch(/left out +1 total/);
    expect(out).toMatch(/prices of +1 network, 0 prefixes, in 4 countries/);
    expect(out).toMatch(/valid from +2027-02-01 \(2027-01-31T23:00:00\.000Z\): 3 prices/);
    expect(out).toContain('warning: line 5, column "Price in €": is 0');
  });

  it("tells what changed from another list", async () => {
    const { code, out } = await prices(list, "--against", old);
    expect(code).toBe(0);
    expect(out).toContain("old.csv: 1 rose, 0 fell, 1 new, 1 missing, 1 moved, 1 unchanged");
    expect(out).toContain("DE  1 rose, 0 fell, 0 new, 0 missing, 0 moved, 0 unchanged, at most +20 %");
    expect(out).toContain("rose    26201 Telekom  0.05 -> 0.06 from 2027-02-01  +20 %");
    expect(out).toContain("missing ES  0.03 -> -");
    expect(out).not.toContain("PL  0 rose");
  });

  it("tells which prices are owed for what is delivered, and of which that changed", async () => {
    const head = "Country;Price EUR;Charged on\n";
    const before = fileOf("before.csv", `${head}DE;0.05;submit\nFR;0.04;delivery\n`);
    const after = fileOf("after.csv", `${head}DE;0.05;delivery\nFR;0.05;delivery\n`);
    const { code, out, err } = await prices(after, "--against", before);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/charged +0 on submit, 2 on delivery/);
    expect(out).toContain("moved   DE  0.05 -> 0.05 on delivery");
    expect(out).toContain("rose    FR  0.04 on delivery -> 0.05 on delivery  +25 %");
  });

  it("compares a list with what sluice catalog export wrote, which the options for the provider's layout are not of", async () => {
    const head = "Country,MCC MNC,Prefix,Price (EUR),Valid from,Charged on,Network";
    const cents = fileOf("cents.csv", "Carrier;Place;Cent\nAlpha;Germany;5\nBeta;Germany;9\n");
    const options = ["--column", "provider=Carrier", "--column", "country=Place", "--column", "price=Cent"];
    for (const end of ["\n", "\r\n"]) {
      const exported = fileOf("exported.csv", [head, "DE,,,0.05,,,", ""].join(end));
      const args = ["--provider", "Alpha", "--divisor", "100", "--currency", "EUR"];
      expect(await prices(cents, "--against", exported, ...options, ...args)).toMatchObject({
        code: 0,
        err: "",
        out: expect.stringContaining("0 rose, 0 fell, 0 new, 0 missing, 0 moved, 1 unchanged"),
      });
    }
  });

  it("ends with 1 where a list is wrong, cannot be read, or cannot be compared", async () => {
    expect(await prices(wrong)).toMatchObject({
      code: 1,
      out: "",
      err: `${wrong}: line 2, column "Country": "Atlantis" is no country that is known: write its name in English, or its ISO code`,
    });
    expect(await prices(join(folder, "none.csv"))).toMatchObject({ code: 1, err: expect.stringContaining("ENOENT") });
    expect(await prices(list, "--against", wrong)).toMatchObject({
      code: 1,
      err: expect.stringContaining("wrong.csv"),
    });
    const dollars = fileOf("usd.csv", "Country;Price $\nGermany;0,05\n");
    expect(await prices(list, "--against", dollars)).toMatchObject({
      code: 1,
      err: "one list is in USD, the other in EUR: they cannot be compared",
    });
  });

  it("gives the same as JSON", async () => {
    const report = JSON.parse((await prices(list, "--against", old, "--json")).out);
    expect(report).toMatchObject({
      errors: [],
      currency: "EUR",
      networks: 1,
      countries: ["DE", "FR", "IT", "PL"],
      lines: { row: 4, total: 1 },
      dates: [{ day: "2027-02-01", prices: 3 }],
      difference: { counts: { rose: 1, new: 1, missing: 1, moved: 1, unchanged: 1 }, currency: "EUR" },
    });
    const refused = JSON.parse((await prices(wrong, "--json")).out);
    expect(refused).toEqual({ file: wrong, errors: [expect.stringContaining("Atlantis")] });
  });

  it("takes settings where a list does not say them, and refuses others", async () => {
    const bare = fileOf("bare.csv", "Place;A;B;Since\nGermany;0.05;1,234;01/02/2027\n");
    const named = ["--column", "country=Place", "--column", "price=B", "--column", "validFrom=Since"];
    const stated = ["--currency", "EUR", "--decimal", "comma", "--dates", "month-first"];
    const { code, out } = await prices(bare, ...named, ...stated);
    expect(code).toBe(0);
    expect(out).toMatch(/valid from +2027-01-02: 1 price$/m);
    for (const args of [[], [list, old], [list, "--zone", "Berlin"], [list, "--currency", "eur"], [list, "--frob"]])
      expect(await prices(...args)).toMatchObject({ code: 64 });
    for (const pair of [
      ["--column", "prise=X"],
      ["--column", "price="],
      ["--decimal", "dot"],
      ["--dates", "iso"],
    ])
      expect(await prices(list, ...pair)).toMatchObject({ code: 64, err: expect.stringContaining(pair[1]!) });
  });
});
