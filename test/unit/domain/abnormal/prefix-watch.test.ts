import { beforeEach, describe, expect, it } from "vitest";
import { PrefixWatch } from "../../../../domain/abnormal/prefix-watch.ts";
import type { Finding } from "../../../../domain/abnormal/suspicion.ts";
import type { RangeTraffic } from "../../../../domain/abnormal/traffic-minute.ts";

const HOUR = 60;
const DAY = 24 * HOUR;
const DAYS = 5;
/** A block that is busy by day, and one that has none. */
const BUSY = "9989770";
const QUIET = "9989880";

const never = (): boolean => false;
const to = (account: string, range: string, messages = 1): RangeTraffic => ({
  ...{ account, country: "UZ", range, messages },
  ...{ cost: messages * 200_000, currency: "EUR" },
});
/** One message of each account. */
const of = (accounts: string, range: string): RangeTraffic[] => [...accounts].map((account) => to(account, range));

/** One message of two accounts together, and as many of six. */
const busy = [..."cd"].map((account) => to(account, `${BUSY}0`, 0.5));
const asBusy = [..."abcdef"].map((account) => to(account, `${BUSY}0`, 1 / 6));
/** Six accounts send to sixty blocks in turn, and by day two of them to a further one. */
function usual(minute: number): RangeTraffic[] {
  const spread = [..."abcdef"].map((account, n) => to(account, `9989${10 + ((minute * 7 + n * 11) % 60)}00`));
  return minute % DAY < DAY / 2 ? [...spread, ...busy] : spread;
}

let watch: PrefixWatch;
function see(minute: number, rows: readonly RangeTraffic[], told: (account: string) => boolean = never): Finding[] {
  return watch.see({ minute, sent: [], ranges: rows, ends: [], told: [] }, told);
}
/** What is found in the minutes from one on, with further messages in each. */
function found(from: number, minutes: number, more: readonly RangeTraffic[], told?: (account: string) => boolean) {
  const findings: (Finding & { minute: number })[] = [];
  for (let minute = from; minute < from + minutes; minute++)
    for (const finding of see(minute, [...usual(minute), ...more], told)) findings.push({ ...finding, minute });
  return findings;
}

