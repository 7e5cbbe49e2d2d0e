import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../../infra/simulators/behaviour/random-source.ts";
import { HARMLESS_SHAPES, type Harmless } from "../../../lab/abnormal/harmless-shapes.ts";
import { type Installation, installationOf } from "../../../lab/abnormal/installation.ts";
import { monthOf } from "../../../lab/abnormal/month.ts";
import { OUTSIDER_SHAPES } from "../../../lab/abnormal/outsider-shapes.ts";
import { judge, type LabAlarm } from "../../../lab/abnormal/score.ts";
import { shapeSet } from "../../../lab/abnormal/shape-sets.ts";
import { Simulation } from "../../../lab/abnormal/simulation.ts";
import {
  ATTACK_KINDS,
  type Attack,
  DAY,
  type ExtraFlow,
  type Happening,
  HOUR,
  type SentRow,
  type TrafficMinute,
  type WayTruth,
} from "../../../lab/abnormal/traffic.ts";

/** Early, so that little has to be simulated before it. */
const FROM = 3 * DAY + 5 * HOUR;
/** Of an installation in which each shape finds somebody. */
const SEED = 31;
const installation = installationOf(SEED);
const shapes = Object.entries(OUTSIDER_SHAPES);
const TRUTH: WayTruth = { delivery: 0.9, toldFailed: 0.5, medianMs: 5_000, sigma: 0.8, converting: 1 };

function drawn<H extends Happening>(
  shape: (random: ReturnType<typeof seededRandom>, on: Installation, from: number) => H | undefined,
  seed = 5,
  on = installation,
): H {
  const happening = shape(seededRandom(seed), on, FROM);
  if (happening === undefined) throw new Error(`nothing to be done to in installation ${SEED}`);
  return happening;
}

/** All that it sends on top, minute by minute. */
function flowsOf({ from, until, extra }: Happening): (readonly ExtraFlow[])[] {
  return Array.from({ length: until - from }, (_, n) => extra?.(from + n) ?? []);
}

/** The ways that it alters in one minute or more. */
function waysOf({ from, until, alter }: Happening): Set<string> {
  const altered = new Set<string>();
  for (const { id } of installation.providers)
    for (const { code } of installation.countries)
      for (let minute = from; minute < until; minute += 30)
        if (alter !== undefined && alter(TRUTH, id, code, minute) !== TRUTH) altered.add(`${id} ${code}`);
  return altered;
}

/** What toEqual says, for what is too long for it. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const sorted = (values: Iterable<string> = []): string[] => [...new Set(values)].sort();

describe.each(shapes)("%s", (_, shape) => {
  it("is the same for the same seed, and another for another", () => {
    const [once, again] = [drawn(shape), drawn(shape)];
    const drawnOf = ({ told, from, until, marks }: Attack): unknown => ({ told, from, until, marks });
    expect(drawnOf(again)).toEqual(drawnOf(once));
    const flows = flowsOf(once);
    expect(same(flowsOf(again), flows)).toBe(true);
    // Nothing is drawn when a minute is asked for, so the order of asking does not matter.
    const backwards = flows.map((_flows, n) => once.extra?.(once.until - 1 - n) ?? []);
    expect(same(backwards.toReversed(), flows)).toBe(true);
    expect(waysOf(again)).toEqual(waysOf(once));
    expect(drawnOf(drawn(shape, 6))).not.toEqual(drawnOf(once));
  });

  it("begins soon, ends within the month, and is of a kind that the score knows", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { kind, from, until } = drawn(shape, seed);
      expect(ATTACK_KINDS).toContain(kind);
      expect(from).toBeGreaterThanOrEqual(FROM);
      expect(from).toBeLessThan(FROM + 1.5 * DAY);
      expect(until).toBeGreaterThan(from);
      expect(until).toBeLessThanOrEqual(from + 3 * DAY);
    }
  });

  it("is marked by all that it does, and by nothing else", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const attack = drawn(shape, seed);
      const { marks } = attack;
      const flows = flowsOf(attack).flat();
      const sound = ({ mean, converts }: ExtraFlow): boolean =>
        mean >= 0 && mean < 10_000 && converts >= 0 && converts <= 1;
      expect(flows.filter((flow) => !sound(flow))).toEqual([]);
      const ways = waysOf(attack);
      // One or the other, or there is nothing to be seen.
      expect([flows.length > 0, ways.size > 0].filter(Boolean)).toHaveLength(1);
      if (ways.size > 0) {
        const wanted = marks.provider!.flatMap((provider) => marks.country!.map((country) => `${provider} ${country}`));
        expect(sorted(ways)).toEqual(sorted(wanted));
        expect([marks.account, marks.sender, marks.range]).toEqual([undefined, undefined, undefined]);
        continue;
      }
      expect(sorted(marks.account)).toEqual(sorted(flows.map(({ account }) => account)));
      expect(sorted(marks.country)).toEqual(sorted(flows.map(({ country }) => country)));
      expect(sorted(marks.sender)).toEqual(sorted(flows.map(({ sender }) => sender)));
      expect(sorted(marks.range)).toEqual(sorted([...new Set(flows.map(({ ranges }) => ranges ?? []))].flat()));
      expect(marks.provider).toBeUndefined();
    }
  });
});

/** With the largest of its accounts only, made small, so that some days are simulated in a moment. */
function quiet(on: Installation): Installation {
  const largest = on.accounts.toSorted((a, b) => b.size - a.size).slice(0, 6);
  return { ...on, accounts: largest.map((account) => ({ ...account, size: account.size / 20, campaigns: [] })) };
}

