import { describe, expect, it } from "vitest";
import { ACCOUNTS, KNOWN_SENDERS, NoveltyWatch } from "../../../../domain/abnormal/novelty-watch.ts";
import type { Finding } from "../../../../domain/abnormal/suspicion.ts";
import type { SentTraffic } from "../../../../domain/abnormal/traffic-minute.ts";

const DAY = 1_440;
const sent = (account: string, country: string, sender: string, messages = 9): SentTraffic => ({
  ...{ account, country, sender, provider: "p", messages, cost: 0, currency: "EUR" },
});
const senders = (account: string, count: number): SentTraffic[] =>
  Array.from({ length: count }, (_, n) => sent(account, "DE", `S${n}`));

function see(watch: NoveltyWatch, minute: number, rows: readonly SentTraffic[]): Finding[] {
  return watch.see({ minute, sent: rows, ranges: [], ends: [], told: [] });
}

describe("NoveltyWatch", () => {
  it("does not forget an account's habits for another one that has 25,000 senders", () => {
    const watch = new NoveltyWatch();
    const usual = [sent("shop", "DE", "SHOP"), sent("shop", "AT", "SHOP"), sent("shop", "CH", "SHOP")];
    see(watch, 0, usual);
    see(watch, 5 * DAY, senders("resold", 25_000));
    expect(see(watch, 5 * DAY + 1, usual)).toEqual([]);
    const stolen = see(watch, 5 * DAY + 2, [sent("shop", "UZ", "WIN")]);
    expect(stolen).toMatchObject([{ kind: "stolen-key", subject: { account: "shop", country: "UZ", sender: "WIN" } }]);
  });

  it("takes no sender for a new one where it may have been forgotten, and goes by countries alone", () => {
    const watch = new NoveltyWatch();
    see(watch, 0, senders("resold", KNOWN_SENDERS + 1));
    // S0 had to make room for the last one.
    expect(see(watch, 4 * DAY, [sent("resold", "AT", "S0")])).toEqual([]);
    const stolen = see(watch, 4 * DAY + 1, [sent("resold", "UZ", "another")]);
    expect(stolen).toMatchObject([{ kind: "stolen-key", subject: { account: "resold", country: "UZ" } }]);
    expect(stolen[0]!.subject.sender).toBeUndefined();
  });

  it("says what it holds: no more than there is room for, and nothing of accounts that are forgotten", () => {
    const watch = new NoveltyWatch();
    const held = () => watch.memory.map(({ size }) => size);
    see(watch, 0, senders("resold", 1_000));
    expect(held()).toEqual([1, 1 + KNOWN_SENDERS]);
    expect(watch.memory[1]!.evicted).toBe(1_000 - KNOWN_SENDERS);
    see(
      watch,
      1,
      Array.from({ length: ACCOUNTS }, (_, n) => sent(`a${n}`, "DE", "S")),
    );
    expect(held()).toEqual([ACCOUNTS, 2 * ACCOUNTS]);
    for (const { size, limit } of watch.memory) expect(size).toBeLessThanOrEqual(limit);
  });
});
