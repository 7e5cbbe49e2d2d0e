import fc from "fast-check";
import { expect, it } from "vitest";
import { type Cap, capSchema } from "../../../../domain/catalog/cap.ts";
import type { CountedDecision, PartitionCounts, ToldCount } from "../../../../domain/routing/cap-counts.ts";
import type { CapUse } from "../../../../domain/routing/cap-table.ts";
import type { MessageFacts } from "../../../../domain/routing/message-facts.ts";
import { CapBoard } from "../../../../services/router/cap-board.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5, 22, 30);
const cap: Cap = capSchema.parse({ id: "codes", of: "sender", maxPerDay: 100, zone: "Europe/Berlin" });
const use = (value: string, account = "acme"): CapUse => ({ cap, value, account });
const facts = (at: number): MessageFacts => ({
  ...{ destination: "4917", country: "DE", mccMnc: undefined, account: "acme", lane: "otp", from: "A", labels: {}, at },
});

/** Two routers, three partitions, a log for each, and what is told. */
class World {
  now = START;
  readonly boards = [new CapBoard(), new CapBoard()];
  readonly owners = [0, 0, 1];
  readonly logs: CountedDecision[][] = [[], [], []];
  readonly counts: PartitionCounts[];
  private readonly words: ToldCount[] = [];

  constructor() {
    this.counts = this.owners.map((owner, partition) => this.boards[owner]!.own(partition).counts);
  }

  send(partition: number, value: string): void {
    const counted = this.counts[partition]!.add([use(value)], facts(this.now));
    this.logs[partition]!.push({ at: this.now, counted });
  }

  tell(partition: number): void {
    for (const word of this.counts[partition]!.tell(this.now).changed) {
      this.words.push(word);
      for (const board of this.boards) board.fold(word);
    }
  }

  /** A kill: what was not told is in the log alone. Some decisions stand there twice. */
  takeOver(partition: number, by: number): void {
    // A router that died forgets; one that lost the partition alive does not.
    if (this.owners[partition] !== by) this.boards[this.owners[partition]!]!.release(partition, this.now);
    const other = new CapBoard();
    for (const word of this.words) other.fold(word);
    for (const [p, owner] of this.owners.entries()) if (owner === by && p !== partition) this.reown(other, p);
    this.owners[partition] = by;
    this.boards[by] = other;
    this.reown(other, partition);
  }

  private reown(board: CapBoard, partition: number): void {
    const { counts, toldAt } = board.own(partition);
    for (const decision of this.logs[partition]!) counts.recover(decision, toldAt, () => cap.zone);
    this.counts[partition] = counts;
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("send"), partition: fc.nat(2), value: fc.constantFrom("a", "b") }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("tell"), partition: fc.nat(2), value: fc.constant("") }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("take"), partition: fc.nat(2), value: fc.constantFrom("0", "1") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("pass"), partition: fc.constant(0), value: fc.constantFrom("1", "3") }),
  },
);

it("the sum over routers is what has gone in the hour and the day, whoever is killed when, once all have told", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      const sent: { value: string; at: number }[] = [];
      for (const { kind, partition, value } of steps) {
        // Whatever is decided and told after another thing is so at a later moment.
        world.now += 10;
        if (kind === "send") {
          world.send(partition, value);
          sent.push({ value, at: world.now });
        } else if (kind === "tell") world.tell(partition);
        else if (kind === "take") world.takeOver(partition, Number(value));
        else world.now += Number(value) * (HOUR / 2);
      }
      world.now += 10;
      for (const partition of [0, 1, 2]) world.tell(partition);
      const hourStart = Math.floor(world.now / HOUR) * HOUR;
      // Midnight in Berlin is 23:00 of UTC in January.
      const midnight = Math.floor((world.now + HOUR) / (24 * HOUR)) * 24 * HOUR - HOUR;
      for (const value of ["a", "b"]) {
        const of = sent.filter((one) => one.value === value);
        const expected = {
          hour: of.filter(({ at }) => at >= hourStart).length,
          day: of.filter(({ at }) => at >= midnight).length,
        };
        for (const [router, board] of world.boards.entries()) {
          const partition = world.owners.indexOf(router);
          if (partition < 0) continue;
          expect([router, value, board.countOf(partition, use(value), world.now)]).toMatchObject([
            router,
            value,
            expected,
          ]);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

it("a word that was held up does not take a count back, and a partition that has gone counts until its next owner tells", () => {
  const board = new CapBoard();
  const { counts } = board.own(0);
  for (let n = 0; n < 5; n++) counts.add([use("a")], facts(START));
  const [early] = counts.tell(START).changed;
  counts.add([use("a")], facts(START + 1));
  const [late] = counts.tell(START + 2).changed;
  const other = new CapBoard();
  other.own(1);
  other.fold(late!);
  other.fold(early!);
  expect(other.countOf(1, use("a"), START + 3)).toMatchObject({ hour: 6, day: 6 });
  board.own(1);
  board.release(0, START + 3);
  expect(board.countOf(1, use("a"), START + 3)).toMatchObject({ hour: 6, day: 6 });
  expect(board.countOf(1, use("a"), START + HOUR), "another hour, and in Berlin another day").toMatchObject({
    hour: 0,
    day: 0,
  });
});

it("who makes up names shares one count for them, and does not take those of others", () => {
  const board = new CapBoard();
  const { counts } = board.own(0);
  for (let n = 0; n < 1_000; n++) counts.add([use(`made-up-${n}`, "hostile")], facts(START));
  counts.add([use("honest", "acme")], facts(START));
  expect(counts.all(START)).toHaveLength(202);
  expect(board.countOf(0, use("made-up-5", "hostile"), START).day).toBe(1);
  expect(board.countOf(0, use("made-up-5000", "hostile"), START).day).toBe(800);
  expect(board.countOf(0, use("honest", "acme"), START).day).toBe(1);
});

it("what is over is not told, and is forgotten within a minute", () => {
  const { counts } = new CapBoard().own(0);
  counts.add([use("a")], facts(START));
  expect(counts.tell(START + 2 * HOUR)).toEqual({ changed: [], over: [{ cap: "codes", value: "a" }] });
  expect(counts.all(START + 2 * HOUR)).toEqual([]);
});

it("counts go on when the cap gets another zone, until the day is over that has begun", () => {
  const board = new CapBoard();
  const { counts } = board.own(0);
  const elsewhere = { ...use("a"), cap: { ...cap, zone: "America/New_York" } };
  counts.add([use("a")], facts(START));
  counts.add([elsewhere], facts(START + 1));
  // It is 23:30 in Berlin.
  expect(board.countOf(0, elsewhere, START + 2)).toMatchObject({ day: 2, dayEnd: Date.UTC(2026, 0, 6, 5) });
  counts.add([use("b")], facts(START + 3));
  counts.add([{ ...elsewhere, value: "b" }], facts(START + HOUR));
  expect(board.countOf(0, { ...elsewhere, value: "b" }, START + HOUR), "a day of New York has begun").toMatchObject({
    day: 1,
  });
  counts.add([{ ...use("b") }], facts(START + HOUR + 1));
  expect(board.countOf(0, use("b"), START + HOUR + 2), "and goes on by its clocks").toMatchObject({ day: 2 });
});
