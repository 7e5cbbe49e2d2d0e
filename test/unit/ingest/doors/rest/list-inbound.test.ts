import { afterEach, beforeEach, expect, it } from "vitest";
import type { InboundData } from "../../../../../pipeline/records/inbound-data.ts";
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
const RECEIVED: InboundData = {
  ...{ id: ID, account: "acme", from: "+491701234567", to: "12345", text: "Yes", binary: null, receivedAt: AT },
  ...{ segments: 1, missing: 0, media: [], optOut: null },
};

it("asks for the account's own alone, by everything that can be asked for", async () => {
  await ingest.call("/v1/inbound", { key: OTHER_KEY });
  await ingest.call(
    "/v1/inbound?number=%2B49%20170%201234567&to=12345&from=2026-01-01T00:00:00Z&until=2026-01-02T01:00:00+01:00&limit=7",
  );
  const nothing = { number: undefined, to: undefined, from: undefined, until: undefined };
  expect(ingest.inboundAsked).toEqual([
    [{ account: "globex", ...nothing }, 50, undefined],
    [
      {
        ...{ account: "acme", number: "491701234567", to: "12345" },
        ...{ from: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 0, 2) },
      },
      7,
      undefined,
    ],
  ]);
});

it("says what the document says, and hands its cursor back as it was", async () => {
  const place = { acceptedAt: Date.parse(AT), id: ID };
  ingest.inbound = async () => ({ messages: [RECEIVED], next: place });
  const { status, body } = await ingest.call("/v1/inbound");
  expect(status).toBe(200);
  expect(mismatches(schemas.ReceivedMessageList, body, schemas)).toEqual([]);
  expect(body.messages).toEqual([RECEIVED]);
  await ingest.call(`/v1/inbound?after=${body.next}`);
  expect(ingest.inboundAsked.at(-1)?.[2]).toEqual(place);
});

it.each([
  ["number=", "number", "length-out-of-range"],
  ["to=", "to", "length-out-of-range"],
  ["from=yesterday", "from", "time-invalid"],
  ["limit=101", "limit", "number-out-of-range"],
  ["after=x", "after", "cursor-invalid"],
])("refuses %s, by name", async (query, field, code) => {
  const answer = await ingest.call(`/v1/inbound?${query}`);
  expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_QUERY", errors: [{ field, code }] } });
  expect(ingest.inboundAsked).toEqual([]);
});

it("needs a key, and says when analytics is away", async () => {
  expect((await ingest.call("/v1/inbound", { key: "nobody" })).status).toBe(401);
  ingest.inbound = () => Promise.reject(new SluiceError("x", { code: "STATUS_UNAVAILABLE", class: "transient" }));
  expect(await ingest.call("/v1/inbound")).toMatchObject({ status: 503, body: { code: "UNAVAILABLE" } });
});
