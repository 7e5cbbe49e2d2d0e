import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DELAY_BUCKETS } from "../../../../domain/quality/delay-buckets.ts";
import { DeliveryEstimates } from "../../../../domain/quality/delivery-estimates.ts";
import { CURRENT_HALF_LIFE_MS } from "../../../../domain/quality/delivery-history.ts";
import { PRIOR_DELIVERY } from "../../../../domain/quality/prior-delivery.ts";
import type { QualityCell, QualitySummary } from "../../../../domain/quality/quality-cell.ts";
import { QualityCollector } from "../../../../domain/quality/quality-collector.ts";
import { seededRandom } from "../../../../infra/simulators/behaviour/random-source.ts";

const START = 1_764_500_000_000;
const cell: QualityCell = { provider: "a", country: "DE", network: "26201", lane: "otp" };

/** `all` submissions have lived through all buckets, `delivered` of them were delivered in the 8th. */
function summary(all: number, delivered: number, at: number, more: Partial<QualitySummary> = {}): QualitySummary {
  const exposed = new Array<number>(DELAY_BUCKETS).fill(all);
  const came = new Array<number>(DELAY_BUCKETS).fill(0);
  came[7] = delivered;
  return {
    ...cell,
    partition: 0,
    since: START,
    at,
    submitted: all,
    exposed,
    delivered: came,
    failed: 0,
    missing: 0,
    late: 0,
    contradicted: 0,
    medianMillis: null,
    p95Millis: null,
    ...more,
  };
}

function estimates(summaries: readonly QualitySummary[], at: number): DeliveryEstimates {
  const all = new DeliveryEstimates();
  for (const one of summaries) all.fold(one);
  all.refresh(at);
  return all;
}

const ask = (all: DeliveryEstimates) => all.of("a", "DE", "26201", "otp");

