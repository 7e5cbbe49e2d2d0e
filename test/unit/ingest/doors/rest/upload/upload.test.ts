import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { headerText, type OutRecord } from "../../../../../../platform/kafka/record.ts";
import { requestTopic } from "../../../../../../schemas/topics.ts";
import {
  type Answer,
  type CallOptions,
  type Harness,
  type HarnessOptions,
  KEY,
  OTHER_KEY,
  PARTITIONS,
  PATIENT,
  startIngest,
} from "../../../ingest-harness.ts";
import { MemoryTopics } from "../../../uploads/memory-topics.ts";

const started: Harness[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.close()));
});
const start = async (options: HarnessOptions = {}) => {
  const ingest = await startIngest(options);
  started.push(ingest);
  return ingest;
};

const PATH = "/v1/messages/upload";
const CSV = { "content-type": "text/csv" };
const NDJSON = { "content-type": "application/x-ndjson" };
const send = (ingest: Harness, body: string | Buffer, query = "", options: CallOptions = {}) =>
  ingest.call(`${PATH}${query}`, { body, ...options, headers: { ...CSV, ...options.headers } });

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
const linesOf = (answer: Answer): any[] =>
  answer.text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
const results = (answer: Answer) => linesOf(answer).slice(1, -1);
const summaryOf = (answer: Answer) => linesOf(answer).at(-1);
const texts = (ingest: Harness, records: readonly OutRecord[]) => records.map((record) => ingest.decode(record).text);
const rows = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `+4917012${String(from + i).padStart(5, "0")},Hello ${from + i}\n`).join("");

/** How often each id stands in the topics of requests. */
function stored(topics: MemoryTopics): Map<string, number> {
  const ids = new Map<string, number>();
  for (const lane of ["otp", "transactional", "marketing"] as const)
    for (let partition = 0; partition < PARTITIONS; partition++)
      for (const record of topics.of(requestTopic(lane), partition)) {
        const id = headerText(record, "id") as string;
        ids.set(id, (ids.get(id) ?? 0) + 1);
      }
  return ids;
}

