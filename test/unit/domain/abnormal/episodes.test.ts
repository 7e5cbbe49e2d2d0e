import { describe, expect, it } from "vitest";
import { Episodes, OPEN } from "../../../../domain/abnormal/episodes.ts";
import { begins, type Finding } from "../../../../domain/abnormal/suspicion.ts";

const burst = (account: string, surprise = 20): Finding => ({
  kind: "burst",
  subject: { account },
  measure: "messages a minute",
  expected: 1,
  seen: 100,
  surprise,
  hourly: { EUR: 1_000_000 },
});

describe("Episodes", () => {
  it("tells of the beginning, again after ten minutes, and of the end an hour after the last finding", () => {
    const episodes = new Episodes();
    const told: [number, boolean][] = [];
    for (let minute = 100; minute < 300; minute++) {
      const findings = minute <= 125 ? [burst("a")] : [];
      for (const { since, over } of episodes.fold(minute, findings)) {
        expect(since).toBe(100);
        told.push([minute, over]);
      }
    }
    expect(told).toEqual([
      [100, false],
      [110, false],
      [120, false],
      [130, false],
      [140, false],
      [150, false],
      [160, false],
      [170, false],
      [180, false],
      [186, true],
    ]);
  });

  it("tells of what was found once only every ten minutes while it is open, pumping for half a day, a grey route for six hours, and of one beginning", () => {
    const pumping = { ...burst("a"), kind: "pumping", subject: { account: "a", country: "DE" } } as const;
    for (const [finding, quiet] of [
      [burst("a"), 60],
      [pumping, 720],
      [{ ...burst("a"), kind: "grey-route", subject: { provider: "p", country: "DE" } } as const, 360],
    ] as const) {
      const episodes = new Episodes();
      const told: number[] = [];
      let beginnings = 0;
      for (let minute = 0; minute < 1_000; minute++)
        for (const one of episodes.fold(minute, minute === 0 ? [finding] : [])) {
          expect([one.minute, one.over]).toEqual([0, minute > quiet]);
          told.push(minute);
          if (begins(one, minute)) beginnings++;
        }
      expect(told).toEqual([...Array.from({ length: quiet / 10 + 1 }, (_, n) => 10 * n), quiet + 1]);
      expect(beginnings).toBe(1);
    }
  });

  it("tells at once of what has become graver, under the same id, and keeps the gravest level", () => {
    const episodes = new Episodes();
    const [first] = episodes.fold(1, [burst("a", 20)]);
    expect(first).toMatchObject({ level: "notice" });
    expect(episodes.fold(2, [burst("a", 70)])).toMatchObject([{ id: first!.id, level: "critical", since: 1 }]);
    expect(episodes.fold(12, [burst("a", 20)])).toMatchObject([{ level: "critical", surprise: 20 }]);
  });

  it("keeps what accounts do together apart from what each does, and countries from each other", () => {
    const episodes = new Episodes();
    const pumping = (subject: Finding["subject"]): Finding => ({ ...burst("a"), kind: "pumping", subject });
    const together = pumping({ country: "DE", range: "491517" });
    const told = episodes.fold(1, [pumping({ account: "a", country: "DE" }), together, pumping({ country: "FR" })]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(3);
    expect(episodes.fold(2, [{ ...together, subject: { country: "DE", range: "491518" } }])).toEqual([]);
    expect(episodes.holds("pumping", undefined, "DE")).toBe(true);
    expect(episodes.holds("pumping", undefined, "AT")).toBe(false);
    expect(episodes.holds("pumping", "b", "DE")).toBe(false);
    const next = new Episodes();
    next.resume(told, 3);
    expect(next.fold(4, [together])).toEqual([]);
  });

  it("keeps accounts apart, and no more than its limit", () => {
    const episodes = new Episodes();
    for (let n = 0; n < OPEN; n++) expect(episodes.fold(1, [burst(`a${n}`)])).toHaveLength(1);
    expect(episodes.fold(1, [burst("one more")]).map(({ over }) => over)).toEqual([false, true]);
    expect(episodes.holds("burst", "a0")).toBe(false);
    expect(episodes.holds("burst", "one more")).toBe(true);
  });
});
