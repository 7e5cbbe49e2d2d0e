import { beforeAll, describe, expect, it } from "vitest";
import { AbnormalTraffic } from "../../../../domain/abnormal/abnormal-traffic.ts";
import type { Suspicion } from "../../../../domain/abnormal/suspicion.ts";
import type {
  EndTraffic,
  RangeTraffic,
  SentTraffic,
  ToldTraffic,
  TrafficMinute,
} from "../../../../domain/abnormal/traffic-minute.ts";
import { DELAY_BUCKETS, delayBucket } from "../../../../domain/quality/delay-buckets.ts";

const DAYS = 9;
const START = DAYS * 1_440;
const PRICE = 50_000;

const sent = (account: string, country: string, sender: string, messages: number): SentTraffic => ({
  account,
  country,
  sender,
  provider: "p",
  messages,
  cost: messages * PRICE,
  currency: "EUR",
});
const toRange = (account: string, country: string, range: string, messages: number): RangeTraffic => ({
  account,
  country,
  range,
  messages,
  cost: messages * PRICE,
  currency: "EUR",
});

/** Receipts of the way p into DE, with these delays. */
function ends(...delaysMs: number[]): EndTraffic {
  const delays = new Array<number>(DELAY_BUCKETS + 1).fill(0);
  for (const delay of delaysMs) delays[delayBucket(delay)]!++;
  return { provider: "p", country: "DE", delivered: delaysMs.length, failed: 0, delays };
}

/** Six messages a minute of two accounts to ranges in turn; most conversions are told of. */
function normal(minute: number): TrafficMinute {
  const range = (n: number): string => `4917${(minute * 7 + n * 131) % 1_000}`;
  return {
    minute,
    sent: [sent("shop", "DE", "SHOP", 4), sent("bank", "DE", "BANK", 2)],
    ranges: [...[0, 1, 2, 3].map((n) => toRange("shop", "DE", range(n), 1)), toRange("bank", "DE", range(5), 2)],
    ends: [ends(2_000 + (minute % 7) * 900, 3_000 + (minute % 11) * 1_500, 6_000 + (minute % 5) * 4_000)],
    told: ["p", "q"].flatMap((provider) => [
      { account: "shop", country: "DE", provider, told: 2, converted: minute % 4 === 0 ? 1 : 2 },
      { account: "bank", country: "DE", provider, told: 1, converted: 1 },
    ]),
  };
}

type Change = (minute: TrafficMinute) => Partial<TrafficMinute>;

let watch: AbnormalTraffic;
/** What begins in the minutes from `from` on, each changed, and is told in them. */
function told(from: number, minutes: number, change: Change): Suspicion[] {
  const suspicions: Suspicion[] = [];
  for (let minute = from; minute < from + minutes; minute++) {
    const usual = normal(minute);
    suspicions.push(...watch.see({ ...usual, ...change(usual) }));
  }
  return suspicions.filter(({ since }) => since >= from);
}

describe("AbnormalTraffic", () => {
  beforeAll(() => {
    watch = new AbnormalTraffic();
    expect(told(0, START, () => ({}))).toEqual([]);
  }, 120_000);

  // One after the other, each an hour and more after the one before is over.
  const at = (n: number): number => START + n * 600;

  it("says in the same minute that an account sends many times what it ever did, and what that costs", () => {
    const [first, ...others] = told(at(0), 5, ({ sent }) => ({ sent: [...sent, sent_("bank", 90)] }));
    expect(first).toMatchObject({ kind: "burst", subject: { account: "bank" }, since: at(0), over: false });
    expect(first!.expected).toBeCloseTo(2, 0);
    expect(first!.seen).toBeGreaterThan(30);
    expect(first!.hourly.EUR).toBeGreaterThan(60 * 90 * PRICE * 0.4);
    expect(others.every(({ id }) => id === first!.id)).toBe(true);
    let over: Suspicion[] = [];
    for (let minute = at(0) + 5; !over.some((one) => one.over) && minute < at(0) + 100; minute++)
      over = watch.see(normal(minute));
    expect(over).toMatchObject([{ id: first!.id, over: true }]);
  });

  it("says that codes go to one range of numbers, within minutes, though the account sends no more than twice as much", () => {
    const suspicions = told(at(1), 20, ({ sent, ranges }) => ({
      sent: [...sent, sent_("shop", 4)],
      ranges: [...ranges, toRange("shop", "DE", "49179999", 4)],
    }));
    expect(suspicions[0]).toMatchObject({
      kind: "pumping",
      subject: { account: "shop", country: "DE", range: "49179999" },
    });
    expect(suspicions[0]!.since - at(1)).toBeLessThan(6);
    expect(new Set(suspicions.map(({ kind }) => kind))).toEqual(new Set(["pumping"]));
  });

  it("says that an account is used under a new name for new countries; a new name alone is nothing", () => {
    expect(told(at(3), 60, ({ sent: rows }) => ({ sent: [...rows, sent("shop", "DE", "SHOP2", 1)] }))).toEqual([]);
    const [first] = told(at(4), 10, ({ sent: rows }) => ({ sent: [...rows, sent("shop", "UZ", "WIN", 1)] }));
    expect(first).toMatchObject({ kind: "stolen-key", subject: { account: "shop", country: "UZ", sender: "WIN" } });
  });

  it("says that receipts come within impossible times, or all after the same; slow ones are nothing", () => {
    const slow = told(at(6), 60, (usual) => ({ ends: [slower(usual.minute)] }));
    expect(slow).toEqual([]);
    const [first] = told(at(8), 60, () => ({ ends: [ends(120, 150, 180)] }));
    expect(first).toMatchObject({ kind: "forged-receipts", subject: { provider: "p", country: "DE" } });
    const [second] = told(at(10), 90, () => ({ ends: [ends(9_000, 9_200, 9_400)] }));
    expect(second).toMatchObject({ kind: "forged-receipts", subject: { provider: "p", country: "DE" } });
  });

  it("says that a way converts less than the others of the same accounts; an account's own trouble is nothing", () => {
    const trouble = told(at(12), 120, ({ told: rows }) => ({
      told: rows.map((row) => (row.account === "shop" ? { ...row, converted: 0 } : row)),
    }));
    expect(trouble).toEqual([]);
    const grey = told(at(15), 120, ({ told: rows }) => ({
      told: rows.map((row) => (row.provider === "p" ? { ...row, converted: 0 } : row)),
    }));
    expect(grey[0]).toMatchObject({ kind: "grey-route", subject: { provider: "p", country: "DE" } });
  });

  it("remembers a bounded number of keys, whatever comes", () => {
    const full = new AbnormalTraffic();
    for (let minute = 0; minute < 4; minute++) {
      const rows = Array.from({ length: 1_000 }, (_, n) => minute * 1_000 + n);
      full.see({
        minute,
        sent: rows.map((n) => sent(`a${n}`, "DE", `S${n}`, 1)),
        ranges: rows.map((n) => toRange(`a${n}`, "DE", `49${n}`, 1)),
        ends: rows.map((n) => ({ ...ends(3_000), provider: `p${n}` })),
        told: rows.map((n) => ({ account: `a${n}`, country: "DE", provider: `p${n}`, told: 1, converted: 1 })),
      });
    }
    const { held, limit, evicted } = full.memory();
    expect(held).toBeGreaterThan(10_000);
    expect(held).toBeLessThanOrEqual(limit);
    expect(evicted).toBeGreaterThan(0);
  });

  const sent_ = (account: string, messages: number): SentTraffic =>
    sent(account, "DE", account.toUpperCase(), messages);
  const slower = (minute: number): EndTraffic =>
    ends(6_000 + (minute % 7) * 2_700, 9_000 + (minute % 11) * 4_500, 18_000 + (minute % 5) * 12_000);
});

