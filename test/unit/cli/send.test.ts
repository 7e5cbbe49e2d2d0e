import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CsvReader } from "../../../domain/prices/csv.ts";
import { readCsvBegin } from "../../../domain/upload/csv-begin.ts";
import { filePart, readPart } from "../../../services/cli/send/file-part.ts";
import { runCli } from "../../../services/cli/sluice.ts";
import { type Harness, KEY, startIngest } from "../ingest/ingest-harness.ts";

let ingest: Harness;
let folder: string;
let file: string;
beforeAll(async () => {
  ingest = await startIngest();
  folder = mkdtempSync(join(tmpdir(), "sluice-send-"));
});
afterAll(async () => {
  await ingest.close();
  rmSync(folder, { recursive: true });
});
let next = 0;
const proxies: { close(): void }[] = [];
afterEach(() => {
  for (const one of proxies.splice(0)) one.close();
});

const bars: string[] = [];
async function cli(args: readonly string[], env: Record<string, string> = {}, onTerminal = false) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(["send", ...args], {
    env: { SLUICE_API_URL: `http://127.0.0.1:${ingest.server.port}`, SLUICE_API_KEY: KEY, ...env },
    print: (line) => out.push(line),
    tell: (line) => err.push(line),
    ...(onTerminal ? { progress: (line: string) => void bars.push(line) } : {}),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const write = (content: string, ending = "csv") => {
  file = join(folder, `file-${next++}.${ending}`);
  writeFileSync(file, content);
  return file;
};
const rows = (count: number) =>
  Array.from({ length: count }, (_, i) => `+4917012${String(i).padStart(5, "0")},"Hello\n${i}"\n`).join("");
// biome-ignore lint/suspicious/noExplicitAny: lines of every shape
const resultsOf = (path: string): any[] =>
  readFileSync(`${path}.results.ndjson`, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

/** A way to ingest that breaks off each connection after so many octets of the answer; the last number holds for all that follow. */
async function brittle(...octets: number[]): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const most = octets.length > 1 ? octets.shift()! : octets[0]!;
    const upstream = connect(ingest.server.port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    let seen = 0;
    client.pipe(upstream);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.end());
    upstream.on("data", (data: Buffer) => {
      client.write(data.subarray(0, Math.max(0, most - seen)));
      seen += data.length;
      if (seen < most) return;
      client.end(() => client.destroy());
      upstream.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxies.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("sluice send, one message", () => {
  it("prints what came of it, and says by its exit code whether it was taken", async () => {
    const sent = await cli([
      "--to",
      "+491701234567",
      "--text",
      "a",
      "--lane",
      "otp",
      "--metadata",
      "campaign=x",
      "--validity",
      "60",
    ]);
    expect(sent.code, sent.err).toBe(0);
    expect(JSON.parse(sent.out)).toMatchObject({ status: "accepted", to: "+491701234567", lane: "otp" });
    expect(ingest.decode(ingest.writer.records.at(-1)!)).toMatchObject({
      validitySeconds: 60,
      metadata: { campaign: "x" },
    });
    expect(await cli(["--to", "12", "--text", "a"])).toMatchObject({ code: 1, err: expect.stringContaining("to: ") });
    expect(await cli(["--to", "+491701234567", "--text", "a"], { SLUICE_API_KEY: "no" })).toMatchObject({
      code: 2,
      err: expect.stringContaining("401 UNAUTHORIZED"),
    });
    const away = { SLUICE_API_URL: "http://127.0.0.1:9" };
    const lost = await cli(["--to", "+491701234567", "--text", "a", "--tries", "1", "--key", "k7"], away);
    expect(lost).toMatchObject({ code: 3, err: expect.stringContaining("--key k7") });
  });

  it("takes its key from the environment or a file alone", async () => {
    const path = join(folder, "key");
    writeFileSync(path, `${KEY}\n`);
    const args = ["--to", "+491701234567", "--text", "a"];
    expect((await cli(args, { SLUICE_API_KEY: "", SLUICE_API_KEY_FILE: path })).code).toBe(0);
    expect(await cli(args, { SLUICE_API_KEY: "" })).toMatchObject({
      code: 64,
      err: expect.stringContaining("SLUICE_API_KEY_FILE"),
    });
    expect((await cli([...args, "--api-key", KEY])).code).toBe(64);
  });

  it("refuses arguments that do not go together", async () => {
    for (const [args, why] of [
      [["--to", "+491701234567"], "needs --to and --text"],
      [["x.csv", "--to", "1"], "--to is for a single message"],
      [["--to", "1", "--text", "a", "--resume"], "--resume is for a file"],
      [["x.csv", "--map", "to"], "--map to: <field>=<value>"],
      [["x.csv", "--map", "colour=x"], "no such field"],
      [["x.xlsx"], "--format csv or"],
      [["x.ndjson", "--set", "text=a"], "are for CSV"],
      [["x.csv", "--delimiter", "pipe"], "comma, semicolon or tab"],
      [["x.csv", "--tries", "0"], "1 to 9999"],
    ] as const)
      expect(await cli(args)).toMatchObject({ code: 64, err: expect.stringContaining(why) });
  });
});

describe("sluice send, a file", () => {
  it("writes what came of each line, names those that were refused, and shows how far it is", async () => {
    write(`Phone,Name\n+491701234567,Ann\n12,Bob\n`);
    const args = [file, "--map", "to=Phone", "--set", "text=Hi {{Name}}", "--set", "lane=marketing"];
    const sent = await cli(args, {}, true);
    expect(sent).toMatchObject({ code: 1, out: expect.stringMatching(/^1 accepted, 1 refused; /) });
    expect(sent.err).toMatch(/^line 3: to: /);
    const [begin, one, two, end] = resultsOf(file);
    expect(begin.upload).toMatchObject({ file: file.split("/").at(-1), octets: readFileSync(file).length });
    expect([one.line, one.status, two.line, two.status, end.summary.complete]).toEqual([
      2,
      "accepted",
      3,
      "rejected",
      true,
    ]);
    expect(await cli(args)).toMatchObject({ code: 2, err: expect.stringContaining("--resume goes on") });
    const sends = ingest.writer.sends.length;
    expect(await cli([...args, "--resume", "--json"])).toMatchObject({
      code: 1,
      out: expect.stringContaining('"rejected":1'),
    });
    expect(ingest.writer.sends.length).toBe(sends);
    writeFileSync(file, "Phone,Name\n");
    expect(await cli([...args, "--resume"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("has been changed"),
    });
    expect(await cli([join(folder, "none.csv")])).toMatchObject({
      code: 2,
      err: expect.stringContaining("cannot be read"),
    });
  });

  it("says what the server says of a file that it cannot read, and tries nothing again", async () => {
    write("a,b\n1,2\n");
    expect(await cli([file])).toMatchObject({ code: 2, err: expect.stringContaining("400 INVALID_UPLOAD") });
  });

  it("goes on by itself where the connection breaks off, and sends nothing twice", async () => {
    write(`to,text\n${rows(3_000)}`);
    const before = ingest.writer.records.length;
    const SLUICE_API_URL = await brittle(40_000, 150_000, Number.POSITIVE_INFINITY);
    const sent = await cli([file], { SLUICE_API_URL });
    expect(sent, sent.err).toMatchObject({ code: 0, out: expect.stringMatching(/^3,000 accepted, 0 refused/) });
    expect(sent.err.match(/going on in/g)?.length).toBe(2);
    const lines = resultsOf(file);
    expect(lines.slice(1, -1).map(({ line }) => line)).toEqual(Array.from({ length: 3_000 }, (_, i) => 2 + 2 * i));
    const ids = ingest.writer.records.slice(before).map((record) => record.headers?.id);
    expect([ids.length, new Set(ids).size]).toEqual([3_000, 3_000]);
  }, 60_000);

  it("gives up in the end, and goes on where it was when it is told to", async () => {
    write(`to,text\n${rows(2_000)}`);
    const before = ingest.writer.records.length;
    const broken = await cli([file, "--tries", "1"], { SLUICE_API_URL: await brittle(30_000, 300) });
    expect(broken.code, broken.err).toBe(3);
    expect(broken.err).toContain("--resume goes on");
    // Cut off while it was being written.
    const path = `${file}.results.ndjson`;
    writeFileSync(path, `${readFileSync(path, "utf8")}{"line":9`);
    const resumed = await cli([file, "--resume"]);
    expect(resumed, resumed.err).toMatchObject({ code: 0, out: expect.stringMatching(/^2,000 accepted, 0 refused/) });
    expect(
      resultsOf(file)
        .slice(1, -1)
        .map(({ line }) => line),
    ).toEqual(Array.from({ length: 2_000 }, (_, i) => 2 + 2 * i));
    const ids = ingest.writer.records.slice(before).map((record) => record.headers?.id);
    expect([ids.length, new Set(ids).size]).toEqual([2_000, 2_000]);
  }, 60_000);

  it("does not overwrite what is no results file", async () => {
    write("to,text\n");
    writeFileSync(`${file}.results.ndjson`, "precious\n");
    expect((await cli([file])).code).toBe(2);
    expect((await cli([file, "--resume"])).code).toBe(2);
    expect(readFileSync(`${file}.results.ndjson`, "utf8")).toBe("precious\n");
  });
});

describe("a part of a file", () => {
  const text = fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r\n", "\r", "a", "ß"), maxLength: 60 });

  it("begins where the record begins that is on its line", async () => {
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const content = `\ufeffto,text\r\n${body}`;
        write(content);
        const begin = readCsvBegin(content.slice(1), true);
        if (typeof begin !== "object") return;
        const reader = new CsvReader({ delimiter: begin.delimiter });
        const all = [...reader.push(content.slice(1)), ...reader.end()].slice(1);
        for (const one of all) {
          const line = "message" in one ? one.recordLine : one.line;
          const part = await filePart(file, "csv", line);
          const chunks: Buffer[] = [];
          for await (const chunk of readPart(file, part)) chunks.push(chunk);
          const octets = Buffer.concat(chunks);
          expect(octets.length).toBe(part.octets);
          const again = new CsvReader({ delimiter: begin.delimiter });
          const found = [...again.push(octets.toString().slice(1)), ...again.end()].slice(1);
          const shifted = all.slice(all.indexOf(one)).map((of) => ("message" in of ? of.message : of.cells));
          expect(found.map((of) => ("message" in of ? of.message : of.cells))).toEqual(shifted);
        }
      }),
      { numRuns: 60 },
    );
  });
});
