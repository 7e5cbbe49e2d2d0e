import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { fingerprintOf } from "../../../../services/ingest/acceptance/idempotency-memory.ts";

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
