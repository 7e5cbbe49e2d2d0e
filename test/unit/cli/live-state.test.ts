import { expect, it } from "vitest";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { unknownMarks } from "../../../platform/kafka/topic-marks.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { liveStateOf } from "../../../services/cli/explain/live-state.ts";
import { testCodecs } from "../ingest/ingest-harness.ts";

const PARTITIONS = 6;
const TO = "491701234567";
const HOME = partitionFor(TO, PARTITIONS);

/** Topics of which only sms.networks holds anything; `leaderless`: not to be read where the number's partition is. */
async function logs(networks: readonly (string | null)[], leaderless = false) {
  const codecs = await testCodecs();
  const records = networks.map((network, offset) => ({
    ...{ topic: "sms.networks", partition: HOME, offset, key: Buffer.from(TO), headers: {}, timestamp: 1_000 + offset },
    value: network === null ? null : codecs.numberNetwork.encode({ to: TO, network, provider: "alpha" }),
  }));
  const marks = (topic: string) =>
    Array.from({ length: PARTITIONS }, (_, partition) => {
      if (topic !== "sms.networks" || partition !== HOME) return { low: 0, high: 0 };
      return leaderless ? unknownMarks(topic, partition) : { low: 0, high: records.length };
    });
  const reader = {
    follow: async () => {},
    watermarks: async (topic: string) => marks(topic),
    readRange: async (topic: string, partition: number, from: number, to: number, take: (record: InRecord) => void) => {
      for (const record of records)
        if (record.topic === topic && record.partition === partition && record.offset >= from && record.offset < to)
          take(record);
    },
  } as unknown as TopicReader;
  return { reader, codecs, partitions: PARTITIONS } as unknown as Parameters<typeof liveStateOf>[0];
}

it("knows what receipts have said of a number's network last, and that it has been taken back", async () => {
  expect((await liveStateOf(await logs(["26201", "26203"]), TO)).learned).toEqual({ mccMnc: "26203", at: 1_001 });
  expect((await liveStateOf(await logs(["26201", null]), TO)).learned).toBeUndefined();
});

it("answers with all the rest where a number's partition of sms.networks cannot be read", async () => {
  const state = await liveStateOf(await logs([], true), TO);
  expect(state).toMatchObject({ version: undefined, words: [], learned: "unread" });
  expect(state.recipient?.("acme").optOut).toBeNull();
});
