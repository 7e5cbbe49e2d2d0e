import { expect, test } from "vitest";
import { LogEnds } from "../../../../platform/kafka/log-ends.ts";
import { unknownMarks } from "../../../../platform/kafka/topic-marks.ts";
import type { TopicReader } from "../../../../platform/kafka/topic-reader.ts";
import { silentLog } from "./simulated-kafka.ts";

test("the end of a partition without a leader stays what it was, and the others' go on", async () => {
  let marks = [{ low: 0, high: 3 }, { low: 0, high: 5 }, unknownMarks("log", 2)];
  const ends = new LogEnds({ watermarks: async () => marks } as unknown as TopicReader, "log", silentLog);
  await ends.start(1 << 30);
  expect([ends.version, ends.ends]).toEqual([1, [3, 5, undefined]]);
  marks = [{ low: 0, high: 9 }, unknownMarks("log", 1), { low: 0, high: 4 }];
  await ends.start(1 << 30);
  expect([ends.version, ends.ends]).toEqual([2, [9, 5, 4]]);
  ends.stop();
});
