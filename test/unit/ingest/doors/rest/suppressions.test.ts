import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { partitionFor } from "../../../../../platform/kafka/murmur2.ts";
import {
  ACME,
  type Answer,
  type Harness,
  OTHER_KEY,
  PARTITIONS,
  startIngest,
  testCodecs,
} from "../../ingest-harness.ts";

let ingest: Harness;
beforeEach(async () => {
  ingest = await startIngest();
});
afterEach(() => ingest.close());

const TO = "491701234567";
const SAID = { source: "keyword", at: "1970-01-01T00:00:02.000Z" };
const call = (path: string, method = "GET", body?: unknown, options: object = {}) =>
  ingest.call(`/v1/suppressions${path}`, { method, ...(body === undefined ? {} : { body }), ...options });

/** What was written into sms.consent. */
async function written() {
  const { consent } = await testCodecs();
  return ingest.writer.records.map(({ topic, key, partition, value }) => {
    const decoded = consent.decode(value as Buffer);
    if (!decoded.ok) throw new Error(decoded.detail);
    expect(topic).toBe("sms.consent");
    expect(key).toBe(`${decoded.value.accountId}:${decoded.value.destination}`);
    expect(partition).toBe(partitionFor(decoded.value.destination, PARTITIONS));
    return decoded.value;
  });
}

const refusal = ({ status, body }: Answer) => [
  status,
  body.code,
  ...(body.errors ?? []).map((e: { field: string; code: string }) => `${e.field} ${e.code}`),
];

