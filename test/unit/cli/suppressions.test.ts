import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runCli } from "../../../services/cli/sluice.ts";
import { readSuppressionArguments } from "../../../services/cli/suppressions/arguments.ts";
import { suppressionsCommand } from "../../../services/cli/suppressions/suppressions-command.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-suppressions-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]) {
  const told: string[] = [];
  const printed: string[] = [];
  const host = {
    env: {},
    print: (line: string) => void printed.push(line),
    tell: (line: string) => void told.push(line),
  };
  return { code: await runCli(["suppressions", ...args], host), told: told.join("\n"), printed: printed.join("\n") };
}

const file = (content: string) => {
  const path = join(folder, "list.csv");
  writeFileSync(path, content);
  return path;
};

it("reads what it is to do", () => {
  expect(
    readSuppressionArguments(["import", "f.csv", "--account", "acme", "--opted-in", "--at", "2026-01-31"]),
  ).toEqual({
    action: "import",
    file: "f.csv",
    account: "acme",
    state: "opted_in",
    at: Date.UTC(2026, 0, 31),
    validOnly: false,
    liftRecipients: false,
    dryRun: false,
  });
  expect(readSuppressionArguments(["import", "f.csv", "--all-accounts"])).toMatchObject({ account: "*" });
  expect(readSuppressionArguments(["show", "+49 170 1234567"])).toMatchObject({ number: "491701234567" });
  expect(readSuppressionArguments(["export", "--everything"])).toEqual({
    action: "export",
    account: undefined,
    everything: true,
  });
});

it.each([
  [[], "import, export or show?"],
  [["forget"], "no action forget"],
  [["import"], "import needs one file"],
  [["import", "a", "b"], "import needs one file"],
  [["import", "a", "--account", "A B"], "--account A B"],
  [["import", "a", "--account", "a", "--all-accounts"], "not both"],
  [["import", "a", "--at", "soon"], "--at soon"],
  [["import", "a", "--at", "2026-02-30"], "--at 2026-02-30: there is no day 2026-02-30"],
  [["show", "12"], "12:"],
  [["show"], "show needs one number"],
  [["export", "x"], "x"],
])("%j is told what is wrong, and what there is", async (args, message) => {
  const { code, told } = await run(...args);
  expect(code).toBe(64);
  expect(told).toContain(message);
  expect(told).toContain("usage: sluice suppressions");
});

it("writes nothing where a line is wrong, and names it", async () => {
  const { code, told } = await run("import", file("number\n+491701234567\n123\n"), "--account", "acme");
  expect(code).toBe(1);
  expect(told).toMatch(/list\.csv, line 3: number: /);
  expect(told).toContain("1 lines can be read, 1 cannot");
  expect(told).toContain("nothing was written");
});

it("asks whose they are where nobody says", async () => {
  const { code, told } = await run("import", file("number\n+491701234567\n"));
  expect([code, told]).toEqual([1, expect.stringContaining("line 2: account: ")]);
});

it("with --dry-run only reads, and with --valid-only leaves out what is wrong", async () => {
  const path = file("number\n+491701234567\n123\n");
  expect((await run("import", path, "--account", "acme", "--dry-run")).code).toBe(1);
  expect((await run("import", path, "--account", "acme", "--dry-run", "--valid-only")).code).toBe(0);
});

it("with --dry-run says how many would be opted out and in, of when, and which columns are not read", async () => {
  const lines = [
    "+491701234567,yes,2025-01-31,2020-01-01",
    "+491701234568,no,,2020-01-01",
    "+491701234569,1,2026-01-31,",
  ];
  const path = file(["phone,unsubscribed,unsubscribed_at,created_at", ...lines].join("\n"));
  const { code, told } = await run("import", path, "--account", "acme", "--at", "2026-02-01", "--dry-run");
  expect([code, told.split("\n")]).toEqual([
    0,
    [
      "3 lines can be read, 0 cannot",
      'not read: "created_at"',
      "2 opted out, 1 opted in, oldest 2025-01-31T00:00:00.000Z, newest 2026-02-01T00:00:00.000Z",
    ],
  ]);
});

it("reads UTF-8 and UTF-16, as its help says, and no Latin-1", async () => {
  const path = join(folder, "coded.csv");
  const codeOf = async (octets: Buffer) => {
    writeFileSync(path, octets);
    return (await run("import", path, "--account", "acme", "--dry-run")).code;
  };
  const text = "numéro\n+491701234567\n";
  expect(await codeOf(Buffer.from(text, "utf8"))).toBe(0);
  expect(await codeOf(Buffer.from(`\ufeff${text}`, "utf16le"))).toBe(0);
  expect(await codeOf(Buffer.from(text, "latin1"))).toBe(1);
  expect(suppressionsCommand.help).toContain("UTF-8 (or UTF-16 with its byte order mark)");
  expect(suppressionsCommand.help).not.toContain("Latin-1");
});

it("refuses what is no text, and what is not there", async () => {
  const path = join(folder, "list.xlsx");
  writeFileSync(path, Buffer.from([0x50, 0x4b, 3, 4, 0, 0]));
  expect(await run("import", path, "--account", "acme")).toMatchObject({
    code: 1,
    told: expect.stringContaining("workbook"),
  });
  expect(await run("import", join(folder, "none.csv"), "--account", "acme")).toMatchObject({ code: 64 });
});
