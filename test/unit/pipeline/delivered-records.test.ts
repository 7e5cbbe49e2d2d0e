import { expect, test } from "vitest";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { DeliveredRecords, WHOLE_TEXT } from "../../../pipeline/records/delivered-records.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import { avroType } from "../../../platform/codec/avro-types.ts";
import { composeContracts, readContracts } from "../../../schemas/contracts.ts";
import type { Inbound, Receipt } from "../../../schemas/generated/types.ts";
import { FakeRegistry } from "./fake-registry.ts";

const inbound: Inbound = {
  ...WHOLE_TEXT,
  provider: "alpha",
  from: "491700000012",
  to: "68849",
  text: "id:1 stat:DELIVRD err:000",
  receivedAt: 7,
};
const receipt: Receipt = {
  provider: "alpha",
  providerMessageId: "1",
  to: "491700000012",
  messageId: null,
  state: "delivered",
  errorCode: null,
  doneAt: null,
  receivedAt: 7,
  network: null,
  inbound,
  parts: 2,
};

test("a receipt carries the message that it may be after all, and its parts", async () => {
  const registry = new FakeRegistry();
  await registerSchemas(registry);
  const codecs = await createCodecs(registry);
  const record = new DeliveredRecords(codecs, 6).receipt(receipt);
  expect(codecs.receipt.decode(record.value!)).toEqual({ ok: true, value: receipt });
});

/** The records of af0e5d3, which an installation that is upgraded still holds: without the fields at the end. */
test.each([
  ["Receipt", "receivedAt", { ...receipt, inbound: null, parts: null, network: null }],
  ["Inbound", "receivedAt", inbound],
] as const)(
  "a %s that was written before its last fields were there is read with their defaults",
  async (name, last, value) => {
    const registry = new FakeRegistry();
    await registerSchemas(registry);
    const codecs = await createCodecs(registry);
    const now = composeContracts(readContracts()).get(name)!;
    const before = { ...now, fields: now.fields.slice(0, now.fields.findIndex((field) => field.name === last) + 1) };
    const id = await registry.register(`sluice.${name}`, before);
    const header = Buffer.alloc(5);
    header.writeInt32BE(id, 1);
    const written = Buffer.concat([header, avroType(before).toBuffer(value)]);
    expect(await codecs.loadSchema(id)).toBe("loaded");
    const codec = name === "Receipt" ? codecs.receipt : codecs.inbound;
    expect(codec.decode(written)).toEqual({ ok: true, value });
  },
);