describe("PUT and DELETE /v1/suppressions/{number}", () => {
  it("write down what the account says, for itself alone, and answer when Kafka has it", async () => {
    const before = Date.now();
    const put = await call("/%2B49%20170%201234567", "PUT");
    expect(put).toMatchObject({ status: 200, body: { number: `+${TO}`, suppressed: true, source: "api" } });
    const lifted = await call(`/${TO}`, "DELETE", undefined, { key: OTHER_KEY });
    expect(lifted).toMatchObject({ status: 200, body: { number: `+${TO}`, suppressed: false } });
    expect(await written()).toMatchObject([
      { accountId: "acme", destination: TO, state: "opted_out", source: "api" },
      { accountId: "globex", destination: TO, state: "opted_in", source: "api" },
    ]);
    expect((await written())[0]!.at).toBeGreaterThanOrEqual(before);
  });

  it("say what holds then: who is closed for all accounts stays so, and a word a little ahead is followed by a later one", async () => {
    ingest.consent.say("*", TO, { at: 2_000 });
    const lifted = await call(`/${TO}`, "DELETE");
    expect(lifted.body).toEqual({ number: `+${TO}`, suppressed: true, scope: "all", ...SAID });
    const ahead = Date.now() + 50_000;
    ingest.consent.say("globex", TO, { state: "opted_in", at: ahead });
    const put = await call(`/${TO}`, "PUT", undefined, { key: OTHER_KEY });
    expect(put.body).toMatchObject({ suppressed: true, at: new Date(ahead + 1).toISOString() });
    expect((await written()).at(-1)).toMatchObject({ state: "opted_out", at: ahead + 1 });
  });

  it("write down each spelling of a number that has two", async () => {
    await call("/5491123456789", "PUT");
    expect((await written()).map(({ destination }) => destination).sort()).toEqual(["541123456789", "5491123456789"]);
  });

  it("are refused for what is no number, and 503 when Kafka does not take it", async () => {
    expect(refusal(await call("/12345", "PUT"))).toEqual([
      400,
      "INVALID_SUPPRESSION",
      expect.stringMatching(/^number destination-/),
    ]);
    ingest.writer.hasRoom = false;
    expect(refusal(await call(`/${TO}`, "PUT"))).toEqual([503, "UNAVAILABLE"]);
    expect(await written()).toEqual([]);
  });

  it.each(["PUT", "DELETE"])(
    "%s refuses a parameter or a body, which it would not heed, and writes nothing",
    async (method) => {
      expect(refusal(await call(`/${TO}?until=2027-01-01`, method))).toEqual([
        400,
        "INVALID_QUERY",
        "until field-unknown",
      ]);
      expect(refusal(await call(`/${TO}`, method, { suppressed: false }))).toEqual([400, "BODY_NOT_EXPECTED"]);
      const chunked = { headers: { "transfer-encoding": "chunked" } };
      for (const body of ['{"a":1}', "[]", "{}{}", "0"])
        expect(refusal(await call(`/${TO}`, method, body, chunked))).toEqual([400, "BODY_NOT_EXPECTED"]);
      expect(await written()).toEqual([]);
      expect((await call(`/${TO}`, method, "", chunked)).status).toBe(200);
    },
  );

  it.each(["PUT", "DELETE"])(
    "%s heeds what clients send that always send a body: nothing, {} and null",
    async (method) => {
      const chunked = { headers: { "transfer-encoding": "chunked" } };
      for (const body of ["", "{}", " { }\r\n", "null"]) {
        expect((await call(`/${TO}`, method, body)).status).toBe(200);
        expect((await call(`/${TO}`, method, body, chunked)).status).toBe(200);
      }
      expect((await written()).length).toBeGreaterThan(0);
    },
  );

  it("count against the account's rate", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 25; i++) statuses.push((await call(`/${TO}`, "PUT", undefined, { key: OTHER_KEY })).status);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    const batch = { suppressions: Array(10_000).fill(`+${TO}`) };
    const answers = [await call("", "POST", batch), await call("", "POST", batch)];
    expect(
      answers.map(({ status }) => status),
      "without a rate",
    ).toEqual([200, 200]);
  });

  it("do not lift what the recipient has said, nor take its place so that it could be lifted", async () => {
    ingest.consent.say("acme", TO);
    const put = await call(`/${TO}`, "PUT");
    expect(put).toMatchObject({ status: 200, body: { suppressed: true, scope: "account", source: "keyword" } });
    expect(refusal(await call(`/${TO}`, "DELETE"))).toEqual([409, "RECIPIENT_SAID_STOP"]);
    const batch = [{ number: `+${TO}` }, { number: `+${TO}`, suppressed: false }, `+${TO}1`];
    const kept = [
      { number: `+${TO}`, suppressed: true, scope: "account", ...{ ...SAID, at: "1970-01-01T00:00:01.000Z" } },
    ];
    expect((await call("", "POST", { suppressions: batch.slice(0, 2) })).body).toEqual({ stored: 1, kept });
    expect(await written()).toEqual([]);
    for (const source of ["api", "webhook", "import"]) {
      ingest.consent.say("acme", TO, { source });
      expect((await call(`/${TO}`, "DELETE")).status).toBe(200);
    }
  });

  it.each([false, true])(
    "leave a recipient's START in its place, which alone opens what is closed for all accounts (liftedByAccount: %j)",
    async (liftedByAccount) => {
      ACME.optOut = { liftedByAccount };
      try {
        ingest.consent.say("*", TO);
        ingest.consent.say("acme", TO, { state: "opted_in", at: 2_000 });
        const lifted = await call(`/${TO}`, "DELETE");
        expect(lifted).toMatchObject({ status: 200, body: { suppressed: false, ...SAID } });
        const optIn = { number: `+${TO}`, suppressed: false };
        expect((await call("", "POST", { suppressions: [optIn] })).body).toEqual({ stored: 1 });
        expect(await written()).toEqual([]);
        // In one list with a stop it is the account's last word, and no repetition.
        expect((await call("", "POST", { suppressions: [`+${TO}`, optIn] })).body).toEqual({ stored: 2 });
        expect((await call(`/${TO}`, "PUT")).body).toMatchObject({ suppressed: true, source: "api" });
        expect((await written()).map(({ state }) => state)).toEqual(["opted_out", "opted_in", "opted_out"]);
      } finally {
        delete ACME.optOut;
      }
    },
  );

  it("lift it for an account that the catalog lets", async () => {
    ACME.optOut = { liftedByAccount: true };
    try {
      ingest.consent.say("acme", TO);
      expect((await call(`/${TO}`, "DELETE")).body).toMatchObject({ suppressed: false });
      const body = { suppressions: [{ number: `+${TO}`, suppressed: false }] };
      expect((await call("", "POST", body)).body).toEqual({ stored: 1 });
      expect(await written()).toMatchObject([{ state: "opted_in" }, { state: "opted_in" }]);
    } finally {
      delete ACME.optOut;
    }
  });

  it("take a stop also while it is not known what recipients have said, and lift nothing then", async () => {
    ingest.consent.complete = false;
    expect((await call(`/${TO}`, "PUT")).status).toBe(200);
    expect((await call("", "POST", { suppressions: [`+${TO}`] })).status).toBe(200);
    expect((await written()).length).toBe(2);
    expect(refusal(await call(`/${TO}`, "DELETE"))).toEqual([503, "UNAVAILABLE"]);
    const lifting = { suppressions: [{ number: `+${TO}`, suppressed: false }] };
    expect(refusal(await call("", "POST", lifting))).toEqual([503, "UNAVAILABLE"]);
    expect((await written()).length).toBe(2);
  });

  it("let no partition that cannot be read take a recipient's STOP away in another one, nor hold up who is known", async () => {
    const numbers = Array.from({ length: 50 }, (_, i) => `4917012345${10 + i}`);
    const other = numbers.find((number) => partitionFor(number, PARTITIONS) !== partitionFor(TO, PARTITIONS))!;
    for (const number of [TO, other]) ingest.consent.say("acme", number);
    ingest.consent.behind.add(partitionFor(other, PARTITIONS));
    const stops = { suppressions: [`+${TO}`, `+${other}`] };
    expect((await call("", "POST", stops)).body).toEqual({ stored: 2 });
    expect((await written()).map(({ destination }) => destination)).toEqual([other]);
    const lift = (number: string) => ({ suppressions: [{ number: `+${number}`, suppressed: false }] });
    expect((await call("", "POST", lift(TO))).body).toMatchObject({ stored: 0, kept: [{ number: `+${TO}` }] });
    expect(refusal(await call("", "POST", lift(other)))).toEqual([503, "UNAVAILABLE"]);
  });

  it("need a key", async () => {
    expect((await call(`/${TO}`, "PUT", undefined, { key: undefined })).status).toBe(401);
    expect((await call(`/${TO}`, "PATCH")).status).toBe(405);
  });
});