describe("the estimate of a cell", () => {
  it("adds up what partitions say, in whatever order it comes and however often", () => {
    const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 4 }), fc.integer(), (partitions, seed) => {
        const said = partitions.map((list, partition) => {
          let [all, delivered] = [0, 0];
          return [[0, 0] as const, ...list].map(([more, came], n) => {
            all += more;
            delivered += Math.min(more, came);
            return summary(all, delivered, START + (n + 1) * 1_000, { partition });
          });
        });
        const until = START + 10_000;
        const inOrder = said.flat().sort((a, b) => a.at - b.at);
        // Each partition's own order is that of the topic; between partitions there is none.
        const random = seededRandom(seed);
        const queues = said.map((list) => list.flatMap((one) => (random() < 0.3 ? [one, one] : [one])));
        const shuffled: QualitySummary[] = [];
        while (queues.some((queue) => queue.length > 0)) {
          const one = queues[Math.floor(random() * queues.length)]!.shift();
          if (one !== undefined) shuffled.push(one);
        }
        const [a, b] = [ask(estimates(inOrder, until)), ask(estimates(shuffled, until))];
        expect(b.alpha).toBeCloseTo(a.alpha, 6);
        expect(b.beta).toBeCloseTo(a.beta, 6);
        // And it is what a count by hand gives, but for a minute's decay of some per cent.
        const trials = said.reduce((sum, list) => sum + list.at(-1)!.submitted, 0);
        expect(Math.abs(a.alpha + a.beta - 2 - trials)).toBeLessThan(0.03 * trials + 1e-6);
      }),
    );
  });

  it("is that of what was seen, and half of it counts after a half-life", () => {
    const told = [summary(0, 0, START), summary(400, 240, START + 1_000)];
    const soon = ask(estimates(told, START + 1_000));
    expect(soon.delivery).toBeCloseTo(0.6, 2);
    const later = ask(estimates(told, START + 1_000 + CURRENT_HALF_LIFE_MS));
    expect(later.delivery).toBeCloseTo(0.6, 1);
    expect((later.alpha + later.beta - 2) / (soon.alpha + soon.beta - 2)).toBeCloseTo(0.5, 3);
    const muchLater = ask(estimates(told, START + 20 * CURRENT_HALF_LIFE_MS));
    expect(muchLater.delivery).toBeCloseTo(PRIOR_DELIVERY, 2);
    expect(ask(estimates(told, START + 90_000_000)), "and is forgotten").toMatchObject({ delivery: PRIOR_DELIVERY });
  });

  it("takes what was counted before it listened for no more than some hundreds of submissions", () => {
    const { alpha, beta, delivery } = ask(estimates([summary(1_000_000, 500_000, START)], START));
    expect(delivery).toBeCloseTo(0.5, 1);
    expect(alpha + beta).toBeLessThan(250);
  });

  it("goes on when a partition has a new owner, who counts from 0", () => {
    const told = [summary(0, 0, START), summary(300, 150, START + 1_000)];
    const before = ask(estimates(told, START + 3_000));
    const after = ask(
      estimates(
        [
          ...told,
          summary(0, 0, START + 2_000, { since: START + 1_500 }),
          summary(10, 5, START + 3_000, { since: START + 1_500 }),
        ],
        START + 3_000,
      ),
    );
    expect(after.alpha + after.beta - before.alpha - before.beta).toBeCloseTo(10, 1);
  });

  it("does not miss what cannot have come yet", () => {
    const young = summary(100, 0, START + 2_000);
    const exposed = young.exposed.map((all, bucket) => (bucket < 4 ? all : 0));
    const { alpha, beta, delivery } = ask(estimates([summary(0, 0, START), { ...young, exposed }], START + 2_000));
    expect(alpha + beta).toBeLessThan(25);
    expect(delivery).toBeGreaterThan(0);
    const old = ask(estimates([summary(0, 0, START), summary(100, 0, START + 2_000)], START + 2_000));
    expect(old.delivery).toBeLessThan(0.05);
  });

  it("comes from its country, its provider, or nowhere, where nothing was seen", () => {
    const all = estimates([summary(0, 0, START), summary(2_000, 600, START + 1_000)], START + 1_000);
    for (const [network, country, lane] of [
      ["26299", "DE", "otp"],
      [undefined, "DE", "otp"],
      ["23201", "AT", "otp"],
      ["26201", "DE", "marketing"],
    ] as const)
      expect(all.of("a", country, network, lane).delivery).toBeCloseTo(0.3, 1);
    expect(all.of("b", "DE", "26201", "otp").delivery).toBe(PRIOR_DELIVERY);
  });

  it("knows how long deliveries take now", () => {
    const { medianMs, p95Ms } = ask(estimates([summary(0, 0, START), summary(500, 450, START + 1_000)], START + 1_000));
    // The 8th bucket: from 4 s to 5.7 s.
    expect(medianMs).toBeGreaterThan(4_000);
    expect(medianMs).toBeLessThan(5_700);
    expect(p95Ms).toBeGreaterThan(medianMs!);
  });

  it("holds so many cells and no more: the one longest not heard of is forgotten", () => {
    const all = new DeliveryEstimates(2);
    for (const [n, network] of ["26201", "26202", "26203"].entries())
      for (const count of [0, 400]) all.fold(summary(count, count / 4, START + n * 1_000 + count, { network }));
    all.refresh(START + 4_000);
    expect(all.cells().map(({ cell: { network } }) => network)).toEqual(["26202", "26203"]);
  });

  it("holds a provider's new cell also where its only one makes room for it", () => {
    const all = new DeliveryEstimates(2);
    all.fold(summary(10, 9, START + 2_000, { provider: "b" }));
    all.fold(summary(10, 9, START + 1_000));
    for (const at of [3_000, 4_000]) all.fold(summary(10, 9, START + at, { network: "26202" }));
    expect(all.cells().map(({ cell: { provider, network } }) => `${provider} ${network}`)).toEqual([
      "b 26201",
      "a 26202",
    ]);
    all.fold(summary(10, 9, START + 5_000, { network: "26203" }));
    expect(all.cells().map(({ cell: { provider, network } }) => `${provider} ${network}`)).toEqual([
      "a 26202",
      "a 26203",
    ]);
  });
});

