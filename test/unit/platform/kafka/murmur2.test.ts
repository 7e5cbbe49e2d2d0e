import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { expect, test } from "vitest";
import { murmur2, partitionFor } from "../../../../platform/kafka/murmur2.ts";

test("agrees with the values that Kafka's own UtilsTest expects of the Java hash", () => {
  const known: [string, number][] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ];
  for (const [text, hash] of known) expect(murmur2(Buffer.from(text)), text).toBe(hash);
});

test("chooses the partition that KafkaJS's default partitioner chooses", () => {
  const partition = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.integer({ min: 1, max: 500 }), (key, count) => {
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
        partitionId,
        leader: 1,
      })) as never;
      const theirs = partition({ topic: "t", partitionMetadata, message: { key, value: null } });
      expect(partitionFor(key, count)).toBe(theirs);
      expect(partitionFor(Buffer.from(key), count)).toBe(theirs);
    }),
  );
});