describe("GET /v1/suppressions/{number}", () => {
  it("tells how a recipient stands with this account, and since when", async () => {
    expect((await call(`/${TO}`)).body).toEqual({ number: `+${TO}`, suppressed: false });
    ingest.consent.say("acme", TO);
    expect((await call(`/${TO}`)).body).toEqual({
      number: `+${TO}`,
      suppressed: true,
      scope: "account",
      source: "keyword",
      at: "1970-01-01T00:00:01.000Z",
    });
    expect((await call(`/${TO}`, "GET", undefined, { key: OTHER_KEY })).body.suppressed).toBe(false);
    ingest.consent.say("*", TO, { at: 2_000 });
    expect((await call(`/${TO}`, "GET", undefined, { key: OTHER_KEY })).body).toMatchObject({
      suppressed: true,
      scope: "all",
    });
    ingest.consent.say("acme", TO, { state: "opted_in", at: 3_000 });
    expect((await call(`/${TO}`)).body).toMatchObject({ suppressed: false, source: "keyword" });
  });

  it("says 503 while the copy is not complete", async () => {
    ingest.consent.complete = false;
    expect(refusal(await call(`/${TO}`))).toEqual([503, "UNAVAILABLE"]);
    expect(refusal(await call(""))).toEqual([503, "UNAVAILABLE"]);
  });
});

