import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCursor, writeCursor } from "../../../../../pipeline/read-model/list-cursor.ts";
import type { ListedMessage } from "../../../../../pipeline/read-model/list-messages.ts";
import { SluiceError } from "../../../../../platform/errors/sluice-error.ts";
import { schemas } from "../../../../../services/ingest/doors/rest/openapi-schemas.ts";
import { type Harness, OTHER_KEY, startIngest } from "../../ingest-harness.ts";
import { mismatches } from "./schema-match.ts";

let ingest: Harness;
beforeEach(async () => {
  ingest = await startIngest();
});
afterEach(() => ingest.close());

const ID = "0197a000-0000-7000-8000-000000000001";
const AT = "2026-01-02T03:04:05.006Z";
const LISTED: ListedMessage = {
  ...{ id: ID, status: "delivered", final: true, to: "+491701234567", from: "ACME", lane: "otp", country: "DE" },
  ...{ encoding: "gsm7", segments: 1, reference: "r", metadata: { campaign: "spring" }, acceptedAt: AT, sendAt: null },
  ...{ updatedAt: AT, submittedAt: AT, finishedAt: AT, attempts: 1, provider: "alpha", costs: { EUR: "0.07" } },
  ...{ errorClass: "", errorCode: "", reason: "" },
};
const NOTHING = { to: undefined, reference: undefined, labels: {}, lane: undefined, status: undefined };

describe("GET /v1/messages", () => {
  it("asks for the account's own alone, by everything that can be asked for", async () => {
    await ingest.call("/v1/messages", { key: OTHER_KEY });
    await ingest.call(
      "/v1/messages?to=%2B49%20170%201234567&reference=r%201&label=campaign:spring&label=shop:a:b&lane=otp&status=scheduled" +
        "&from=2026-01-01T00:00:00Z&until=2026-01-02T01:00:00+01:00&limit=7",
    );
    expect(ingest.listed).toEqual([
      [{ account: "globex", ...NOTHING, from: undefined, until: undefined }, 50, undefined],
      [
        {
          ...{ account: "acme", to: "491701234567", reference: "r 1", labels: { campaign: "spring", shop: "a:b" } },
          ...{ lane: "otp", status: "scheduled", from: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 0, 2) },
        },
        7,
        undefined,
      ],
    ]);
  });

  it("says what is known of each, as the document has it, and hands its cursor back as it was", async () => {
    const place = { acceptedAt: Date.parse(AT), id: ID, destination: "491701234567" };
    const scheduled = { ...LISTED, status: "scheduled", final: false, sendAt: AT, provider: "", submittedAt: null };
    ingest.list = async () => ({ messages: [LISTED, scheduled], next: place });
    const { status, body } = await ingest.call("/v1/messages");
    expect(status).toBe(200);
    expect(mismatches(schemas.MessageList, body, schemas)).toEqual([]);
    const { errorClass: _, errorCode: __, reason: ___, sendAt: ____, ...said } = LISTED;
    expect(body.messages[0]).toEqual(said);
    expect(body.messages[1]).toMatchObject({ status: "scheduled", sendAt: AT });
    expect(body.messages[1]).not.toHaveProperty("provider");
    await ingest.call(`/v1/messages?after=${body.next}`);
    expect(ingest.listed.at(-1)?.[2]).toEqual(place);
  });

  it("takes any name that a label may have", async () => {
    expect((await ingest.call("/v1/messages?label=constructor:acme")).status).toBe(200);
    expect(ingest.listed.at(-1)?.[0].labels).toEqual({ constructor: "acme" });
  });

  it.each([
    ["to=12", "to", "destination-invalid"],
    ["reference=", "reference", "length-out-of-range"],
    ["label=campaign", "label", "label-invalid"],
    ["label=1a:b", "label", "label-invalid"],
    ["label=a:b&label=a:c", "label", "label-invalid"],
    [Array.from({ length: 11 }, (_, i) => `label=a${i}:b`).join("&"), "label", "metadata-too-many"],
    ["lane=urgent", "lane", "lane-unknown"],
    ["status=accepted", "status", "status-unknown"],
    ["from=yesterday", "from", "time-invalid"],
    ["until=2026-01-02T01:00:00", "until", "time-invalid"],
    ["limit=0", "limit", "number-out-of-range"],
    ["limit=101", "limit", "number-out-of-range"],
    ["limit=1&limit=2", "limit", "type-wrong"],
    ["after=x", "after", "cursor-invalid"],
  ])("refuses %s, by name", async (query, field, code) => {
    const answer = await ingest.call(`/v1/messages?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_QUERY", errors: [{ field, code }] } });
    expect(ingest.listed).toEqual([]);
  });

  it.each([
    ["STATUS_UNAVAILABLE", "transient", 503, "UNAVAILABLE"],
    ["LOOKUP_TOO_LARGE", "permanent", 503, "UNAVAILABLE"],
    ["LOOKUPS_FULL", "throttled", 429, "TOO_MANY_REQUESTS"],
  ] as const)("answers %s as a problem", async (code, kind, status, said) => {
    ingest.list = () => Promise.reject(new SluiceError("x", { code, class: kind }));
    const answer = await ingest.call("/v1/messages");
    expect(answer).toMatchObject({ status, body: { code: said } });
    expect(answer.headers["retry-after"]).toBe("1");
  });
});

describe("a cursor", () => {
  it("is read as it was written, and nothing else is one", () => {
    for (const place of [
      { acceptedAt: 1, id: ID },
      { acceptedAt: 1_767_323_045_006, id: ID, destination: "49" },
    ])
      expect(readCursor(writeCursor(place))).toEqual(place);
    const of = (text: string) => readCursor(Buffer.from(text).toString("base64url"));
    for (const text of ["", "x", `1.${ID}`, `99999999999999.${ID}.`, `1.${"-".repeat(36)}.`, `1.${ID}.x`])
      expect(of(text), text).toBeUndefined();
  });
});
