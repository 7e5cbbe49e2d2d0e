import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import {
  fingerprintOf,
  fingerprintOfBatch,
} from "../../../../../services/ingest/acceptance/idempotency/fingerprint.ts";

const request = (n: number) =>
  ({ destination: `49171${n}`, text: `hi ${n}`, lane: "otp", metadata: { b: "2", a: "1" } }) as unknown as Parameters<
    typeof fingerprintOf
  >[0];

it("a fingerprint is 96 bits of the request's hash, and takes the room of no more", () => {
  const content = '["491717",null,"hi 7","otp",null,null,null,[["a","1"],["b","2"]]]';
  expect(fingerprintOf(request(7))).toBe(createHash("sha256").update(content).digest("base64").slice(0, 16));
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const held = () => {
    gc();
    gc();
    return process.memoryUsage().heapUsed;
  };
  const count = 100_000;
  const kept = new Array<string>(count).fill("");
  const before = held();
  for (let n = 0; n < count; n++) kept[n] = fingerprintOf(request(n));
  expect((held() - before) / count).toBeLessThan(60);
  expect(new Set(kept).size).toBe(count);
});

it("a batch's fingerprint is of all its messages in their order, whatever stands between the values", async () => {
  const of = (json: string) => fingerprintOfBatch(JSON.parse(json) as unknown[]);
  const first = await of('[{"to":"1","text":"a"},{"to":"2","text":"b"}]');
  expect(first).toMatch(/^[\w+/]{16}$/);
  expect(await of('[ {"to": "1", "text": "a"},\n{"to":"2","text":"\\u0062"} ]')).toBe(first);
  for (const other of [
    '[{"to":"2","text":"b"},{"to":"1","text":"a"}]',
    '[{"to":"1","text":"a"}]',
    '[{"to":"1","text":"a"},{"to":"2","text":"b"},7]',
    '[{"to":"1","text":"a"},{"to":"2","text":"b","lane":"otp"}]',
  ])
    expect(await of(other)).not.toBe(first);
});

it("a batch with a message that is nested too deeply to be written has a fingerprint all the same", async () => {
  const deep: unknown = JSON.parse(`${"[".repeat(30_000)}${"]".repeat(30_000)}`);
  expect(await fingerprintOfBatch([{ text: "a" }, deep])).toBe(await fingerprintOfBatch([{ text: "a" }, deep]));
  expect(await fingerprintOfBatch([{ text: "a" }, deep])).not.toBe(await fingerprintOfBatch([{ text: "b" }, deep]));
});