describe("an uploaded file", () => {
  it("is answered line by line, and a bad line holds up nothing", async () => {
    const ingest = await start();
    const answer = await send(
      ingest,
      'to,text,lane,metadata.campaign\n+491701234567,"Hello, ""you""",otp,spring\n12,x,,\n\n+491701234568,"two\nlines",,\n+491701234569,"a" b,,\n+491701234570,last,,\n',
    );
    expect(answer.status).toBe(200);
    const [begin, ...rest] = linesOf(answer);
    expect(begin.upload).toMatchObject({
      format: "csv",
      delimiter: ",",
      unread: [],
      columns: { to: "to", text: "text" },
    });
    expect(begin.upload.id).toBe(answer.headers["upload-id"]);
    expect(rest).toEqual([
      {
        line: 2,
        id: expect.any(String),
        status: "accepted",
        to: "+491701234567",
        lane: "otp",
        encoding: "gsm7",
        segments: 1,
      },
      { line: 3, status: "rejected", errors: [expect.objectContaining({ field: "to", code: "destination-invalid" })] },
      expect.objectContaining({ line: 5, status: "accepted" }),
      { line: 7, status: "rejected", errors: [expect.objectContaining({ field: "", code: "csv-invalid" })] },
      expect.objectContaining({ line: 8, status: "accepted" }),
      { summary: { lines: 5, accepted: 3, repeated: 0, rejected: 2, complete: true } },
    ]);
    expect(texts(ingest, ingest.writer.records)).toEqual(['Hello, "you"', "two\nlines", "last"]);
    expect(ingest.decode(ingest.writer.records[0]!)).toMatchObject({
      metadata: { campaign: "spring" },
      accountId: "acme",
    });
  });

  it("is NDJSON as well: of any order of fields, with CRLF, a byte order mark, and lines that are none", async () => {
    const ingest = await start();
    const body =
      '\ufeff{"text":"a","to":"+491701234567"}\r\n\r\n{"to":\n[]\n{"to":"+491701234568","text":"b","lnae":"otp"}';
    const answer = await send(ingest, body, "", { headers: NDJSON });
    expect(results(answer)).toEqual([
      expect.objectContaining({ line: 1, status: "accepted" }),
      { line: 3, status: "rejected", errors: [expect.objectContaining({ code: "json-invalid" })] },
      { line: 4, status: "rejected", errors: [expect.objectContaining({ code: "request-not-an-object" })] },
      { line: 5, status: "rejected", errors: [expect.objectContaining({ field: "lnae", code: "field-unknown" })] },
    ]);
    expect(linesOf(answer)[0].upload.format).toBe("ndjson");
  });

  it("comes as CRMs export contacts: their columns, numbers as dialled, a text with columns in it", async () => {
    const ingest = await start();
    const hubspot =
      '\ufeff"Record ID","First Name","Mobile Phone Number","Email"\r\n"1","Ann","+1 415-555-2671","a@x.org"\r\n"2","","(415) 555-2672",""\r\n';
    const query = `?map.to=${encodeURIComponent("Mobile Phone Number")}&set.text=${encodeURIComponent("Hi {{First Name|friend}}!")}&set.lane=marketing&country=us&map.reference=${encodeURIComponent("record id")}`;
    const answer = await send(ingest, hubspot, query);
    expect(results(answer)).toEqual([
      expect.objectContaining({ line: 2, to: "+14155552671", lane: "marketing", reference: "1" }),
      expect.objectContaining({ line: 3, to: "+14155552672" }),
    ]);
    expect(linesOf(answer)[0].upload).toMatchObject({
      unread: ["Email"],
      columns: { to: "Mobile Phone Number", reference: "Record ID" },
    });
    expect(texts(ingest, ingest.writer.records)).toEqual(["Hi Ann!", "Hi friend!"]);

    const salesforce = "Last Name;MobilePhone;Description\nRoe;;x\nDoe;+14155552673;y\n";
    const second = await send(ingest, salesforce, "?map.to=MobilePhone&map.text=Description");
    expect(linesOf(second)[0].upload.delimiter).toBe(";");
    expect(results(second).map(({ status }) => status)).toEqual(["rejected", "accepted"]);
    const lacking = await send(ingest, "a\tto\n\t+14155552673\n", "?set.text=Hi%20%7B%7Ba%7D%7D");
    expect(results(lacking)).toEqual([
      { line: 2, status: "rejected", errors: [expect.objectContaining({ field: "text", code: "field-missing" })] },
    ]);
  });

  it("is refused as a whole where its columns are not clear", async () => {
    const ingest = await start();
    const problem = async (body: string | Buffer, query = "") => {
      const { status, body: said } = await send(ingest, body, query);
      return `${status} ${said.code} ${said.errors?.map((one: { field: string; message: string }) => `${one.field}: ${one.message}`).join("; ")}`;
    };
    expect(await problem("number,text\n")).toMatch(
      /^400 INVALID_UPLOAD header: no column is the message's to: name it with map.to=/,
    );
    expect(await problem("to,text,To\n")).toMatch(/^400 INVALID_UPLOAD header: "to": the header has 2 such columns/);
    expect(await problem("to,text\n", "?map.from=Sender")).toMatch(
      /^400 INVALID_UPLOAD map.from: "Sender": the header has no such column/,
    );
    expect(await problem("to\n", "?set.text={{x}}")).toMatch(/set.text: "x": the header has no such column/);
    expect(await problem("")).toMatch(/there is no header/);
    expect(await problem(Buffer.from("to,text\n", "utf16le"))).toMatch(
      /^400 INVALID_UPLOAD header: the file is no CSV in UTF-8/,
    );
    expect(await problem(Buffer.from("to,text,Größe\n", "latin1"))).toMatch(/Windows-1252/);
    expect(await problem(`${"x".repeat(20_000)}`)).toMatch(/longer than 16384 characters/);
    expect(await problem("to,text\n", "?form=1&from=0&country=zz&delimiter=x&map.colour=x")).toBe(
      "400 INVALID_QUERY form: this request takes from, delimiter, country, answers, map.<field>, set.<field>; from: 1 to 10000000; " +
        "country: a country by two letters, such as US; delimiter: one of comma, semicolon, tab; map.colour: this request takes " +
        "from, delimiter, country, answers, map.<field>, set.<field>",
    );
    expect(ingest.writer.records).toEqual([]);
    const typed = await send(ingest, "x", "", { headers: { "content-type": "text/csv; charset=latin1" } });
    expect([typed.status, typed.body.code]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
    const packed = await send(ingest, "x", "", { headers: { "content-encoding": "compress" } });
    expect([packed.status, packed.body.code]).toEqual([415, "UNSUPPORTED_ENCODING"]);
    expect((await send(ingest, "x", "", { key: "nobody" })).status).toBe(401);
  });

  it("says of a Windows-1252 line that it is none of UTF-8, and sends the others", async () => {
    const ingest = await start();
    const body = Buffer.concat([
      Buffer.from("to,text\n+491701234567,Gr"),
      Buffer.from([0xfc, 0xdf]),
      Buffer.from("e\n+491701234568,ok\n"),
    ]);
    expect(results(await send(ingest, body))).toEqual([
      { line: 2, status: "rejected", errors: [expect.objectContaining({ code: "text-malformed" })] },
      expect.objectContaining({ line: 3, status: "accepted" }),
    ]);
  });

  it("may be packed, and only what is wrong answered", async () => {
    const ingest = await start();
    const body = gzipSync(`to,text\n${rows(3_000)}bad,line\n`);
    const answer = await send(ingest, body, "?answers=rejected", { headers: { "content-encoding": "gzip" } });
    expect(results(answer).map(({ line }) => line)).toEqual([3_002]);
    expect(summaryOf(answer)).toEqual({
      summary: { lines: 3_001, accepted: 3_000, repeated: 0, rejected: 1, complete: true },
    });
    expect(new Set(ingest.writer.records.map((record) => record.headers?.id)).size).toBe(3_000);
    const cut = await send(ingest, body.subarray(0, 300), "", { headers: { "content-encoding": "gzip" } });
    expect(cut.status === 400 ? cut.body : summaryOf(cut).problem).toMatchObject({ code: "BODY_INCOMPLETE" });
  });

  it("keeps the order of its lines", async () => {
    const ingest = await start();
    const body = `to,text\n${Array.from({ length: 5_000 }, (_, i) => `+491701234567,${i}\n`).join("")}`;
    await send(ingest, body);
    expect(texts(ingest, ingest.writer.records)).toEqual(Array.from({ length: 5_000 }, (_, i) => String(i)));
  });
});

describe("an upload that comes again", () => {
  const again = { headers: { "idempotency-key": "file-1" } };

  it("doubles nothing: whole, from a line, at another instance, with time between", async () => {
    const topics = new MemoryTopics(PARTITIONS);
    const [one, other] = [await start({ topics }), await start({ topics })];
    const first = await send(one, `to,text\n${rows(1_500)}`, "", again);
    const whole = await send(other, `to,text\n${rows(1_500)}`, "", again);
    const rest = await send(one, `to,text\n${rows(1_400, 100)}${rows(5, 9_000)}`, "?from=102", again);
    expect(summaryOf(whole).summary).toMatchObject({ lines: 1_500, accepted: 0, repeated: 1_500 });
    expect(results(whole).map(({ id, line }) => [id, line])).toEqual(results(first).map(({ id, line }) => [id, line]));
    expect(summaryOf(rest).summary).toMatchObject({ accepted: 5, repeated: 1_400 });
    expect(results(rest)[0]).toMatchObject({ line: 102, repeated: true, id: results(first)[100].id });
    expect([...stored(topics).values()]).toEqual(Array(1_505).fill(1));
  });

  it("refuses a line that has another message now, and takes one that was refused before", async () => {
    const ingest = await start();
    await send(ingest, "to,text\n+491701234567,a\nbad,b\n+491701234568,c\n", "", again);
    const answer = await send(ingest, "to,text\n+491701234567,CHANGED\n+491701234569,b\n+491701234568,c\n", "", again);
    expect(results(answer)).toEqual([
      { line: 2, status: "rejected", errors: [expect.objectContaining({ code: "line-changed" })] },
      expect.objectContaining({ line: 3, status: "accepted" }),
      expect.objectContaining({ line: 4, repeated: true }),
    ]);
    expect(texts(ingest, ingest.writer.records)).toEqual(["a", "c", "b"]);
    const changedBack = await send(ingest, "to,text\n+491701234567,a\n", "", again);
    expect(results(changedBack)).toEqual([expect.objectContaining({ line: 2, repeated: true })]);
  });

  it("is another account's own under the same key, and another one under another key", async () => {
    const ingest = await start();
    const body = '{"to":"+491701234567","text":"a","lane":"otp"}\n';
    const options = (key: string, name: string) => ({ key, headers: { ...NDJSON, "idempotency-key": name } });
    for (const [key, name] of [
      [KEY, "k"],
      [OTHER_KEY, "k"],
      [KEY, "l"],
    ] as const)
      expect(summaryOf(await send(ingest, body, "", options(key, name))).summary).toMatchObject({ accepted: 1 });
    expect(new Set(ingest.writer.records.map((record) => record.headers?.id)).size).toBe(3);
  });

  it("knows what a killed instance has written and not said, once that can write no more", async () => {
    const topics = new MemoryTopics(PARTITIONS);
    let ahead = 0;
    topics.now = () => Date.now() + ahead;
    const dying = await start({ topics });
    // Killed between the messages and the word of them: what it says from here on is lost.
    const append = topics.append.bind(topics);
    let isDead = false;
    topics.append = (records) => {
      const isWord = records[0]?.topic === "sms.uploads";
      if (isDead && isWord) return;
      append(records);
      if (!isWord) isDead = true;
    };
    const body = `to,text\n${rows(400)}`;
    expect(summaryOf(await send(dying, body, "", again)).summary).toMatchObject({ accepted: 400 });
    topics.append = append;
    const alive = await start({ topics });
    const early = await send(alive, body, "", again);
    expect([early.status, early.body.code]).toEqual([409, "UPLOAD_RUNNING"]);
    expect(Number(early.headers["retry-after"])).toBeGreaterThan(20);
    ahead = 31_000;
    const late = await send(alive, `${body}${rows(3, 5_000)}`, "", again);
    expect(summaryOf(late).summary).toMatchObject({ accepted: 3, repeated: 400 });
    // A day later the requests of then are not read any more: the upload's own log has them by now.
    ahead = 86_400_000;
    expect(summaryOf(await send(alive, body, "", again)).summary).toMatchObject({ accepted: 0, repeated: 400 });
    expect([...stored(topics).values()]).toEqual(Array(403).fill(1));
  });

  it("stops what is under way in the same instance, and goes on behind it", async () => {
    const topics = new MemoryTopics(PARTITIONS);
    const ingest = await start({ topics });
    const socket = connect(ingest.server.port, "127.0.0.1");
    let heard = "";
    socket.on("data", (data) => (heard += data.toString())).on("error", () => {});
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: text/csv\r\nIdempotency-Key: file-1\r\nContent-Length: 99999\r\n\r\nto,text\n${rows(2)}`,
    );
    await expect.poll(() => heard, PATIENT).toContain('"line":3');
    const answer = await send(ingest, `to,text\n${rows(4)}`, "", again);
    expect(summaryOf(answer).summary).toMatchObject({ accepted: 2, repeated: 2 });
    await expect.poll(() => heard, PATIENT).toContain("UPLOAD_STOPPED");
    await expect.poll(() => socket.closed, PATIENT).toBe(true);
    expect([...stored(topics).values()]).toEqual(Array(4).fill(1));
  });

  it("yields to whoever began it first at another instance", async () => {
    const topics = new MemoryTopics(PARTITIONS);
    const [one, other] = [await start({ topics }), await start({ topics })];
    const socket = connect(one.server.port, "127.0.0.1");
    let heard = "";
    socket.on("data", (data) => (heard += data.toString())).on("error", () => {});
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: text/csv\r\nIdempotency-Key: file-1\r\nContent-Length: 99999\r\n\r\nto,text\n${rows(2)}`,
    );
    await expect.poll(() => heard, PATIENT).toContain('"line":3');
    expect((await send(other, `to,text\n${rows(4)}`, "", again)).status).toBe(409);
    // A client that is gone ends it: nothing is in doubt then.
    socket.destroy();
    await expect.poll(async () => (await send(other, `to,text\n${rows(4)}`, "", again)).status, PATIENT).toBe(200);
    expect([...stored(topics).values()]).toEqual(Array(4).fill(1));
  });
});