describe("PrefixWatch", () => {
  const noon = DAYS * DAY + DAY / 4;
  const night = DAYS * DAY + (3 * DAY) / 4;
  const more = (accounts: string, messages: number): RangeTraffic[] =>
    [...accounts].map((account) => to(account, `${BUSY}0`, messages));
  const learn = (until: number): void => expect(found(0, until, [])).toEqual([]);

  beforeEach(() => {
    watch = new PrefixWatch();
  });

  it("says that many accounts together send far more to a block of numbers than ever at this hour, though each sends little", () => {
    learn(noon);
    const [first] = found(noon, 20, of("abcdef", `${QUIET}1`));
    expect(first).toMatchObject({ kind: "pumping", subject: { country: "UZ", range: QUIET } });
    expect(Object.keys(first!.subject)).not.toContain("account");
    expect(first!.minute - noon).toBeLessThan(12);
    expect(first!.measure).toContain("of which 6");
    expect(first!.hourly.EUR).toBeGreaterThan(0);
  });

  it("goes by the time of the day: as many as ever by day are nothing then, and something by night", () => {
    learn(noon);
    expect(found(noon, DAY / 4, asBusy)).toEqual([]);
    expect(found(noon + DAY / 4, DAY / 4, [])).toEqual([]);
    const [first] = found(night, HOUR, asBusy);
    expect(first).toMatchObject({ subject: { range: BUSY } });
    expect(first!.expected).toBeLessThan(first!.seen / 3);
  });

  it("takes three accounts beyond what each of them ever sends, without the largest of which it would be enough", () => {
    learn(noon);
    const quiet = (accounts: string, messages: number): RangeTraffic[] =>
      [...accounts].map((account) => to(account, `${QUIET}1`, messages));
    const [two, most] = [[...quiet("ab", 3), ...quiet("cd", 0.06)], quiet("a", 8)];
    expect(found(noon, 2 * HOUR, two)).toEqual([]);
    expect(found(noon + 12 * HOUR, 2 * HOUR, most)).toEqual([]);
    const day = noon + DAY;
    expect(found(noon + 14 * HOUR, day - noon - 14 * HOUR, [])).toEqual([]);
    expect(found(day, 2 * HOUR, more("ab", 4))).toEqual([]);
    watch = new PrefixWatch();
    learn(noon);
    expect(found(noon, 2 * HOUR, [...more("a", 20), ...more("bc", 1.5)])).toEqual([]);
    watch = new PrefixWatch();
    learn(noon);
    expect(found(noon, HOUR, more("abcdef", 3))).not.toEqual([]);
  });

  it("leaves out what is explained already, and does not learn from it", () => {
    learn(noon);
    expect(found(noon, HOUR, of("abcdef", `${QUIET}1`), () => true)).toEqual([]);
    expect(found(noon + HOUR, DAY - HOUR, [])).toEqual([]);
    const [first] = found(noon + DAY, HOUR, of("abcdef", `${QUIET}1`), (account) => account === "a");
    expect(first!.measure).toContain("of which 5");
  });

  it("leaves out also what was sent by whom it is explained since", () => {
    learn(noon);
    const large = [..."abc"].map((account) => to(account, `${QUIET}1`, 3));
    for (let minute = noon; minute < noon + 5; minute++) see(minute, [...usual(minute), ...large]);
    const small = [..."def"].map((account) => to(account, `${QUIET}1`, 0.08));
    expect(found(noon + 5, HOUR, small, (account) => "abc".includes(account))).toEqual([]);
  });

  it("takes it for nothing that all of a country is busier", () => {
    learn(noon);
    for (let minute = noon; minute < noon + 3 * HOUR; minute++)
      expect(
        see(minute, [...usual(minute), ...usual(minute), ...usual(minute), ...usual(minute), ...usual(minute)]),
        `${minute}`,
      ).toEqual([]);
  });

  it("is no excuse for itself, until it has gone on for three days", () => {
    learn(noon);
    const attack = of("abcdef", `${QUIET}1`);
    const minutes = new Set(found(noon, 4 * DAY, attack).map(({ minute }) => minute - noon));
    for (const minute of [HOUR, 12 * HOUR, DAY, 2 * DAY]) expect(minutes, `${minute}`).toContain(minute);
    expect(minutes).not.toContain(4 * DAY - 1);
  });

  it("learns the same from hours that are shown in their last minute", () => {
    const first: number[] = [];
    for (const coarse of [false, true]) {
      watch = new PrefixWatch();
      for (let hour = 0; hour < noon / HOUR; hour++) {
        const minutes = Array.from({ length: HOUR }, (_, n) => hour * HOUR + n);
        if (coarse) see(minutes.at(-1)!, minutes.flatMap(usual));
        else for (const minute of minutes) see(minute, usual(minute));
      }
      first.push((found(noon + HOUR, HOUR, more("abcdef", 3))[0]?.minute ?? Number.NaN) - noon - HOUR);
    }
    expect(first[0]).toBeLessThan(HOUR);
    expect(Math.abs(first[1]! - first[0]!)).toBeLessThan(6);
  });

  it("says nothing while it has seen three days only, and remembers no more blocks and accounts than it may", () => {
    expect(found(0, 3 * DAY - 1, of("abcdef", `${QUIET}1`))).toEqual([]);
    watch = new PrefixWatch(10, 20);
    for (let minute = 0; minute < 50; minute++) see(minute, [...usual(minute), ...of("abcdef", `${QUIET}1`)]);
    expect(watch.memory.map(({ size, limit }) => [size, limit])).toEqual([
      [10, 10],
      [1, 300],
      [20, 20],
    ]);
    expect(watch.memory[0]!.evicted).toBeGreaterThan(50);
  });
});
