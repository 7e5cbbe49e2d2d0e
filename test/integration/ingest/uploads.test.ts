import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { headerText } from "../../../platform/kafka/record.ts";
import { requestTopic } from "../../../schemas/topics.ts";
import { filePart, readPart } from "../../../services/cli/send/file-part.ts";
import { post } from "../../../services/cli/send/http-exchange.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { connectionTo, readEach } from "../platform/kafka-runtime.ts";
import { API_KEY, type IngestProcess, prepare, startIngestProcess } from "./ingest-process.ts";

/** Lines of the file: some ten thousand here, a million in `make bench-upload`. */
const LINES = Number(process.env.UPLOAD_LINES ?? 20_000);
/** A million are read back from the topic as well. */
const TIMEOUT_MS = 300_000 + LINES / 2;
/** Octets of memory that an instance may take, whatever the length of the file. */
const MOST_MEMORY = 512 * 1024 * 1024;

const cluster = sharedCluster();
const connection = connectionTo(cluster.brokers);
const uploadKey = `file-${Date.now()}`;
let environment: NodeJS.ProcessEnv;
let folder: string;
let file: string;
const running: IngestProcess[] = [];

beforeAll(async () => {
  environment = await prepare(cluster);
  folder = mkdtempSync(join(tmpdir(), "sluice-upload-"));
  file = join(folder, "contacts.csv");
  const lines = ["Name,Mobile Phone Number\r\n"];
  for (let i = 0; i < LINES; i++) lines.push(`"Recipient, ${i}",+49170${String(i).padStart(7, "0")}\r\n`);
  writeFileSync(file, lines.join(""));
});
afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
  if (folder) rmSync(folder, { recursive: true });
  if (environment?.SLUICE_CATALOG_DIR) rmSync(environment.SLUICE_CATALOG_DIR, { recursive: true });
});

const start = async () => {
  const ingest = await startIngestProcess(environment);
  running.push(ingest);
  return ingest;
};

interface Line {
  readonly line?: number;
  readonly status?: string;
  readonly repeated?: true;
  readonly summary?: { readonly complete: boolean; readonly accepted: number; readonly repeated: number };
}

/** Uploads the file, from a line on. */
async function upload(ingest: IngestProcess, line: number | undefined, onLine: (line: Line) => void) {
  const part = await filePart(file, "csv", line);
  const query = new URLSearchParams({
    "map.to": "Mobile Phone Number",
    "set.text": "Hello {{Name}}",
    "set.lane": "marketing",
  });
  if (part.from !== undefined) query.set("from", String(part.from));
  return post({
    url: `http://127.0.0.1:${ingest.port}/v1/messages/upload?${query}`,
    headers: {
      ...{ authorization: `Bearer ${API_KEY}`, "content-type": "text/csv", "idempotency-key": uploadKey },
      "content-length": part.octets,
    },
    body: line === undefined ? (createReadStream(file) as AsyncIterable<Buffer>) : readPart(file, part),
    onLines: (lines) => {
      for (const one of lines) onLine(JSON.parse(one) as Line);
    },
  });
}

/** The most memory that a process has had, octets. */
const peakMemory = ({ pid }: IngestProcess) =>
  1_024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

it(
  "an upload that is killed in the middle and taken up at another instance has each line once",
  async () => {
    const killed = await start();
    const answered = new Set<number>();
    let lastLine = 0;
    let isKilled = false;
    const broken = upload(killed, undefined, ({ line }) => {
      if (line === undefined) return;
      answered.add(line);
      lastLine = line;
      if (answered.size < LINES / 3 || isKilled) return;
      isKilled = true;
      void killed.kill();
    });
    await broken.catch(() => {});
    expect(isKilled).toBe(true);
    running.splice(running.indexOf(killed), 1);
    expect(answered.size).toBeLessThan(LINES);

    const other = await start();
    let began = 0;
    let known = 0;
    let end: Line["summary"];
    let last = 0;
    /** Until the file has been answered to its end; a broker that stood still for seconds ends an upload, which then goes on. */
    const goOn = async (line: number | undefined) => {
      for (let from = line; ; ) {
        began = performance.now();
        known = 0;
        last = from ?? 0;
        const answer = await upload(other, from, (one) => {
          if (one.line !== undefined) {
            answered.add(one.line);
            last = one.line;
          }
          if (one.repeated === true && (one.line ?? 0) > lastLine) known++;
          end = one.summary;
        });
        if (answer.status === 200 && end?.complete === true) return;
        if (answer.status === 200) from = last;
        else {
          // The killed one may still be writing, for all that the other instance knows.
          expect([answer.status, answer.retryAfter !== undefined]).toEqual([409, true]);
          await sleep(answer.retryAfter! * 1_000);
        }
      }
    };
    await goOn(lastLine);
    const seconds = (performance.now() - began) / 1_000;
    expect(end).toMatchObject({ complete: true, rejected: 0 });
    const memory = peakMemory(other);
    console.log(
      `${end!.accepted} of ${LINES} lines after the kill in ${seconds.toFixed(1)} s: ${Math.round((end!.accepted + end!.repeated) / seconds)} lines/s; ` +
        `${known} more were stored when it died than it had answered; ${Math.round(memory / 1_048_576)} MiB at most`,
    );
    expect(answered.size).toBe(LINES);
    expect(memory).toBeLessThan(MOST_MEMORY);

    // The file as a whole, once more.
    await goOn(undefined);
    expect(end).toMatchObject({ complete: true, accepted: 0, repeated: LINES });
    console.log(
      `the whole file again: ${Math.round(LINES / ((performance.now() - began) / 1_000))} lines/s, ${Math.round(peakMemory(other) / 1_048_576)} MiB at most`,
    );

    const stored = new Map<string, number>();
    await vi.waitFor(
      async () => {
        stored.clear();
        await readEach(connection, requestTopic("marketing"), (record) => {
          const [, line] = (headerText(record, "upload") ?? "").split(":");
          const id = headerText(record, "id");
          if (
            line !== undefined &&
            id !== undefined &&
            record.key?.toString() === `49170${String(Number(line) - 2).padStart(7, "0")}`
          )
            stored.set(id, (stored.get(id) ?? 0) + 1);
        });
      },
      { timeout: 120_000, interval: 500 },
    );
    expect(stored.size).toBe(LINES);
    expect([...stored.values()].filter((count) => count !== 1)).toEqual([]);
  },
  TIMEOUT_MS,
);
