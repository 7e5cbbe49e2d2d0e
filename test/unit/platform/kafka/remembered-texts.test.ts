import { randomUUID } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, it } from "vitest";
import { IdRing } from "../../../../platform/kafka/id-ring.ts";
import { RepeatWindow, repeatId } from "../../../../platform/kafka/repeat-window.ts";
import { wholeText } from "../../../../platform/kafka/whole-text.ts";
import { DecidedMessages, decisionKey } from "../../../../services/router/decided-messages.ts";

const COUNT = 100_000;

function collected(): number {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

/** As they are read from Kafka: each an own text. */
const read = (text: string) => Buffer.from(text).toString();
const numberOf = (n: number) => read(`49171${10_000_000 + n}`);
const recordOf = (n: number) => ({
  headers: { id: Buffer.from(`${randomUUID()}/1/submitted`) },
  key: Buffer.from(numberOf(n)),
});

it.each([
  [
    "events that a sink recognises again",
    () => {
      const window = new RepeatWindow(COUNT);
      return { note: (n: number) => window.admit(repeatId(recordOf(n))!, n), size: () => window.size };
    },
  ],
  [
    "messages that have ended",
    () => {
      const ring = new IdRing(COUNT);
      let size = 0;
      return {
        note: (n: number) => ring.add(`${read(randomUUID())}/${numberOf(n)}`) && size++,
        size: () => (ring.has("") ? 0 : size),
      };
    },
  ],
  [
    "decisions of a router",
    () => {
      const decided = new DecidedMessages(COUNT);
      let size = 0;
      return {
        note: (n: number) => {
          decided.add(decisionKey(read(randomUUID()), numberOf(n), 1), 77);
          size++;
        },
        size: () => (decided.compare("") === "new" ? size : 0),
      };
    },
  ],
])("%s take the room of their texts, and not of the pieces these were made of", (_, make) => {
  const before = collected();
  const kept = make();
  for (let n = 0; n < COUNT; n++) kept.note(n);
  const octets = (collected() - before) / COUNT;
  expect(kept.size()).toBe(COUNT);
  expect(octets).toBeLessThan(160);
});

it("a text as one piece is the same text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (a, b) => {
      expect(wholeText(`${a} ${b}`)).toBe(`${a} ${b}`);
    }),
  );
  expect(wholeText("half \ud83d of a pair")).toBe("half \ud83d of a pair");
});