/** Submissions at a rate through a collector into estimates, a second at a time. */
class Traffic {
  private readonly lagMs: number;
  readonly estimates = new DeliveryEstimates();
  now = START;
  private readonly collector = new QualityCollector(0, START);
  private readonly random = seededRandom(1);
  private submissions: { at: number; cell: QualityCell }[] = [];
  private receipts: { at: number; cell: QualityCell; submittedAt: number }[] = [];

  /** `lagMs`: so far the correlator is behind. */
  constructor(lagMs = 0) {
    this.lagMs = lagMs;
  }

  /** `rates`: submissions a second by network; `fate`: the delay of a message's receipt, or none. */
  run(
    seconds: number,
    rates: Record<string, number>,
    fate: (network: string, random: () => number) => number | undefined,
  ): void {
    for (let second = 0; second < seconds; second++) {
      for (const [network, rate] of Object.entries(rates))
        for (let n = 0; n < rate; n++) {
          if (this.random() >= rate - n) continue;
          const submittedAt = this.now + Math.floor(this.random() * 1_000);
          const own = { ...cell, network };
          this.submissions.push({ at: submittedAt, cell: own });
          const delay = fate(network, this.random);
          if (delay !== undefined) this.receipts.push({ at: submittedAt + delay, cell: own, submittedAt });
        }
      this.now += 1_000;
      const readUpTo = this.now - this.lagMs;
      for (const { at, cell: own } of this.submissions) if (at < readUpTo) this.collector.submitted(own, at);
      this.submissions = this.submissions.filter(({ at }) => at >= readUpTo);
      const due = this.receipts.filter(({ at }) => at < readUpTo);
      for (const { at, cell: own, submittedAt } of due) this.collector.ended(own, "delivered", submittedAt, at);
      this.receipts = this.receipts.filter(({ at }) => at >= readUpTo);
      for (const said of this.collector.tick(readUpTo)) this.estimates.fold(said);
      this.estimates.refresh(this.now);
    }
  }

  share(network: string): number {
    return this.estimates.of("a", "DE", network, "otp").share;
  }
}

/** Receipts take from 2 to 8 seconds, times `stretch`. */
const usual =
  (delivery: number, stretch = 1) =>
  (_network: string, random: () => number) =>
    random() < delivery ? stretch * (2_000 + 6_000 * random()) : undefined;
const RATES = { "26201": 40, "26202": 40, "26203": 0.2 };

