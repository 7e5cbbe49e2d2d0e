import { expect, test, vi } from "vitest";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { registerSchemas, subjects } from "../../../pipeline/records/register.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { FakeRegistry } from "./fake-registry.ts";

const event: Event = {
  type: "submitted",
  at: 1_764_000_000_000,
  facts: {
    messageId: "0b9f2d3e-7c1a-4a5e-9a53-3f1f0d5b6a7c",
    accountId: "acme",
    lane: "otp",
    to: "4915112345678",
    from: "ACME",
    country: "DE",
    network: "262-01",
    encoding: "gsm7",
    segments: 2,
    reference: null,
    callbackUrl: null,
    metadata: { campaign: "spring" },
    acceptedAt: 1_764_000_000_000,
    expiresAt: 1_764_086_400_000,
    networkSource: null,
    sentAs: null,
    segmentsSaved: 0,
    receiptTo: null,
  },
  attempt: 1,
  provider: "alpha",
  route: "de",
  reason: null,
  price: 7_500,
  cost: 15_000,
  currency: "EUR",
  submittedAt: 1_764_000_000_100,
  providerMessageIds: ["a1", "a2"],
  resubmitted: null,
  errorClass: null,
  errorCode: null,
  part: null,
  state: null,
  doneAt: null,
  receiptAt: null,
  source: null,
  spendLeft: null,
  spendCurrency: null,
  charge: null,
  rules: null,
  counted: [],
  onDelivery: false,
  tariff: null,
  routedAt: null,
  verdicts: "b: dearer",
  due: null,
};

test("codecs are there once all schemas are registered, and not before", async () => {
  const registry = new FakeRegistry();
  await expect(createCodecs(registry)).rejects.toMatchObject({ code: "SCHEMA_NOT_REGISTERED", class: "transient" });
  await registerSchemas(registry);
  const codecs = await createCodecs(registry);
  expect(codecs.event.decode(codecs.event.encode(event))).toEqual({ ok: true, value: event });
});

test("this program's own schemas are known although the registry is away, also to the codecs of other records", async () => {
  const registry = new FakeRegistry();
  await registerSchemas(registry);
  const codecs = await createCodecs(registry);
  const asked = vi.spyOn(registry, "schemaOf");
  const record = codecs.event.encode(event);
  expect(await codecs.loadSchema(record.readInt32BE(1))).toBe("loaded");
  expect(codecs.receipt.decode(record)).toMatchObject({ ok: false, code: "undecodable" });
  expect(asked).not.toHaveBeenCalled();
  expect(await codecs.loadSchema(4_711)).toBe("missing");
  codecs.learnSchema(4_712, { state: "unusable", why: "it is JSON" });
  asked.mockClear();
  expect([codecs.knowsSchema(4_712), await codecs.loadSchema(4_712)]).toEqual([true, "loaded"]);
  expect(asked).not.toHaveBeenCalled();
});

test("requests and conversions are also found under the topics that carry them", () => {
  const all = subjects();
  expect(all.size).toBe(31);
  for (const lane of ["otp", "transactional", "marketing"])
    expect(all.get(`sms.requests.${lane}-value`)).toBe(all.get("sluice.SendRequest"));
  expect(all.get("sms.conversions-value")).toBe(all.get("sluice.Conversion"));
});

test("registering again changes nothing; every refusal is told, and the rest is registered", async () => {
  const registry = new FakeRegistry();
  registry.refuse = (subject) => ["sluice.Event", "sluice.Receipt"].includes(subject);
  await expect(registerSchemas(registry)).rejects.toThrow(
    /2 of 31 .*\nsluice\.Event: refused\nsluice\.Receipt: refused/s,
  );
  registry.refuse = () => false;
  const added = (await registerSchemas(registry)).filter((entry) => entry.added).map((entry) => entry.subject);
  expect(added).toEqual(["sluice.Event", "sluice.Receipt"]);
  expect((await registerSchemas(registry)).some((entry) => entry.added)).toBe(false);
});