/** What is seen in the minutes before one. */
function seen(on: Installation, happenings: readonly Happening[], before: number): [TrafficMinute[], Simulation] {
  const simulation = new Simulation(on, happenings);
  const minutes: TrafficMinute[] = [];
  for (const traffic of simulation.run()) {
    minutes.push(traffic);
    if (traffic.minute === before - 1) break;
  }
  return [minutes, simulation];
}

/** Everything that is seen before a minute, without the delays of receipts. */
const all = (minutes: readonly TrafficMinute[], before: number): unknown =>
  minutes
    .slice(0, before)
    .map(({ sent, ranges, ends, told }) => [
      sent,
      ranges,
      told,
      ends.map(({ delivered, failed }) => [delivered, failed]),
    ]);

const total = (rows: readonly SentRow[], of: (row: SentRow) => number): number =>
  rows.reduce((sum, row) => sum + of(row), 0);

describe("in the simulation", () => {
  const few = quiet(installation);
  const UNTIL = FROM + 1.5 * DAY;
  const [plain] = seen(few, [], UNTIL);

  it.each(shapes.filter(([, shape]) => drawn(shape).extra !== undefined))(
    "%s adds to what it marks, in its time, what its ledger says, and takes nothing",
    (_, shape) => {
      const attack = drawn(shape);
      const [attacked, simulation] = seen(few, [attack], UNTIL);
      const own = ({ account, country, sender }: SentRow): boolean =>
        attack.marks.account!.includes(account) &&
        attack.marks.country!.includes(country) &&
        attack.marks.sender!.includes(sender);
      const rows = (minutes: readonly TrafficMinute[], from: number): SentRow[] =>
        minutes.slice(from).flatMap(({ sent }) => sent);
      expect(same(all(attacked, attack.from), all(plain, attack.from))).toBe(true);
      expect(same(rows(attacked, attack.until), rows(plain, attack.until))).toBe(true);
      const others = (minutes: readonly TrafficMinute[]): SentRow[] =>
        rows(minutes, attack.from).filter((row) => !own(row));
      expect(same(others(attacked), others(plain))).toBe(true);
      const grew = (of: (row: SentRow) => number): number =>
        total(rows(attacked, attack.from), of) - total(rows(plain, attack.from), of);
      const [ledger] = simulation.ledgers;
      const booked = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
      expect(booked(ledger!.messages)).toBeGreaterThan(0);
      expect(grew(({ messages }) => messages)).toBe(booked(ledger!.messages));
      expect(grew(({ cost }) => cost)).toBe(booked(ledger!.cost));
    },
  );

  it.each(shapes.filter(([, shape]) => drawn(shape).alter !== undefined))(
    "%s changes nothing before its time, and books what takes its ways",
    (_, shape) => {
      const attack = drawn(shape);
      const [attacked, simulation] = seen(few, [attack], UNTIL);
      expect(same(all(attacked, attack.from), all(plain, attack.from))).toBe(true);
      const altered = attacked
        .slice(attack.from)
        .flatMap(({ minute, sent }) => sent.filter((row) => alters(attack, row, minute)));
      const [ledger] = simulation.ledgers;
      expect(total(altered, ({ messages }) => messages)).toBeGreaterThan(0);
      expect(ledger!.messages.reduce((sum, value) => sum + value)).toBe(total(altered, ({ messages }) => messages));
      expect(ledger!.cost.reduce((sum, value) => sum + value)).toBe(total(altered, ({ cost }) => cost));
    },
  );
});

function alters({ from, until, alter }: Attack, { provider, country }: SentRow, minute: number): boolean {
  return minute >= from && minute < until && alter?.(TRUTH, provider, country, minute) !== TRUTH;
}

