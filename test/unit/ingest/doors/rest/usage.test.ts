import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SluiceError } from "../../../../../platform/errors/sluice-error.ts";
import { schemas } from "../../../../../services/ingest/doors/rest/openapi-schemas.ts";
import { type Harness, OTHER_KEY, startIngest } from "../../ingest-harness.ts";
import { mismatches } from "./schema-match.ts";

let ingest: Harness;
beforeEach(async () => {
  ingest = await startIngest();
});
afterEach(() => ingest.close());

describe("GET /v1/usage", () => {
  it("is the account's own, of the days asked for, as the document has it", async () => {
    const usage = [
      { day: "2026-01-31", lane: "otp", submitted: 3, segments: 4, delivered: 2, costs: { EUR: "0.21" } },
    ] as const;
    ingest.usage = async () => usage;
    const { status, body } = await ingest.call("/v1/usage?from=2026-01-01&until=2026-02-01", { key: OTHER_KEY });
    expect(status).toBe(200);
    expect(body).toEqual({ from: "2026-01-01", until: "2026-02-01", usage });
    expect(mismatches(schemas.Usage, body, schemas)).toEqual([]);
    expect(ingest.usageAsked).toEqual([["globex", "2026-01-01", "2026-02-01"]]);
  });

  it("is of the last thirty days, today among them, where none are named", async () => {
    const { body } = await ingest.call("/v1/usage");
    expect((Date.parse(body.until) - Date.parse(body.from)) / 86_400_000).toBe(30);
    expect(Date.parse(body.until) - Date.now()).toBeGreaterThan(0);
    expect(Date.parse(body.until) - Date.now()).toBeLessThanOrEqual(86_400_000);
  });

  it.each([
    ["from=2026-02-30", "from"],
    ["from=2026-01-01T00:00:00Z", "from"],
    ["until=soon", "until"],
    ["from=2026-01-01&until=2026-01-01", "until"],
    ["from=2026-01-01&until=2027-01-03", "until"],
    ["from=2026-01-01&from=2026-01-02", "from"],
  ])("refuses %s, by name", async (query, field) => {
    expect(await ingest.call(`/v1/usage?${query}`)).toMatchObject({
      ...{ status: 400, body: { code: "INVALID_QUERY", errors: [{ field, code: "time-invalid" }] } },
    });
    expect(ingest.usageAsked).toEqual([]);
  });

  it("says when analytics does not answer", async () => {
    ingest.usage = () => Promise.reject(new SluiceError("x", { code: "STATUS_UNAVAILABLE", class: "transient" }));
    const answer = await ingest.call("/v1/usage");
    expect(answer).toMatchObject({ status: 503, body: { code: "UNAVAILABLE" } });
    expect(answer.headers["retry-after"]).toBe("1");
  });
});
