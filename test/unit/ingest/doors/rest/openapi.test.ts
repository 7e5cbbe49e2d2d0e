import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { snapshotOf } from "../../../../../domain/catalog/snapshot.ts";
import { newMessageId } from "../../../../../domain/message/message-id.ts";
import { EXPLAIN_FIELDS } from "../../../../../pipeline/explain/explain-question.ts";
import {
  EVENT_STATES,
  EVENT_TYPES,
  type MessageRow,
  statusAnswer,
} from "../../../../../pipeline/read-model/message-status.ts";
import { signWebhook } from "../../../../../platform/http/signed-webhook.ts";
import type { AvroEnum, AvroRecord } from "../../../../../schemas/avro-schema.ts";
import { readContracts } from "../../../../../schemas/contracts.ts";
import { MESSAGE_FIELDS } from "../../../../../services/ingest/acceptance/intake.ts";
import { SUPPRESSION_FIELDS } from "../../../../../services/ingest/consent/read-suppressions.ts";
import { CONVERSION_FIELDS } from "../../../../../services/ingest/conversions/read-conversion.ts";
import { openapi } from "../../../../../services/ingest/doors/rest/openapi.ts";
import { problemCodes } from "../../../../../services/ingest/doors/rest/openapi-problems.ts";
import { schemas } from "../../../../../services/ingest/doors/rest/openapi-schemas.ts";
import { exampleCatalog } from "../../../domain/catalog/example.ts";
import { type Answer, type Harness, MESSAGE, OTHER_KEY, SECRET, startIngest } from "../../ingest-harness.ts";
import { mismatches } from "./schema-match.ts";

let ingest: Harness;
beforeAll(async () => {
  ingest = await startIngest({ acceptTimeoutMs: 100, snapshot: snapshotOf(exampleCatalog()) });
});
afterAll(() => ingest.close());

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ingest.call(path, { body, headers });

/** The answer of an instance that has the accounts only. */
async function withoutRoutes(path: string, body: unknown): Promise<Answer> {
  const other = await startIngest();
  try {
    return await other.call(path, { body });
  } finally {
    await other.close();
  }
}

/** The schema that the document gives for an answer; fails when the document does not know it. */
function schemaOf(path: string, method: string, answer: Answer): object {
  const operation = (openapi.paths as Record<string, Record<string, { responses: Record<string, unknown> }>>)[path]?.[
    method
  ];
  const response = operation?.responses[answer.status] as { content: Record<string, { schema: object }> } | undefined;
  expect(response, `${method} ${path} ${answer.status}`).toBeDefined();
  const type = (answer.headers["content-type"] as string).split(";")[0] as string;
  expect(Object.keys(response!.content)).toContain(type);
  return response!.content[type]!.schema;
}

const SEVERAL = "0197a000-0000-7000-8000-000000000001";
const AT = "2026-01-02T03:04:05.006Z";

/** A status with every field that there can be. */
function fullStatus(row: Partial<MessageRow>) {
  const text = { error_class: "transient", error_code: "E", reason: "r", provider: "p", route: "r", resubmitted: "x" };
  const message: MessageRow = {
    ...{ state: "delivered", final: 1, destination: "1", lane: "otp", encoding: "gsm7", segments: 1, reference: "r" },
    ...{ accepted_at: AT, updated_at: AT, submitted_at: AT, finished_at: AT, attempts: 1, costs: {}, ...text, ...row },
  };
  const sent = { sent_as: "ACME", rules: "x", verdicts: "b: dearer", charged: "" };
  const event = {
    ...text,
    ...sent,
    at: AT,
    attempt: 1,
    part: 1,
    due: AT,
    cost: "1",
    currency: "EUR",
    provider_message_ids: ["a"],
  };
  const conversion = { told_at: AT, converted_at: AT };
  const events = [
    ...EVENT_TYPES.map((type) => ({ ...event, type, state: "" })),
    ...EVENT_STATES.map((state) => ({ ...event, type: "receipt", state })),
  ];
  return statusAnswer(SEVERAL, message, events, conversion);
}

/** The texts of what answers HTTP requests. */
function sources(...folders: string[]): string {
  const root = join(import.meta.dirname, "../../../../..");
  const files = folders.flatMap((folder) =>
    folder.endsWith(".ts") ? [folder] : readdirSync(join(root, folder)).map((file) => join(folder, file)),
  );
  return files
    .filter((file) => file.endsWith(".ts") && !file.includes("openapi"))
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
}

