import { expect, it } from "vitest";
import { consentRecord } from "../../../pipeline/follow/consent-copy.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { readRecipient } from "../../../services/cli/explain/known-recipient.ts";
import { testCodecs } from "../ingest/ingest-harness.ts";

const PARTITIONS = 6;
const TO = "491701234567";
const partition = partitionFor(TO, PARTITIONS);
/** Another number of the same partition. */
const OTHER = Array.from({ length: 100 }, (_, i) => `4917012300${String(i).padStart(2, "0")}`).find(
  (number) => partitionFor(number, PARTITIONS) === partition,
)!;

it("knows of a number what has been said last to an account or to all, and what it had by each of its caps", async () => {
  const codecs = await testCodecs();
  const said = (accountId: string, destination: string, state: "opted_out" | "opted_in", at: number) =>
    consentRecord(codecs.consent, PARTITIONS, { accountId, destination, state, source: "keyword", at });
  const counted = (accountId: string, cap: string, destination: string, times: number[]) => ({
    topic: "sms.frequency",
    key: `${accountId}/${cap}:${destination}`,
    value: codecs.frequency.encode({ accountId, cap, destination, times, messages: times.map((_, i) => i) }),
  });
  const log = [
    said("acme", OTHER, "opted_out", 3_000),
    said("acme", TO, "opted_out", 1_000),
    said("globex", TO, "opted_out", 1_000),
    said("globex", TO, "opted_in", 2_000),
    counted("acme", "two", TO, [5]),
    counted("acme", "two", OTHER, [6, 7]),
    counted("acme", "two", TO, [5, 9]),
    counted("globex", "two", TO, [8]),
  ];
  const reader = {
    watermarks: async () => Array.from({ length: PARTITIONS }, () => ({ low: 0, high: 100 })),
    readRange: async (topic: string, from: number, _: number, __: number, onRecord: (record: InRecord) => void) => {
      expect(from).toBe(partition);
      for (const [offset, one] of log.entries())
        if (one.topic === topic)
          onRecord({ ...one, key: Buffer.from(one.key), partition, offset, timestamp: 0, headers: {} } as InRecord);
    },
  };
  const of = await readRecipient(TO, { reader, codecs, partitions: PARTITIONS });
  expect(of("acme").optOut).toMatchObject({ state: "opted_out", at: 1_000 });
  expect([of("globex").optOut, of("nordbank").optOut, of(undefined).optOut]).toEqual([null, null, null]);
  const had = (account: string, cap: string) => of(account).sent!(cap).map(({ at }) => at);
  expect([had("acme", "two"), had("globex", "two"), had("acme", "three")]).toEqual([[5, 9], [8], []]);
  // A version of the schema that is seen for the first time.
  let known = false;
  const newer = {
    ...codecs,
    loadSchema: async () => {
      known = true;
      return "loaded" as const;
    },
    frequency: {
      ...codecs.frequency,
      encode: codecs.frequency.encode,
      decode: (value: Buffer) =>
        known
          ? codecs.frequency.decode(value)
          : { ok: false as const, code: "unknown-schema" as const, detail: "", schemaId: 7 },
    },
  };
  const loaded = await readRecipient(TO, { reader, codecs: newer, partitions: PARTITIONS });
  expect(loaded("acme").sent!("two").map(({ at }) => at)).toEqual([5, 9]);
  log.push(said("*", TO, "opted_out", 4_000));
  const later = await readRecipient(TO, { reader, codecs, partitions: PARTITIONS });
  expect([later("nordbank").optOut?.at, later(undefined).optOut?.at]).toEqual([4_000, 4_000]);
});
