import { expect, test } from "vitest";
import { SchemaGate } from "../../../pipeline/follow/schema-gate.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const turn = () => new Promise((resolve) => setImmediate(resolve));

function written(id: number): Buffer {
  const value = Buffer.alloc(6);
  value.writeInt32BE(id, 1);
  return value;
}

/** A registry that answers as the list says, one entry a question. */
function world(answers: ("loaded" | "missing" | "away")[]) {
  const at = { now: 1_000, asked: 0 };
  const loadSchema = async () => {
    at.asked++;
    const answer = answers.shift() ?? "away";
    if (answer === "away") throw new Error("away");
    return answer;
  };
  return { at, gate: new SchemaGate({ codecs: { loadSchema }, log, monotonic: () => at.now }) };
}

test("a record waits until its schema is loaded, and its schema is asked for once", async () => {
  const { at, gate } = world(["loaded"]);
  expect([gate.waits(written(7)), gate.waits(written(7))]).toEqual([true, true]);
  await turn();
  expect([gate.waits(written(7)), at.asked]).toEqual([false, 1]);
});

test("while the registry is away it is asked once a second, and the record goes on when it is back", async () => {
  const { at, gate } = world(["away", "away", "loaded"]);
  for (let ms = 0; ms < 2_500; ms += 50) {
    gate.waits(written(7));
    await turn();
    at.now += 50;
  }
  expect([gate.waits(written(7)), at.asked]).toEqual([false, 3]);
});

test("a schema that does not exist holds up nothing, and is asked for again later", async () => {
  const { at, gate } = world(["missing", "loaded"]);
  gate.waits(written(7));
  await turn();
  expect(gate.waits(written(7))).toBe(false);
  at.now += 25_000;
  expect(gate.waits(written(7))).toBe(true);
  await turn();
  expect(gate.waits(written(7))).toBe(false);
});

test("what is no record in the wire format waits for nothing", () => {
  const { at, gate } = world([]);
  expect([gate.waits(null), gate.waits(Buffer.from("text")), gate.waits(Buffer.from("a text"))]).toEqual([
    false,
    false,
    false,
  ]);
  expect(at.asked).toBe(0);
});
