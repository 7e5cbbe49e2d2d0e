import { expect, test } from "vitest";
import { consentRecord } from "../../../../pipeline/follow/consent-copy.ts";
import { lastWords, standingOf } from "../../../../pipeline/follow/last-words.ts";
import type { InRecord } from "../../../../platform/kafka/record.ts";
import { testCodecs } from "../../ingest/ingest-harness.ts";

const TO = "491701234567";
const codecs = await testCodecs();

/** sms.consent with one partition. Records have the schema with this id until it has been loaded. */
function world(later: boolean) {
  const log: InRecord[] = [];
  const ranges: number[] = [];
  const asked: number[] = [];
  let known = !later;
  const append = (accountId: string, destination: string, state: "opted_out" | "opted_in" | null, at: number) => {
    const { key, value } = consentRecord(codecs.consent, 1, {
      ...{ accountId, destination, state: state ?? "opted_in", source: "keyword", at },
    });
    log.push({
      ...{ topic: "sms.consent", partition: 0, offset: log.length, timestamp: 0, headers: {} },
      ...{ key: Buffer.from(key), value: state === null ? null : value },
    });
  };
  const consentLog = {
    partitions: 1,
    reader: {
      watermarks: async () => [{ low: 0, high: log.length }],
      readRange: async (_: string, __: number, from: number, to: number, give: (record: InRecord) => void) => {
        ranges.push(from);
        log.slice(from, to).forEach(give);
      },
    },
    codecs: {
      consent: {
        ...codecs.consent,
        encode: codecs.consent.encode,
        decode: (value: Buffer) =>
          known
            ? codecs.consent.decode(value)
            : { ok: false as const, code: "unknown-schema" as const, detail: "", schemaId: 7 },
      },
      loadSchema: async (id: number) => {
        asked.push(id);
        known = true;
        return "loaded" as const;
      },
    },
  };
  return { append, consentLog, ranges, asked };
}

for (const later of [false, true])
  test(`the last words hold, in the order of the log${later ? ", also with a schema that is not known yet" : ""}`, async () => {
    const { append, consentLog, asked } = world(later);
    append("acme", TO, "opted_out", 1_000);
    append("globex", TO, "opted_out", 1_000);
    append("globex", TO, null, 0);
    append("globex", TO, "opted_in", 500);
    append("nordbank", TO, "opted_out", 700);
    append("nordbank", TO, null, 0);
    append("acme", "491701234568", "opted_out", 3_000);
    const words = await standingOf(consentLog, TO);
    expect(words.map(({ accountId, word, suppressed }) => [accountId, word.state, word.at, suppressed])).toEqual([
      ["acme", "opted_out", 1_000, true],
      ["globex", "opted_in", 500, false],
    ]);
    expect(asked).toEqual(later ? [7] : []);
  });

test("what waits for a schema is bounded: what stands behind it is read once more", async () => {
  const { append, consentLog, ranges, asked } = world(true);
  for (let n = 0; n < 25_000; n++) append("acme", String(491_700_000_000 + n), "opted_out", n + 1);
  append("acme", "491700000000", null, 0);
  expect(await lastWords(consentLog, 0)).toHaveLength(24_999);
  expect([asked, ranges]).toEqual([[7], [0, 20_000]]);
});