describe("a provider whose receipts collapse", () => {
  it("is left in the network in which they do, and in no other", () => {
    const traffic = new Traffic();
    traffic.run(120, RATES, usual(0.9));
    expect([traffic.share("26201"), traffic.share("26202")]).toEqual([1, 1]);
    traffic.run(12, RATES, (network, random) => usual(network === "26201" ? 0.09 : 0.9)(network, random));
    expect([traffic.share("26201"), traffic.share("26202"), traffic.share("26203")]).toEqual([0, 1, 1]);
  });

  it("is left also soon after it began to deliver another share than before", () => {
    const traffic = new Traffic();
    traffic.run(300, { "26201": 40 }, usual(0.95));
    traffic.run(60, { "26201": 40 }, usual(0.7));
    expect(traffic.estimates.of("a", "DE", "26201", "otp").delivery, "the change was found").toBeLessThan(0.75);
    expect(traffic.share("26201")).toBe(1);
    traffic.run(20, { "26201": 40 }, usual(0.03));
    expect(traffic.share("26201")).toBe(0);
  });

  it("is left also while correlators are minutes behind: what they tell counts for the time that it is of", () => {
    for (const lagMs of [1_000, 60_000, 120_000]) {
      const traffic = new Traffic(lagMs);
      traffic.run(300, { "26201": 40 }, usual(0.9));
      let seconds = 0;
      for (; seconds < 400 && traffic.share("26201") === 1; seconds++) traffic.run(1, { "26201": 40 }, usual(0.05));
      expect(seconds, `${lagMs} ms behind`).toBeLessThan(12 + 2 * (lagMs / 1_000));
    }
  });

  it("is left as a whole when all networks show it, also where too little was sent to tell", () => {
    const traffic = new Traffic();
    traffic.run(120, RATES, usual(0.9));
    traffic.run(14, RATES, usual(0.09));
    expect(Object.keys(RATES).map((network) => traffic.share(network))).toEqual([0, 0, 0]);
  });

  it("is not left when receipts take three times as long from one moment to the next, or traffic is another", () => {
    const traffic = new Traffic();
    traffic.run(600, RATES, usual(0.9));
    for (const [seconds, rates, stretch] of [
      [60, RATES, 3],
      [60, RATES, 1],
      [20, { "26201": 200, "26202": 1 }, 1],
      [60, { "26201": 2, "26202": 40 }, 2.5],
    ] as const)
      for (let second = 0; second < seconds; second++) {
        traffic.run(1, rates, usual(0.9, stretch));
        expect([traffic.share("26201"), traffic.share("26202")]).toEqual([1, 1]);
      }
  });

  it("is tried after a pause by a few messages, and comes back by stages when their receipts come", () => {
    const traffic = new Traffic();
    traffic.run(120, { "26201": 40 }, usual(0.9));
    for (let second = 0; second < 20 && traffic.share("26201") === 1; second++)
      traffic.run(1, { "26201": 40 }, usual(0.05));
    const tried = () => traffic.estimates.of("a", "DE", "26201", "otp").mayTry(traffic.now, () => 0);
    expect([traffic.share("26201"), tried()], "left").toEqual([0, false]);
    traffic.run(25, {}, usual(0.9));
    expect(tried(), "in the pause").toBe(false);
    let waited = 0;
    while (!tried() && waited++ < 120) traffic.run(1, {}, usual(0.9));
    expect(waited, "after the pause").toBeLessThan(120);
    expect(tried(), "not two at once").toBe(false);
    expect(
      traffic.estimates.of("a", "DE", "26201", "otp").mayTry(traffic.now + 6_000, () => 0.5),
      "few of all",
    ).toBe(false);
    const shares = new Set<number>();
    for (let second = 0; second < 120 && traffic.share("26201") < 1; second++) {
      traffic.run(1, { "26201": traffic.share("26201") === 0 ? 0.2 : 5 }, usual(0.9));
      shares.add(traffic.share("26201"));
    }
    expect([...shares]).toEqual([0, 0.1, 0.3, 1]);
    expect(traffic.estimates.of("a", "DE", "26201", "otp").delivery, "what was before is forgotten").toBeGreaterThan(
      0.7,
    );
  });

  it("stays left while those that try it show nothing", () => {
    const traffic = new Traffic();
    traffic.run(120, { "26201": 40 }, usual(0.9));
    for (let second = 0; second < 20 && traffic.share("26201") === 1; second++)
      traffic.run(1, { "26201": 40 }, usual(0.05));
    for (let second = 0; second < 200; second++) {
      traffic.run(1, { "26201": 0.3 }, () => undefined);
      expect(traffic.share("26201")).toBe(0);
    }
  });

  it("comes back when few messages try it, since it has little traffic, and only if theirs come", () => {
    for (const [share, back] of [
      [0.95, true],
      [0, false],
    ] as const) {
      const traffic = new Traffic();
      traffic.run(120, { "26201": 40 }, usual(0.9));
      for (let second = 0; second < 20 && traffic.share("26201") === 1; second++)
        traffic.run(1, { "26201": 40 }, usual(0.05));
      expect(traffic.share("26201")).toBe(0);
      let came = false;
      // As many as try it when somebody sends a message in half a minute.
      for (let second = 0; second < 7_200 && !came; second++) {
        traffic.run(1, { "26201": 1 / 600 }, usual(share));
        came = traffic.share("26201") > 0;
      }
      expect(came, `${share} delivered`).toBe(back);
    }
  });

  it("says nothing of times before a handful of messages has told of them", () => {
    const traffic = new Traffic();
    traffic.run(8, { "26201": 1 }, () => 1_000);
    expect(traffic.estimates.of("a", "DE", "26201", "otp").p95Ms).toBeUndefined();
    traffic.run(60, { "26201": 1 }, () => 1_000);
    expect(traffic.estimates.of("a", "DE", "26201", "otp").p95Ms).toBeGreaterThan(500);
  });
});
