import { expect, test } from "vitest";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { unknownMarks } from "../../../platform/kafka/topic-marks.ts";
import { OutcomeLog } from "../../../services/sender/outcome-log.ts";

const M = "018f2f6e-7d3a-7c11-8a53-6f0f0a1b2c3d";

const TO = "491700000012";
const OTHER = "491700000013";

/** Ids of events in order, each with its destination where it is not TO. */
function logOf(...ids: readonly (string | [id: string, to: string])[]): OutcomeLog {
  const records = ids.map((one, offset): InRecord => {
    const [id, to] = typeof one === "string" ? [one, TO] : one;
    const [key, value] = [Buffer.from(to), Buffer.from("… alpha …")];
    return { topic: "sms.events", partition: 0, offset, key, value, headers: { id }, timestamp: 0 };
  });
  return new OutcomeLog({
    watermarks: async () => [{ low: 0, high: records.length }],
    readRange: async (_topic, _partition, from, to, onRecord) => {
      for (const record of records.slice(from, to)) onRecord(record);
    },
  });
}

const read = (log: OutcomeLog) => log.read([0], { provider: "alpha", partition: 0, of: 1 });

test("a return that nobody has decided about yet comes with its event: the retry may be missing", async () => {
  const found = await read(logOf(`${M}/1/routed`, `${M}/1/returned`));
  expect(found.get(`${M}/1/${TO}`)).toEqual({ kind: "returned", value: expect.any(Buffer) });
});

test.each(["routed", "closed"])("a return after which the next attempt was %s needs no second retry", async (kind) => {
  const found = await read(logOf(`${M}/1/returned`, `${M}/2/${kind}`));
  expect(found.get(`${M}/1/${TO}`)).toEqual({ kind: "returned", value: null });
});

test("decisions about other attempts change nothing, and the first outcome of a dispatch stands", async () => {
  const found = await read(
    logOf(
      `${M}/1/submitted`,
      `${M}/1/returned`,
      `${M}/2/routed`,
      `${M}/2/returned`,
      `${M}/2/in_doubt`,
      `${M}/4/routed`,
    ),
  );
  expect(found.get(`${M}/1/${TO}`)).toEqual({ kind: "submitted", value: null });
  expect(found.get(`${M}/2/${TO}`)?.value).toEqual(expect.any(Buffer));
});

test("what is in doubt comes with its event until its copy was decided about, or an answer came after all", async () => {
  const found = await read(
    logOf(
      `${M}/1/in_doubt`,
      `${M}/2/in_doubt`,
      `${M}/3/routed`,
      `${M}/3/in_doubt`,
      `${M}/3/submitted`,
      `${M}/5/in_doubt`,
      `${M}/5/returned`,
      `${M}/6/submitted`,
      `${M}/6/in_doubt`,
    ),
  );
  expect(found.get(`${M}/1/${TO}`)).toEqual({ kind: "in_doubt", value: expect.any(Buffer) });
  expect(found.get(`${M}/2/${TO}`)).toEqual({ kind: "in_doubt", value: null });
  expect(found.get(`${M}/3/${TO}`)).toEqual({ kind: "submitted", value: null });
  expect(found.get(`${M}/5/${TO}`), "refused late").toEqual({ kind: "in_doubt", value: expect.any(Buffer) });
  expect(found.get(`${M}/6/${TO}`)).toEqual({ kind: "submitted", value: null });
});

test("a return of an owner that had lost the partition gives way to the submission that its successor made meanwhile", async () => {
  const found = await read(
    logOf(`${M}/1/returned`, `${M}/1/resubmitted`, `${M}/2/returned`, `${M}/3/routed`, `${M}/2/submitted`),
  );
  expect(found.get(`${M}/1/${TO}`)).toEqual({ kind: "submitted", value: null });
  expect(found.get(`${M}/2/${TO}`), "decided about already").toEqual({ kind: "returned", value: null });
});

test("an id that was given to two numbers is two messages", async () => {
  const found = await read(logOf(`${M}/1/submitted`, [`${M}/1/returned`, OTHER], `${M}/2/routed`));
  expect(found.get(`${M}/1/${TO}`)?.kind).toBe("submitted");
  expect(found.get(`${M}/1/${OTHER}`)).toEqual({ kind: "returned", value: expect.any(Buffer) });
});

test("a partition without a leader fails who reads its share, and no other", async () => {
  const asked: number[] = [];
  const log = new OutcomeLog({
    watermarks: async () => [{ low: 0, high: 5 }, unknownMarks("sms.events", 1)],
    readRange: async (_topic, partition) => void asked.push(partition),
  });
  await log.read([0, 0], { provider: "alpha", partition: 0, of: 2 });
  expect(asked).toEqual([0]);
  const shared = log.read([0, 0], { provider: "alpha", partition: 1, of: 2 });
  await expect(shared).rejects.toMatchObject({ code: "NO_LEADER" });
});
