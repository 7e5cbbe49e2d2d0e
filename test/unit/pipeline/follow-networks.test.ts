import { expect, it } from "vitest";
import { portabilitySchema } from "../../../domain/catalog/portability.ts";
import { learnedNetwork, portedTo } from "../../../domain/portability/known-networks.ts";
import { followNetworks } from "../../../pipeline/follow/follow-networks.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { FakeRegistry } from "./fake-registry.ts";

const registry = new FakeRegistry();
await registerSchemas(registry as never);
const codecs = await createCodecs(registry);
const codec = codecs.numberNetwork;
const TO = "4915112345678";

it("gives what receipts have said, with its time, and passes over what cannot be", async () => {
  const record = (fields: object, key: string | null = TO, value?: Buffer | null): InRecord => ({
    topic: "sms.networks",
    partition: 0,
    offset: 0,
    key: key === null ? null : Buffer.from(key),
    value: value === undefined ? codec.encode({ to: TO, network: "26203", provider: "a", ...fields }) : value,
    headers: {},
    timestamp: 77,
  });
  const records = [
    record({}),
    record({}, TO, null),
    record({}, TO, Buffer.from("no record")),
    record({}, "491510000000"),
    record({}, null),
    record({ to: "ACME" }, "ACME"),
    record({ network: "o2" }),
    record({ network: "338050" }),
  ];
  const learned: unknown[] = [];
  await followNetworks({
    reader: { follow: async (_, take) => records.forEach(take) },
    schemas: codecs,
    codec,
    learn: (...all) => learned.push(all),
    log: silentLog,
  });
  expect(learned).toEqual([
    [TO, "26203", 77],
    [TO, "338050", 77],
  ]);
});

it("believes a receipt for as long as the catalog says, and not at all where it does not say so", () => {
  const catalog = portabilitySchema.parse({ learned: { keepSeconds: 10 } });
  const known = learnedNetwork(catalog, "26203", 1_000, 10_999);
  expect(known).toEqual({ mccMnc: "26203", source: "learned", until: 11_000 });
  expect(portedTo(known)).toEqual({ mccMnc: "26203", source: "learned" });
  expect(learnedNetwork(catalog, "26203", 1_000, 11_000)).toBeUndefined();
  expect(learnedNetwork(portabilitySchema.parse({}), "26203", 1_000, 1_000)).toBeUndefined();
  expect(learnedNetwork(undefined, "26203", 1_000, 1_000)).toBeUndefined();
});