describe("a file of any length", () => {
  it("is read no faster than Kafka takes it", async () => {
    const ingest = await start();
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    ingest.writer.onSend = () => held;
    const socket = connect(ingest.server.port, "127.0.0.1");
    let heard = "";
    socket.on("data", (data) => (heard += data.toString())).on("error", () => {});
    const body = Buffer.from(`to,text\n${rows(80_000)}`);
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: text/csv\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    for (let at = 0; at < body.length; at += 65_536) socket.write(body.subarray(at, at + 65_536));
    await expect.poll(() => ingest.writer.sends.length, PATIENT).toBe(4);
    const taken = ingest.writer.records.length;
    expect(taken).toBeLessThan(2_000);
    release?.();
    await expect.poll(() => heard, { timeout: 30_000 }).toContain('"summary":{"lines":80000,"accepted":80000');
    socket.destroy();
  }, 40_000);

  it("is taken as fast as the account may send, and waits instead of being refused", async () => {
    const ingest = await start();
    const body = Array.from({ length: 25 }, (_, i) => `{"to":"+4917012345${10 + i}","text":"a","lane":"otp"}\n`).join(
      "",
    );
    const began = performance.now();
    const answer = await send(ingest, body, "", { key: OTHER_KEY, headers: NDJSON });
    expect(summaryOf(answer).summary).toMatchObject({ accepted: 25, complete: true });
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(Math.max(...ingest.writer.sends.map((records) => records.length))).toBeLessThanOrEqual(10);
  });

  it("outlives the time in which other requests must have arrived", async () => {
    const ingest = await start({ requestTimeoutMs: 300 });
    const socket = connect(ingest.server.port, "127.0.0.1");
    let heard = "";
    socket.on("data", (data) => (heard += data.toString())).on("error", () => {});
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
    );
    const chunk = (text: string) => socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
    chunk("to,text\n");
    for (let i = 0; i < 6; i++) {
      chunk(rows(1, i));
      await expect.poll(() => heard, PATIENT).toContain(`"line":${i + 2}`);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    socket.write("0\r\n\r\n");
    await expect.poll(() => heard, PATIENT).toContain('"accepted":6');
    // Another route's body does not.
    const slow = connect(ingest.server.port, "127.0.0.1");
    let cut = "";
    slow.on("data", (data) => (cut += data.toString())).on("error", () => {});
    slow.write(
      `POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
    await expect.poll(() => slow.closed, PATIENT).toBe(true);
    expect(cut).toMatch(/^HTTP\/1.1 408/);
  });

  it("is ended where no whole line comes, however the octets drip, and says where to go on", async () => {
    const ingest = await start({ uploadIdleMs: 400 });
    const socket = connect(ingest.server.port, "127.0.0.1");
    let heard = "";
    socket.on("data", (data) => (heard += data.toString())).on("error", () => {});
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: text/csv\r\nContent-Length: 99999\r\n\r\nto,text\n${rows(2)}`,
    );
    const drip = setInterval(() => socket.write("x"), 50);
    await expect.poll(() => socket.closed, PATIENT).toBe(true);
    clearInterval(drip);
    expect(heard).toContain('"code":"BODY_INCOMPLETE"');
    expect(heard).toContain('"complete":false,"resumeFrom":3');
  });

  it("says what is not known where Kafka does not answer, and that nothing more is written", async () => {
    const ingest = await start({ acceptTimeoutMs: 200 });
    let held: (() => void) | undefined;
    let sends = 0;
    ingest.writer.onSend = () =>
      ++sends <= 2
        ? Promise.resolve()
        : new Promise((resolve) => {
            held = resolve;
          });
    const answer = await send(ingest, `to,text\n${rows(1_000)}`);
    expect(summaryOf(answer)).toMatchObject({
      problem: { status: 503, code: "ACCEPTANCE_UNKNOWN" },
      summary: { accepted: 481, complete: false, resumeFrom: 482 },
    });
    held?.();
  });

  it("ends with the service, and can be taken up again", async () => {
    const ingest = await start();
    const socket = connect(ingest.server.port, "127.0.0.1");
    let heard = "";
    socket.on("data", (data) => (heard += data.toString())).on("error", () => {});
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: text/csv\r\nContent-Length: 99999\r\n\r\nto,text\n${rows(2)}`,
    );
    await expect.poll(() => heard, PATIENT).toContain('"line":3');
    ingest.stopUploads();
    await expect.poll(() => heard, PATIENT).toContain('"code":"UPLOAD_STOPPED"');
    expect(heard).toContain('"resumeFrom":3');
  });

  it("takes no more uploads than there is memory for", async () => {
    const ingest = await start({ bodyBudget: 1_000_000 });
    const answer = await send(ingest, `to,text\n${rows(1)}`);
    expect([answer.status, answer.body.code]).toEqual([503, "BUSY"]);
    expect(ingest.context.bodies.held).toBe(0);
  });

  it("gives back what it has held", async () => {
    const ingest = await start();
    const options = { headers: { "idempotency-key": "held" } };
    for (let i = 0; i < 2; i++) await send(ingest, `to,text\n${rows(3_000)}`, "", options);
    await expect.poll(() => ingest.context.bodies.held, PATIENT).toBe(0);
  });
});

describe("lines", () => {
  it("are the same however the body is cut", async () => {
    const { CsvLines } = await import("../../../../../../services/ingest/doors/rest/upload/csv-lines.ts");
    const { NdjsonLines } = await import("../../../../../../services/ingest/doors/rest/upload/ndjson-lines.ts");
    const query = {
      map: new Map(),
      set: new Map(),
      from: undefined,
      delimiter: undefined,
      country: undefined,
      answers: "all",
    } as const;
    const read = (
      make: () => { push(o: Buffer): Iterable<unknown>; end(): Iterable<unknown> },
      pieces: readonly Buffer[],
    ) => {
      const reader = make();
      const found: unknown[] = [];
      try {
        for (const piece of pieces) found.push(...reader.push(piece));
        found.push(...reader.end());
      } catch (error) {
        found.push((error as Error).message);
      }
      return found;
    };
    const csv = fc.string({
      unit: fc.constantFrom('"', ",", ";", "\n", "\r\n", "\r", " ", "a", "ß", "😀"),
      maxLength: 50,
    });
    const json = fc.string({ unit: fc.constantFrom('{"to":1}', "\n", "\r\n", "{", "ß", " ", "1"), maxLength: 30 });
    const cases = fc.oneof(
      csv.map((text) => [() => new CsvLines(query), Buffer.from(`\ufeffto;text\r\n${text}`)] as const),
      json.map((text) => [() => new NdjsonLines(), Buffer.from(`\ufeff${text}`)] as const),
    );
    fc.assert(
      fc.property(cases, fc.array(fc.nat(120)), ([make, octets], cuts) => {
        const places = [0, ...cuts.filter((cut) => cut <= octets.length).sort((a, b) => a - b), octets.length];
        const pieces = places.slice(1).map((end, index) => octets.subarray(places[index], end));
        expect(read(make, pieces)).toEqual(read(make, [octets]));
      }),
      { numRuns: 1_000 },
    );
  });
});