/** The symbols of an enumeration in the contract of an event. */
function symbolsOf(name: string): readonly string[] {
  const { fields } = readContracts().get("Event") as AvroRecord;
  const types = fields.flatMap(({ type }) => type);
  const found = types.find((type) => typeof type === "object" && "name" in type && type.name === name) as AvroEnum;
  return found.symbols;
}

describe("what the document enumerates", () => {
  it("is every type and state that an event can have, and every status that follows from them", () => {
    const { type, state } = schemas.HistoryEntry.properties;
    const types = symbolsOf("EventType");
    const states = symbolsOf("MessageState");
    expect([...type.enum].sort()).toEqual([...types].sort());
    expect([...state.enum].sort()).toEqual([...states].sort());
    // messages_latest: the type of the last event, or the state of the final one; and what waits for its time.
    const statuses = [
      "accepted",
      "scheduled",
      ...types.filter((t) => t !== "final"),
      ...states.filter((s) => s !== "enroute"),
    ];
    expect([...schemas.MessageStatus.properties.status.enum].sort()).toEqual(statuses.sort());
  });

  it("is every problem that the code answers, under its status", () => {
    const code = sources(
      "services/ingest/doors/rest",
      "services/ingest/doors/rest/upload",
      "platform/http/express-problems.ts",
    );
    const answered = [...code.matchAll(/\bstatus: (\d{3}|fault\.status),\s*code: "([A-Z_]+)"/g)].map(
      // Where the status is that of a fault in the request, 400 stands for those that have no code of their own.
      ([, status, name]) => `${status === "fault.status" ? 400 : status} ${name}`,
    );
    const listed = Object.entries(problemCodes).flatMap(([status, names]) => names.map((name) => `${status} ${name}`));
    expect([...new Set(answered)].sort()).toEqual(listed.sort());
    const enumerated = schemas.Problem.properties.code.enum as readonly string[];
    expect([...enumerated].sort()).toEqual(listed.map((entry) => entry.slice(4)).sort());
  });

  it("is every code that can be said of a field", () => {
    const code = sources(
      ...["domain/message", "domain/numbers/destination.ts", "domain/routing/sender-fault.ts"],
      ...[
        "services/ingest/acceptance",
        "services/ingest/acceptance/idempotency",
        "services/ingest/conversions",
        "services/ingest/consent",
        "services/ingest/doors/rest",
        "services/ingest/doors/rest/upload",
        "services/ingest/uploads",
      ],
    );
    const given = [
      ...code.matchAll(/\bcode: "([a-z]+(?:-[a-z]+)+)"/g),
      ...code.matchAll(/\bproblem\([^()]*?, "([a-z]+(?:-[a-z]+)+)"/g),
      ...code.matchAll(/\brefuse\("([a-z]+(?:-[a-z]+)+)"/g),
      ...code.matchAll(/\bwrong\([^\n]*?, "([a-z]+(?:-[a-z]+)+)"/g),
      ...code.matchAll(/\b(?:unreadable|aboutHeader)\((?:line, )?"([a-z]+(?:-[a-z]+)+)"/g),
      ...code.matchAll(/^ {2}\| "(destination-[a-z-]+)"/gm),
    ].map((match) => match[1] as string);
    expect(new Set(given).size).toBeGreaterThan(20);
    const known = schemas.FieldProblem.properties.code as unknown as { examples: readonly string[] };
    expect([...new Set(given)].sort()).toEqual([...known.examples].sort());
  });

  it("is every status that an operation answers, with a body that is described", () => {
    for (const operations of Object.values(openapi.paths))
      for (const { responses } of Object.values(operations) as { responses: Record<string, object> }[])
        for (const status of Object.keys(responses))
          if (Number(status) >= 400) expect(Object.keys(problemCodes)).toContain(status);
  });
});

describe("the OpenAPI document", () => {
  it("resolves every reference", () => {
    const text = JSON.stringify(openapi);
    const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(Object.keys(schemas)).toContain(name);
  });

  it("has exactly the fields of a message that the code knows", async () => {
    expect(Object.keys(schemas.Message.properties).sort()).toEqual([...MESSAGE_FIELDS].sort());
    const missing = await post("/v1/messages", {});
    expect(missing.body.errors.map((e: { field: string }) => e.field).sort()).toEqual(
      [...schemas.Message.required].sort(),
    );
  });

  it("has exactly the fields of a question that the code knows", () => {
    expect(Object.keys(schemas.ExplainQuestion.properties).sort()).toEqual([...EXPLAIN_FIELDS].sort());
  });

  it("has exactly the fields of a suppression that the code knows", () => {
    const [, one] = schemas.SuppressionBatch.properties.suppressions.items.oneOf;
    expect(Object.keys(one!.properties!).sort()).toEqual([...SUPPRESSION_FIELDS].sort());
  });

  it("has exactly the fields of a conversion that the code knows", () => {
    expect(Object.keys(schemas.Conversion.properties).sort()).toEqual([...CONVERSION_FIELDS].sort());
  });

  const valid = { to: MESSAGE.to, text: "x" };
  it.each([
    [{ ...valid }, true],
    [{ ...valid, text: "x".repeat(1_531) }, false],
    [{ ...valid, text: "x".repeat(1_530) }, true],
    [{ ...valid, text: "" }, false],
    [{ ...valid, validity: 29 }, false],
    [{ ...valid, validity: 30 }, true],
    [{ ...valid, validity: 604_800 }, true],
    [{ ...valid, validity: 604_801 }, false],
    [{ ...valid, lane: "urgent" }, false],
    [{ ...valid, reference: "r".repeat(64) }, true],
    [{ ...valid, reference: "r".repeat(65) }, false],
    [{ ...valid, metadata: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`k${i}`, "v"])) }, false],
    [{ ...valid, metadata: { "1k": "v" } }, false],
    [{ ...valid, metadata: { k: 1 } }, false],
    [{ ...valid, idempotencyKey: "k".repeat(256) }, false],
    [{ ...valid, idempotencyKey: "k".repeat(255) }, true],
    [{ ...valid, callbackUrl: 7 }, false],
    [{ ...valid, unknown: 1 }, false],
    [{ text: "x" }, false],
  ])("judges a message as the code does (%#)", async (message, accepted) => {
    const answer = await post("/v1/messages", message);
    expect(answer.status).toBe(accepted ? 202 : 400);
    const tooManyParts = message.text.length === 1_531;
    expect(mismatches(schemas.Message, message, schemas).length === 0).toBe(accepted || tooManyParts);
  });

  it("describes the answers as they are", async () => {
    const [single, batch, routes] = ["/v1/messages", "/v1/messages/batch", "/v1/routes/explain"] as const;
    const accepted = await post(single, { ...valid, reference: "r" });
    const status = await ingest.call(`${single}/${accepted.body.id}`);
    ingest.statuses.set(`acme/${SEVERAL}`, [
      fullStatus({ destination: "491701234567", costs: { EUR: "1", USD: "2" } }),
      fullStatus({ destination: "491701234568", costs: { EUR: "1" }, final: 0, state: "postponed" }),
    ]);
    const answers: [string, string, Answer][] = [
      [single, "post", accepted],
      [single, "post", await post(single, {})],
      [single, "post", await ingest.call(single, { key: undefined, body: valid })],
      [single, "post", await post(single, valid, { "content-type": "text/plain" })],
      [single, "post", await post(single, { ...valid, text: "y", id: accepted.body.id })],
      [single, "post", await post(single, { ...valid, text: "z", id: accepted.body.id })],
      [batch, "post", await post(batch, { messages: [valid] })],
      [batch, "post", await post(batch, { messages: [valid, {}] })],
      [batch, "post", await post(batch, {})],
      ["/v1/messages/{id}", "get", status],
      ["/v1/messages/{id}", "get", await ingest.call(`${single}/x`)],
      ["/v1/messages/{id}", "get", await ingest.call(`${single}/${SEVERAL}`)],
      ["/v1/messages/{id}", "get", await ingest.call(`${single}/${SEVERAL}?to=491701234568`)],
      ["/v1/messages/{id}", "get", await ingest.call(`${single}/${SEVERAL}?to=x`)],
      ["/v1/messages/{id}", "get", await ingest.call(`${single}/%E0%A4%A`)],
      [single, "post", await post(single, '{"to":\n x}')],
      [single, "post", await ingest.call(single, { key: OTHER_KEY, body: "{" })],
      [batch, "post", await ingest.call(batch, { key: OTHER_KEY, body: { messages: Array(100).fill(valid) } })],
      [batch, "post", await ingest.call(batch, { key: OTHER_KEY, body: { messages: [valid] } })],
    ];
    const upload = "/v1/messages/upload";
    const csv = { "content-type": "text/csv" };
    answers.push(
      [upload, "post", await post(upload, "text\n", csv)],
      [upload, "post", await post(`${upload}?form=1`, "to,text\n", csv)],
      [upload, "post", await post(upload, {})],
      [upload, "post", await ingest.call(upload, { key: undefined, body: "", headers: csv })],
    );
    const uploaded = await post(upload, "to,text\n+491701234567,a\nx,b\n", csv);
    for (const line of uploaded.text.trimEnd().split("\n"))
      expect(mismatches(schemaOf(upload, "post", uploaded), JSON.parse(line), schemas), line).toEqual([]);
    const told = "/v1/messages/{id}/conversion";
    const tell = (id: string, body: unknown, headers = {}) => post(told.replace("{id}", id), body, headers);
    const week = newMessageId(Date.now() - 8 * 86_400_000);
    answers.push(
      [told, "post", await tell(accepted.body.id, { converted: true })],
      [told, "post", await tell(accepted.body.id, { converted: "yes", at: "soon" })],
      [told, "post", await tell("x", { converted: true })],
      [told, "post", await tell(week, { converted: true })],
      [told, "post", await tell(week, { converted: true }, { "content-type": "text/plain" })],
      [told, "post", await tell(week, " ".repeat(5_000))],
      [told, "post", await ingest.call(told.replace("{id}", week), { key: undefined, body: {} })],
      [told, "post", await ingest.call(told.replace("{id}", week), { key: OTHER_KEY, body: {} })],
    );
    answers.push(
      [routes, "post", await post(routes, { ...valid, from: "ACME" })],
      [routes, "post", await post(routes, { to: "+12015550123", lane: "otp", at: "2026-01-31T12:00:00Z" })],
      [routes, "post", await post(routes, { to: "x" })],
      [routes, "post", await ingest.call(routes, { key: undefined, body: valid })],
      [routes, "post", await post(routes, valid, { "content-type": "text/plain" })],
      [routes, "post", await post(routes, { ...valid, text: "x".repeat(70_000) })],
      [routes, "post", await withoutRoutes(routes, valid)],
    );
    const [list, one] = ["/v1/suppressions", "/v1/suppressions/{number}"] as const;
    const of = (number: string, method: string) => ingest.call(one.replace("{number}", number), { method });
    ingest.consent.say("acme", "491701234567");
    answers.push(
      [list, "get", await ingest.call(list)],
      [list, "get", await ingest.call(`${list}?limit=0`)],
      [list, "get", await ingest.call(list, { key: undefined })],
      [
        list,
        "post",
        await post(list, { suppressions: ["+491701234567", { number: "+491701234568", suppressed: false }] }),
      ],
      [list, "post", await post(list, { suppressions: ["x"] })],
      [list, "post", await post(list, {}, { "content-type": "text/plain" })],
      [list, "post", await post(list, " ".repeat(3_000_000))],
      [one, "get", await of("491701234567", "GET")],
      [one, "get", await of("491701234568", "GET")],
      [one, "get", await of("x", "GET")],
      [one, "put", await of("491701234567", "PUT")],
      [one, "put", await of("x", "PUT")],
      [one, "delete", await of("491701234567", "DELETE")],
      [one, "delete", await of("x", "DELETE")],
    );
    const hook = "/v1/webhooks/{account}/suppressions";
    const tellOf = (body: unknown, at = Date.now()) => {
      const text = JSON.stringify(body);
      const headers = signWebhook(SECRET, "1", at, text);
      return ingest.call(hook.replace("{account}", "acme"), { body: text, key: undefined, headers });
    };
    answers.push(
      [hook, "post", await tellOf([{ number: "+491701234567", suppressed: false }])],
      [hook, "post", await tellOf({})],
      [hook, "post", await tellOf([], 0)],
    );
    ingest.consent.complete = false;
    answers.push([list, "get", await ingest.call(list)], [one, "get", await of("491701234567", "GET")]);
    ingest.writer.onSend = () => new Promise(() => {});
    answers.push(
      [one, "put", await of("491701234567", "PUT")],
      [one, "delete", await of("491701234567", "DELETE")],
      [list, "post", await post(list, { suppressions: ["+491701234567"] })],
      [single, "post", await post(single, valid)],
      [batch, "post", await post(batch, { messages: [valid, {}] })],
    );
    ingest.writer.hasRoom = false;
    answers.push([single, "post", await post(single, valid)]);
    answers.push([told, "post", await tell(accepted.body.id, { converted: true })]);
    expect(new Set(answers.map(([, , answer]) => answer.status))).toEqual(
      new Set([200, 202, 207, 400, 401, 404, 409, 413, 415, 422, 429, 503]),
    );
    for (const [path, method, answer] of answers) {
      expect(mismatches(schemaOf(path, method, answer), answer.body, schemas), answer.text).toEqual([]);
      if (answer.status === 503) expect(answer.headers["retry-after"]).toBeDefined();
    }
  });
});