describe("POST /v1/suppressions", () => {
  it("writes down all of a batch, with the time at which it was said", async () => {
    const at = "2026-01-31T12:00:00+01:00";
    const body = { suppressions: [`+${TO}`, { number: "+491701234568", suppressed: false, at }] };
    expect(await call("", "POST", body)).toMatchObject({ status: 200, body: { stored: 2 } });
    expect(await written()).toMatchObject([
      { destination: TO, state: "opted_out", source: "api" },
      { destination: "491701234568", state: "opted_in", at: Date.parse(at) },
    ]);
  });

  it("is of now where its clock is ahead: a STOP that comes a moment later is the later word", async () => {
    const at = new Date(Date.now() + 50_000).toISOString();
    const body = { suppressions: [{ number: `+${TO}`, suppressed: false, at }] };
    expect((await call("", "POST", body)).status).toBe(200);
    expect((await written())[0]!.at).toBeLessThanOrEqual(Date.now());
  });

  it.each<[unknown, string[]]>([
    [[], [" request-not-an-object"]],
    [{}, ["suppressions suppressions-count"]],
    [{ suppressions: [] }, ["suppressions suppressions-count"]],
    [{ suppressions: Array(10_001).fill(`+${TO}`) }, ["suppressions suppressions-count"]],
    [{ suppressions: [`+${TO}`], account: "other" }, ["account field-unknown"]],
    [{ suppressions: [`+${TO}`, "12"] }, ["suppressions[1].number destination-invalid"]],
    [{ suppressions: [7] }, ["suppressions[0] type-wrong"]],
    [{ suppressions: [{ number: `+${TO}`, suppressed: "yes" }] }, ["suppressions[0].suppressed type-wrong"]],
    [{ suppressions: [{ number: `+${TO}`, at: "2026-01-31" }] }, ["suppressions[0].at time-invalid"]],
    [{ suppressions: [{ number: `+${TO}`, at: "2026-02-30T12:00:00Z" }] }, ["suppressions[0].at time-invalid"]],
    [{ suppressions: [{ number: `+${TO}`, at: "2999-01-31T12:00:00Z" }] }, ["suppressions[0].at time-invalid"]],
    [{ suppressions: [{ number: `+${TO}`, reason: "x" }] }, ["suppressions[0].reason field-unknown"]],
  ])("is refused with the field and the reason, and writes nothing (%#)", async (body, errors) => {
    expect(refusal(await call("", "POST", body))).toEqual([400, "INVALID_SUPPRESSION", ...errors]);
    expect(await written()).toEqual([]);
  });

  it("names twenty problems at the most", async () => {
    const answer = await call("", "POST", { suppressions: Array(500).fill("12") });
    expect(answer.body.errors).toHaveLength(20);
  });
});

describe("GET /v1/suppressions", () => {
  it("lists the account's own, page by page, each once", async () => {
    const numbers = Array.from({ length: 57 }, (_, i) => `4917012345${String(i).padStart(2, "0")}`);
    for (const number of numbers) ingest.consent.say("acme", number);
    ingest.consent.say("acme", "491709999999", { state: "opted_in" });
    ingest.consent.say("globex", "491708888888");
    ingest.consent.say("*", "491707777777");
    const found: string[] = [];
    let pages = 0;
    for (let next = ""; ; pages++) {
      const { status, body } = await call(`?limit=10${next}`);
      expect(status).toBe(200);
      expect(body.suppressions.length).toBeLessThanOrEqual(10);
      found.push(...body.suppressions.map(({ number }: { number: string }) => number));
      if (body.next === undefined) break;
      next = `&after=${body.next}`;
    }
    expect(found.sort()).toEqual(numbers.map((number) => `+${number}`));
    expect(pages).toBeLessThan(15);
  });

  it.each([["limit=0"], ["limit=1001"], ["limit=x"], ["after=x"], ["after=99"], ["after=-1"]])(
    "refuses ?%s",
    async (query) => {
      expect(refusal(await call(`?${query}`)).slice(0, 2)).toEqual([400, "INVALID_QUERY"]);
    },
  );
});