describe("AbnormalTraffic of many accounts", () => {
  const ACCOUNTS = [..."abcdef"];
  const usual = (minute: number): TrafficMinute => ({
    minute,
    sent: ACCOUNTS.map((account) => sent(account, "UZ", account, 1)),
    ranges: ACCOUNTS.map((account, n) => toRange(account, "UZ", `99890${1_000 + ((minute * 7 + n * 131) % 600)}`, 1)),
    ends: [],
    told: ["p", "q"].flatMap((provider) =>
      ACCOUNTS.map((account) => ({ account, country: "UZ", provider, told: 1, converted: 1 })),
    ),
  });
  const unconverted = (minute: number): ToldTraffic[] =>
    usual(minute).told.map((row) => (row.provider === "p" ? { ...row, converted: 0 } : row));
  let many: AbnormalTraffic;
  beforeAll(() => {
    many = new AbnormalTraffic();
    for (let minute = 0; minute < START; minute++) expect(many.see(usual(minute))).toEqual([]);
  }, 120_000);

  it("says once that they pump one block of numbers together, blames no way for the codes that nobody types in, and says when it is over", () => {
    const suspicions: Suspicion[] = [];
    for (let minute = START; minute < START + 90; minute++) {
      const more = ACCOUNTS.map((account, n) =>
        toRange(account, "UZ", `9989770${(minute + n) % 10}`, minute % 3 === 0 ? 1 : 0),
      );
      suspicions.push(
        ...many.see({ ...usual(minute), ranges: [...usual(minute).ranges, ...more], told: unconverted(minute) }),
      );
    }
    expect(new Set(suspicions.map(({ id }) => id)).size).toBe(1);
    const [first] = suspicions;
    expect(first).toMatchObject({ kind: "pumping", subject: { country: "UZ", range: "9989770" } });
    expect(first!.since).toBeLessThan(START + 15);
    const over: Suspicion[] = [];
    let minute = START + 90;
    for (; over.length === 0 && minute < START + 2_000; minute++)
      over.push(...many.see(usual(minute)).filter((one) => one.over));
    expect(over).toMatchObject([{ id: first!.id, over: true }]);
    expect(minute - suspicions.at(-1)!.minute).toBeGreaterThan(720);
  });

  it("does not say of them together what it says of each", () => {
    const minute = START + 3_000;
    const more = ["a", "b", "c"].map((account) => toRange(account, "UZ", "99897711", 13));
    const suspicions = [
      ...many.see({ ...usual(minute), ranges: [...usual(minute).ranges, ...more] }),
      ...many.see({ ...usual(minute + 1), ranges: [...usual(minute + 1).ranges, ...more] }),
    ];
    expect(suspicions.map(({ kind, subject }) => [kind, subject.account])).toEqual([
      ["pumping", "a"],
      ["pumping", "b"],
      ["pumping", "c"],
    ]);
    const each = new Set(suspicions.map(({ id }) => id));
    for (let later = minute + 2; later < minute + 30; later++) {
      const spread = ["a", "b", "c"].map((account, n) => toRange(account, "UZ", `9989771${(later + 3 * n) % 10}`, 1));
      for (const { id } of many.see({ ...usual(later), ranges: [...usual(later).ranges, ...spread] }))
        expect(each).toContain(id);
    }
  });
});
