import { expect, test } from "vitest";
import { EventDigest } from "../../../../services/cli/rows/event-digest.ts";
import { rowDifferences } from "../../../../services/cli/rows/row-differences.ts";
import { event, facts } from "../../analytics-sink/events.ts";

const digests = new EventDigest();
const expected = (offset: number) => ({ offset, event: event(), digest: digests.of(event(), 3, offset)! });
const hash = (offset: number) => expected(offset).digest.readBigUInt64BE(0);

test("each offset is named for what is wrong with it", () => {
  const events = [10, 11, 12, 13, 14].map(expected);
  const rows = new Map([
    [10, { count: 1, hashes: [hash(10)] }],
    [12, { count: 2, hashes: [hash(12)] }],
    [13, { count: 1, hashes: [hash(12)] }],
    // The right one, and another beside it.
    [14, { count: 2, hashes: [hash(14), 7n] }],
    [15, { count: 1, hashes: [1n] }],
  ]);
  const found = rowDifferences(3, events, rows);
  expect(found.map(({ kind, offset }) => `${kind} ${offset}`)).toEqual([
    "missing 11",
    "doubled 12",
    "differing 13",
    "differing 14",
    "unexpected 15",
  ]);
  expect(found[0]).toMatchObject({ partition: 3, type: "routed", messageId: facts().messageId });
});

test("every field of an event is in its hash, and where it stands", () => {
  const base = digests.of(event(), 1, 5);
  const others = [
    digests.of(event(), 2, 5),
    digests.of(event(), 1, 6),
    digests.of(event({ at: event().at + 1 }), 1, 5),
    digests.of(event({ cost: 1 }), 1, 5),
    digests.of(event({ facts: facts({ metadata: { a: "" } }) }), 1, 5),
  ];
  for (const other of others) expect(other).not.toEqual(base);
  expect(digests.of(event(), 1, 5)).toEqual(base);
  expect(digests.of(event({ at: 0 }), 1, 5)).toBeUndefined();
});
