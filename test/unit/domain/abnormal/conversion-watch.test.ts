import { describe, expect, it } from "vitest";
import { ConversionWatch } from "../../../../domain/abnormal/conversion-watch.ts";
import { DeliveredShare } from "../../../../domain/abnormal/delivered-share.ts";
import { Spending } from "../../../../domain/abnormal/spending.ts";
import type { Finding } from "../../../../domain/abnormal/suspicion.ts";
import type { ToldTraffic } from "../../../../domain/abnormal/traffic-minute.ts";

const HOUR = 60;
const DAY = 24 * HOUR;
/** When everybody's habits are known. */
const START = 8 * DAY;

/** Tells of so many messages of an account on a way into DE in some minutes, spread evenly, of which tenths convert, spread evenly. */
class Flow {
  private told: number;
  private readonly phase: number;
  private readonly account: string;
  private readonly provider: string;
  private readonly everyMinutes: number;

  constructor(account: string, provider: string, everyMinutes: number, phase = 0) {
    this.told = phase;
    this.phase = phase;
    this.account = account;
    this.provider = provider;
    this.everyMinutes = everyMinutes;
  }

  at(minute: number, tenths: number): ToldTraffic[] {
    if ((minute + this.phase) % this.everyMinutes !== 0) return [];
    // Steps of seven visit each tenth once in ten messages.
    const converted = (this.told++ * 7) % 10 < tenths ? 1 : 0;
    return [{ account: this.account, country: "DE", provider: this.provider, told: 1, converted }];
  }
}

type Rows = (minute: number) => ToldTraffic[];

/** What a watch finds in some minutes. */
function found(watch: ConversionWatch, from: number, minutes: number, rows: Rows): (Finding & { minute: number })[] {
  const findings: (Finding & { minute: number })[] = [];
  for (let minute = from; minute < from + minutes; minute++)
    for (const finding of watch.see({ minute, sent: [], ranges: [], ends: [], told: rows(minute) }))
      findings.push({ ...finding, minute });
  return findings;
}

/** A watch that knows what is usual: seven of ten convert. */
function learned(flows: readonly Flow[], delivered = new DeliveredShare()): ConversionWatch {
  const watch = new ConversionWatch(
    () => new Spending(20),
    (way) => (way === "p DE" ? delivered : new DeliveredShare()),
  );
  expect(found(watch, 0, START, (minute) => flows.flatMap((flow) => flow.at(minute, 7)))).toEqual([]);
  return watch;
}

describe("a way that converts less than it did", () => {
  it("is found after as many messages where it has few of them an hour", () => {
    const [p, q] = [new Flow("shop", "p", 6), new Flow("shop", "q", 6)];
    const watch = learned([p, q]);
    const [first] = found(watch, START, 12 * HOUR, (minute) => [...p.at(minute, 3), ...q.at(minute, 7)]);
    expect(first).toMatchObject({ kind: "grey-route", subject: { provider: "p", country: "DE" } });
    // Ten messages an hour: about fifty of them.
    expect(first!.minute - START).toBeLessThan(6 * HOUR);
    expect(first!.seen / first!.expected).toBeLessThan(0.6);
  });

  it("is not blamed for an account's own trouble, neither while that lasts nor after it", () => {
    const [p, q] = [new Flow("shop", "p", 1), new Flow("shop", "q", 3)];
    const watch = learned([p, q]);
    const all =
      (tenths: number): Rows =>
      (minute) => [...p.at(minute, tenths), ...q.at(minute, tenths)];
    expect(found(watch, START, 9 * HOUR, all(2))).toEqual([]);
    expect(found(watch, START + 9 * HOUR, DAY, all(7))).toEqual([]);
  });

  it("is suspected at once where several accounts without another way see it, and of a single one when it goes on", () => {
    const [shop, bank] = [new Flow("shop", "p", 4), new Flow("bank", "p", 4)];
    const both = found(learned([shop, bank]), START, 5 * HOUR, (minute) => [
      ...shop.at(minute, 2),
      ...bank.at(minute, 2),
    ]);
    expect(both[0]!.minute - START).toBeLessThan(3 * HOUR);
    const single = found(learned([shop, bank]), START, 12 * HOUR, (minute) => [
      ...shop.at(minute, 0),
      ...bank.at(minute, 7),
    ]);
    expect(single[0]!.minute - START).toBeGreaterThan(5 * HOUR);
  });

  it("is not blamed for messages that its receipts do not call delivered", () => {
    const [p, q] = [new Flow("shop", "p", 1), new Flow("shop", "q", 1)];
    const delivered = new DeliveredShare();
    const watch = learned([p, q], delivered);
    const outage = (minute: number): boolean => minute >= START + DAY && minute < START + DAY + 100;
    const rows: Rows = (minute) => {
      delivered.addSent(minute, 10);
      delivered.addDelivered(minute, outage(minute) ? 1 : 9);
      // Told of a quarter of an hour later.
      return [...p.at(minute, outage(minute - 15) ? 1 : 7), ...q.at(minute, 7)];
    };
    expect(found(watch, START, 2 * DAY, rows)).toEqual([]);
  });

  it("is not suspected for what lasts a quarter of an hour, or was days ago when it is used again", () => {
    const [p, q] = [new Flow("shop", "p", 1), new Flow("shop", "q", 1)];
    const watch = learned([p, q]);
    const grey = (from: number, minutes: number): number =>
      found(watch, from, minutes, (minute) => [...p.at(minute, 0), ...q.at(minute, 7)]).length;
    expect(grey(START, 28)).toBe(0);
    expect(grey(START + 28, 60)).toBeGreaterThan(0);
    const again = START + 5 * DAY;
    expect(found(watch, START + 88, 5 * DAY - 88, (minute) => q.at(minute, 7))).toEqual([]);
    expect(found(watch, again, DAY, (minute) => [...p.at(minute, 7), ...q.at(minute, 7)])).toEqual([]);
  });

  it("is well again after a few dozen messages, however long it was not", () => {
    const [p, q] = [new Flow("shop", "p", 2), new Flow("shop", "q", 2)];
    const watch = learned([p, q]);
    const grey = found(watch, START, 2 * DAY, (minute) => [...p.at(minute, 2), ...q.at(minute, 7)]);
    expect(grey.at(-1)!.minute).toBeGreaterThan(START + 2 * DAY - 10);
    const after = found(watch, START + 2 * DAY, DAY, (minute) => [...p.at(minute, 7), ...q.at(minute, 7)]);
    expect(after.at(-1)!.minute).toBeLessThan(START + 2 * DAY + 4 * HOUR);
  });

  it("is found where more accounts use it than are looked at", () => {
    const flows = Array.from({ length: 50 }, (_, n) => [new Flow(`a${n}`, "p", 10, n), new Flow(`a${n}`, "q", 1, n)]);
    const watch = learned(flows.flat());
    const [first] = found(watch, START, 3 * HOUR, (minute) =>
      flows.flatMap(([p, q]) => [...p!.at(minute, 3), ...q!.at(minute, 7)]),
    );
    expect(first).toMatchObject({ subject: { provider: "p", country: "DE" } });
    // Five messages a minute, of 32 of the 50 accounts.
    const looked = Number(/of (\d+) messages/.exec(first!.measure)?.[1]);
    expect(looked / (5 * (first!.minute - START))).toBeLessThan(0.7);
  });
});