describe("what a provider does", () => {
  const altered = (shape: string): WayTruth => {
    const { alter, from, marks } = drawn(OUTSIDER_SHAPES[shape]!);
    return alter!(TRUTH, marks.provider![0]!, marks.country![0]!, from);
  };

  it("grey-partial: as many say delivered as ever, fewer are", () => {
    const { delivery, forged } = altered("grey-partial");
    expect(delivery).toBeLessThan(0.86 * TRUTH.delivery);
    expect(forged!.share + (1 - forged!.share) * delivery).toBeCloseTo(TRUTH.delivery);
    expect(forged!.fromMs).toBeGreaterThan(1_000);
  });

  it("constant-receipts: all of them, all after the same time", () => {
    const { forged } = altered("constant-receipts");
    expect(forged).toMatchObject({ share: 1, fromMs: forged!.untilMs });
  });

  it("sim-box: sooner than a handset answers, and not all", () => {
    const { forged } = altered("sim-box");
    expect(forged!.untilMs).toBeLessThan(1_500);
    expect(forged!.share).toBeLessThan(0.7);
  });
});

describe("what is no attack", () => {
  const few = quiet(installation);
  const byName = (name: string): Harmless =>
    HARMLESS_SHAPES.map((shape) => drawn(shape)).find(({ shape }) => shape === name)!;

  it.each(HARMLESS_SHAPES)("is the same for the same seed, and says whom it concerns: %o", (shape) => {
    const [once, again] = [drawn(shape), drawn(shape)];
    expect([again.told, again.from, again.until, again.marks]).toEqual([once.told, once.from, once.until, once.marks]);
    const flows = flowsOf(once).flat();
    expect(same(flowsOf(again).flat(), flows)).toBe(true);
    expect(sorted(once.marks.account)).toEqual(sorted(flows.map(({ account }) => account)));
    expect(sorted(once.marks.country)).toEqual(sorted(flows.map(({ country }) => country)));
    expect(sorted(once.marks.sender)).toEqual(sorted(flows.map(({ sender }) => sender)));
    for (const way of waysOf(once)) expect(once.marks.provider).toContain(way.split(" ")[0]);
  });

  it("maintenance: the provider fails first, then carries nothing, and is back after it", () => {
    const { from, until, told, moves, alter } = byName("maintenance");
    const [id] = told.split(" ");
    const after = Number(told.split(" ").at(-1));
    expect(alter!(TRUTH, id!, "DE", from).delivery).toBeLessThan(0.1);
    expect(alter!(TRUTH, id!, "DE", from + after)).toBe(TRUTH);
    const moved = moves!(few);
    const busy = { ...moved, accounts: moved.accounts.map((account) => ({ ...account, size: account.size * 5 })) };
    const [minutes] = seen(busy, [], until + 6 * HOUR);
    const over = (begin: number, end: number): [string, number][] => {
      const rows = minutes.slice(begin, end).flatMap(({ sent }) => sent);
      return [
        ["its own", total(rows, ({ provider, messages }) => (provider === id ? messages : 0))],
        ["others'", total(rows, ({ provider, messages }) => (provider === id ? 0 : messages))],
      ];
    };
    const [away, before, later] = [
      over(from + after, until),
      over(from - 6 * HOUR, from),
      over(until, until + 6 * HOUR),
    ];
    expect(away[0]).toEqual(["its own", 0]);
    for (const [, messages] of [...before, ...later, away[1]!]) expect(messages).toBeGreaterThan(0);
  });

  it("is not known to the score: whoever is alarmed by it is alarmed wrongly", () => {
    const { attacks, harmless, simulation } = monthOf(SEED, shapeSet("outsider"));
    expect(harmless.map(({ shape }) => shape)).toEqual(
      ["newcomer", "unannounced-campaign", "maintenance"].flatMap((shape) => [shape, shape]),
    );
    expect(simulation.ledgers).toHaveLength(attacks.length + harmless.length);
    const alarms = harmless.map(
      ({ from, marks }): LabAlarm => ({
        kind: "burst",
        minute: from,
        account: marks.account?.[0],
        provider: marks.provider?.[0],
      }),
    );
    expect(judge(SEED, attacks, simulation.ledgers, alarms).falseAlarms).toEqual(alarms);
  });
});

describe("the set of a report", () => {
  it("has two attacks of each of the outsider's shapes, named", () => {
    const { attacks } = monthOf(SEED, shapeSet("outsider"));
    const names = attacks.map(({ shape }) => shape);
    expect(names).toEqual(shapes.flatMap(([name]) => [name, name]));
  });

  it("is the report's own unless another is asked for, and there is no third", () => {
    const told = (attacks: readonly Attack[]): string[] => attacks.map((attack) => attack.told);
    expect(told(monthOf(SEED, shapeSet(undefined)).attacks)).toEqual(told(monthOf(SEED).attacks));
    expect(shapeSet("").harmless).toEqual([]);
    expect(() => shapeSet("mine")).toThrow(
      'ABNORMAL_SHAPES is "mine", which there is not: it is one of report, outsider',
    );
  });
});
