import { randomUUID } from "node:crypto";
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { beforeAll, expect, test } from "vitest";
import { connectCodecs, type SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { loadEarlierSchemas } from "../../pipeline/records/earlier-schemas.ts";
import { registerSchemas, subjects } from "../../pipeline/records/register.ts";
import { SchemaRegistryClient } from "../../platform/codec/schema-registry.ts";
import { silentLog } from "../../platform/log/log.ts";
import { composeContracts, readContracts } from "../../schemas/contracts.ts";
import type { Event, SendRequest } from "../../schemas/generated/types.ts";
import { sharedCluster } from "../fixture/shared-cluster.ts";

/** What Sluice's codec and registry client promise, against a real registry and the client that others use. */

const { registryUrl } = sharedCluster();
const ours = new SchemaRegistryClient(registryUrl);
const schemas = composeContracts(readContracts());
let codecs: SluiceCodecs;

/** A client without Sluice's options, as an independent program has it. */
const independent = () => new SchemaRegistry({ host: registryUrl });
/** A subject of its own for each use, so that runs on one registry do not meet. */
const freshSubject = () => `contract-test.${randomUUID()}`;

beforeAll(async () => {
  await registerSchemas(ours);
  codecs = await connectCodecs(registryUrl);
});

const request: SendRequest = {
  messageId: "0b9f2d3e-7c1a-4a5e-9a53-3f1f0d5b6a7c",
  accountId: "acme",
  to: "4915112345678",
  from: "ACME",
  text: "Dein Code ist 4711 – gültig für 5 Minuten 🎉",
  validitySeconds: 300,
  reference: null,
  callbackUrl: null,
  transliterate: false,
  sendAt: null,
  receiptTo: null,
  metadata: { campaign: "spring" },
  acceptedAt: 1_764_000_000_123,
};

const event: Event = {
  type: "submitted",
  at: 1_764_000_000_000,
  facts: {
    messageId: request.messageId ?? "",
    accountId: "acme",
    lane: "otp",
    to: "4915112345678",
    from: null,
    country: "DE",
    network: "26201",
    encoding: "ucs2",
    segments: 2,
    reference: "order-1",
    callbackUrl: null,
    metadata: {},
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
  cost: -15_000,
  currency: "EUR",
  submittedAt: 1_764_000_000_100,
  providerMessageIds: ["a1", "a2"],
  resubmitted: "timed-out",
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
  verdicts: null,
  due: null,
};

test("registering again changes nothing, and every subject stands under BACKWARD_TRANSITIVE", async () => {
  const again = await registerSchemas(ours);
  expect(again.length).toBe(subjects().size);
  expect(again.filter((entry) => entry.added)).toEqual([]);
  for (const subject of subjects().keys()) {
    const answer = await fetch(`${registryUrl}/config/${subject}`);
    expect(await answer.json(), subject).toEqual({ compatibilityLevel: "BACKWARD_TRANSITIVE" });
  }
});

test("others read what Sluice writes", async () => {
  const client = independent();
  expect(await client.decode(codecs.request.encode(request))).toEqual(request);
  const seen = await client.decode(codecs.event.encode(event));
  // An independent client without a decimal type sees the unscaled bytes: 7,500 and -15,000 millionths.
  expect(seen).toEqual({ ...event, price: Buffer.from("1d4c", "hex"), cost: Buffer.from("c568", "hex") });
});

test("Sluice reads what others write, with the schema that stands under the topic's name", async () => {
  const client = independent();
  const id = await client.getLatestSchemaId("sms.requests.otp-value");
  const { accountId, to, text } = request;
  // Only the fields without default: what the smallest upstream program gives.
  const record = await client.encode(id, { accountId, to, text });
  const decoded = codecs.request.decode(record);
  expect(decoded).toEqual({
    ok: true,
    value: {
      ...request,
      messageId: null,
      from: null,
      validitySeconds: null,
      metadata: {},
      acceptedAt: null,
    },
  });
});

test("a record of an older writer decodes once its schema is loaded, with defaults for what was added since", async () => {
  const current = schemas.get("Event")!;
  const older = { ...current, fields: current.fields.filter(({ name }) => !["resubmitted", "cost"].includes(name)) };
  const client = independent();
  const { id } = await client.register(older as never, { subject: freshSubject() });
  const record = await client.encode(id, { ...event, price: Buffer.from("1d4c", "hex") });
  expect(codecs.event.decode(record)).toMatchObject({ ok: false, code: "unknown-schema", schemaId: id });
  expect(await Promise.all([codecs.loadSchema(id), codecs.loadSchema(id)])).toEqual(["loaded", "loaded"]);
  expect(codecs.event.decode(record)).toEqual({ ok: true, value: { ...event, cost: null, resubmitted: null } });
});

test("a change that cannot read what was written before is refused, and named", async () => {
  const subject = freshSubject();
  const receipt = schemas.get("Receipt")!;
  const added = { name: "colour", type: "string", doc: "Without a default." };
  await ours.register(subject, receipt);
  const change = ours.register(subject, { ...receipt, fields: [...receipt.fields, added] });
  await expect(change).rejects.toMatchObject({
    code: "SCHEMA_INCOMPATIBLE",
    class: "permanent",
    message: expect.stringMatching(/colour/),
  });
  const allowed = { ...receipt, fields: [...receipt.fields, { ...added, default: "" }] };
  expect(await ours.register(subject, allowed)).toBeGreaterThan(0);
});

test("compatibility looks back over all versions, not only the last", async () => {
  const subject = freshSubject();
  const version = (...fields: object[]) => ({ type: "record", name: "V", namespace: "t", fields });
  const kept = { name: "kept", type: "string" };
  await ours.register(subject, version(kept));
  await ours.register(subject, version(kept, { name: "x", type: "string", default: "" }));
  // Fits the second version, which always wrote x, but not the first.
  await expect(ours.register(subject, version(kept, { name: "x", type: "string" }))).rejects.toMatchObject({
    code: "SCHEMA_INCOMPATIBLE",
  });
});

test("a subject's versions are the newest first, as many as are asked for, with their schemas; those of earlier ones are learned at a start", async () => {
  const subject = freshSubject();
  const version = (...fields: object[]) => ({
    type: "record",
    name: "V",
    namespace: `t${subject.slice(14, 22)}`,
    fields,
  });
  const added = (name: string) => ({ name, type: "string", default: "" });
  const ids: number[] = [];
  for (const fields of [[], [added("x")], [added("x"), added("y")]])
    ids.unshift(await ours.register(subject, version(...fields)));
  const versions = await ours.versionsOf(subject, 9);
  const found = await Promise.all(versions.map((version) => ours.versionOf(subject, version)));
  expect(found.map((one) => one?.id)).toEqual(ids);
  expect(found.map((one) => one?.schema)).toEqual(await Promise.all(ids.map((id) => ours.schemaOf(id))));
  expect(await ours.versionsOf(subject, 2)).toEqual(versions.slice(0, 2));
  expect(await ours.versionsOf(freshSubject(), 9)).toEqual([]);
  expect(ids.map((id) => codecs.knowsSchema(id))).toEqual([false, false, false]);
  await loadEarlierSchemas(ours, codecs, silentLog, [subject]);
  expect(ids.map((id) => codecs.knowsSchema(id))).toEqual([true, true, true]);
});

test("schemas that cannot be used make records undecodable, not errors", async () => {
  const client = independent();
  const content = { $schema: "http://json-schema.org/draft-07/schema#", type: "object", properties: {} };
  const json = { type: SchemaType.JSON, schema: JSON.stringify(content) } as const;
  const { id } = await client.register(json, { subject: freshSubject() });
  // A decimal with two places: read as ours it would be wrong by a factor of 10,000.
  const cents = { type: "bytes", logicalType: "decimal", precision: 18, scale: 2 };
  const foreign = { type: "record", name: "Event", namespace: "sluice", fields: [{ name: "price", type: cents }] };
  const { id: otherScale } = await client.register(foreign as never, { subject: freshSubject() });
  for (const schemaId of [id, otherScale]) expect(await codecs.loadSchema(schemaId)).toBe("loaded");
  expect(await codecs.loadSchema(99_999_999)).toBe("missing");
  for (const schemaId of [id, otherScale, 99_999_999]) {
    const record = Buffer.alloc(20);
    record.writeInt32BE(schemaId, 1);
    expect(codecs.event.decode(record)).toMatchObject({ ok: false, code: "undecodable", schemaId });
  }
});

test("a registry that is not there is a transient fault", async () => {
  const nowhere = "http://127.0.0.1:1/apis/ccompat/v7";
  const fault = { code: "REGISTRY_UNAVAILABLE", class: "transient" };
  await expect(connectCodecs(nowhere)).rejects.toMatchObject(fault);
  await expect(new SchemaRegistryClient(nowhere).schemaOf(1)).rejects.toMatchObject(fault);
  await expect(new SchemaRegistryClient(nowhere).register("a", schemas.get("Retry")!)).rejects.toMatchObject(fault);
});
