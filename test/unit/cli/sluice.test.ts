import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readAuditArguments } from "../../../services/cli/audit-command.ts";
import { leftProviders } from "../../../services/cli/catalog/catalog-command.ts";
import { UsageError } from "../../../services/cli/command.ts";
import { runCli } from "../../../services/cli/sluice.ts";

async function cli(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(args, { env: {}, print: (line) => out.push(line), tell: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("sluice", () => {
  it("is executable as it stands in the tree: npx would make it so, and leave a changed file behind", () => {
    const project = resolve(import.meta.dirname, "../../..");
    const { bin } = JSON.parse(readFileSync(resolve(project, "package.json"), "utf8")) as {
      bin: Record<string, string>;
    };
    for (const file of Object.values(bin)) expect(statSync(resolve(project, file)).mode & 0o111).toBe(0o111);
  });

  it("names in the catalog's status who was removed, is drained or out of use", () => {
    const providers = [{ id: "a" }, { id: "b", use: "drain" }, { id: "c", use: "none" }, { id: "d", use: "normal" }];
    expect(leftProviders({ providers, retired: [{ id: "e" }] }).map(({ id, said }) => `${id} ${said}`)).toEqual([
      "b is drained; messages that still wait for it",
      "c is out of use; messages that still go to others",
      "e was removed; messages that still go to others",
    ]);
    expect(leftProviders({})).toEqual([]);
  });

  it("lists its commands, and explains each", async () => {
    for (const asked of [[], ["--help"], ["help"]]) expect(await cli(...asked)).toMatchObject({ code: 0 });
    expect((await cli()).out).toContain("audit");
    expect(await cli("audit", "--help")).toMatchObject({ code: 0, out: expect.stringContaining("--since") });
  });

  it("refuses what it does not know", async () => {
    expect(await cli("frobnicate")).toMatchObject({ code: 64, err: expect.stringContaining("no command frobnicate") });
    expect(await cli("toString")).toMatchObject({ code: 64 });
    expect((await cli("export")).err).toMatch(/^no command export; sluice catalog export is one\n/);
    expect(await cli("audit", "--sinse", "x")).toMatchObject({ code: 64, err: expect.stringContaining("--sinse") });
  });
});

describe("what others have written", () => {
  it("is shown on the terminal instead of carried out", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-cli-"));
    const list = join(folder, "list.csv");
    writeFileSync(list, '"Country\nname",Price EUR\n\u001b[2JAtlantis\u202e,0.05\n');
    const command = resolve(import.meta.dirname, "../../../services/cli/sluice.ts");
    const { status, stderr } = spawnSync(process.execPath, [command, "prices", list], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    expect(status).toBe(1);
    expect(stderr).toContain('line 3, column "Country name": "\\u{1b}[2JAtlantis\\u{202e}" is no country');
  });

  it("is one line where it goes into the history", async () => {
    for (const note of ["a\nversion 99", "\u001b[31m", "x".repeat(501)])
      expect(await cli("apply", "/nowhere", "--note", note)).toMatchObject({
        code: 64,
        err: expect.stringContaining("--note: one line of at most 500 characters"),
      });
  });
});

it("ends when Kafka takes connections and answers nothing, and has said what can be said", async () => {
  const silent = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
  const { port } = silent.address() as AddressInfo;
  const project = resolve(import.meta.dirname, "../../..");
  const address = { SLUICE_KAFKA_BROKERS: `127.0.0.1:${port}`, SLUICE_REGISTRY_URL: `http://127.0.0.1:${port}` };
  const args = ["services/cli/sluice.ts", "explain", "--to", "+491713920012"];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: project,
    env: { ...process.env, ...address },
    timeout: 25_000,
  }).finally(() => silent.close());
  expect(stdout).toContain("Kafka and the schema registry did not answer within 3 s");
}, 30_000);

describe("sluice audit", () => {
  it("reads its arguments", () => {
    const args = [
      "--since",
      "2026-01-31T12:00:00Z",
      "--label",
      "run=a=b",
      "--label",
      "x=1",
      "--wait",
      "1.5m",
      "--max-messages",
      "1000",
      "--json",
    ];
    expect(readAuditArguments([...args, "--ledger", "http://127.0.0.1:1/"])).toEqual({
      clickhouse: false,
      since: Date.UTC(2026, 0, 31, 12),
      until: undefined,
      labels: { run: "a=b", x: "1" },
      ledgers: ["http://127.0.0.1:1"],
      waitMs: 90_000,
      maxMessages: 1_000,
      json: true,
    });
    expect(readAuditArguments([])).toEqual({
      clickhouse: false,
      since: undefined,
      until: undefined,
      ledgers: [],
      waitMs: 0,
      maxMessages: 5_000_000,
      json: false,
    });
  });

  it("takes a time by either name, and only what concerns the comparison", () => {
    const bounds = ["--from", "2026-01-31", "--to", "2026-02-01"];
    expect(readAuditArguments(["--clickhouse", ...bounds])).toMatchObject({
      ...{ clickhouse: true, since: Date.UTC(2026, 0, 31), until: Date.UTC(2026, 1, 1) },
    });
    expect(() => readAuditArguments([...bounds, "--since", "2026-01-30"])).toThrow("--since and --from");
    expect(() => readAuditArguments(["--clickhouse", "--wait", "5s"])).toThrow("--wait has no meaning");
  });

  it.each([
    ["--since", "yesterday"],
    ["--wait", "60"],
    ["--max-messages", "0"],
    ["--label", "run"],
    ["--label", "=x"],
    ["--ledger", "12785"],
  ])("names a wrong %s %s", (name, value) => {
    expect(() => readAuditArguments([name, value])).toThrow(UsageError);
    expect(() => readAuditArguments([name, value])).toThrow(value);
  });
});
