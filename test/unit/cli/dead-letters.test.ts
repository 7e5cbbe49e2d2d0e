import { describe, expect, it } from "vitest";
import { hiddenNumber, shownLetter } from "../../../pipeline/dead-letters/show-letter.ts";
import { UsageError } from "../../../services/cli/command.ts";
import { readDeadLetterArguments } from "../../../services/cli/dead-letters/arguments.ts";
import { absentLine, letterTable, nothingToReplay, replaySummary } from "../../../services/cli/dead-letters/report.ts";
import { StopSignals } from "../../../services/cli/dead-letters/stop-signals.ts";

describe("arguments of sluice dead-letters", () => {
  it("are a dry run, a modest rate and a cap unless said otherwise", () => {
    expect(readDeadLetterArguments(["replay", "--reason", "undecodable"])).toMatchObject({
      carryOut: false,
      again: false,
      asNew: false,
      rate: 20,
      most: 100,
      filter: { reason: "undecodable" },
    });
    expect(readDeadLetterArguments(["replay", "3/17", "4/1", "--yes"])).toMatchObject({
      carryOut: true,
      places: [
        { partition: 3, offset: 17 },
        { partition: 4, offset: 1 },
      ],
    });
  });

  it("are refused by name", () => {
    for (const [args, word] of [
      [["purge"], "purge"],
      [["show"], "one letter"],
      [["show", "x"], "x: a letter"],
      [["replay", "3/17", "--reason", "invalid"], "not both"],
      [["replay", "--rate", "0"], "--rate 0"],
      [["list", "--most", "10001"], "--most 10001"],
      [["list", "--from", "2026-01-02", "--to", "2026-01-01"], "not before"],
      [["list", "--account="], "--account is empty"],
      [["replay", "--provider", "", "--yes"], "--provider is empty"],
      [["list", "--reason", "a", "--reason", "b"], "--reason is given twice"],
      [["list", "--label", "a=1", "--label", "a=2"], "--label a is given twice"],
      [["replay", "--rate", "1", "--rate", "2"], "--rate is given twice"],
    ] as const) {
      expect(() => readDeadLetterArguments(args)).toThrow(UsageError);
      expect(() => readDeadLetterArguments(args)).toThrow(word);
    }
    expect(() => readDeadLetterArguments([])).toThrow(/^list, show or replay is needed$/);
  });

  it("may name several labels, whatever they are called", () => {
    const { filter } = readDeadLetterArguments(["list", "--label", "a=1", "--label", "__proto__=x"]) as {
      filter: object;
    };
    expect(Object.entries((filter as { labels: object }).labels)).toEqual([
      ["a", "1"],
      ["__proto__", "x"],
    ]);
  });
});

describe("what sluice dead-letters says", () => {
  const none = { letters: [], counts: new Map(), matched: 0, leftOut: 0 };

  it("tells an empty box from filters that find nothing", () => {
    expect(letterTable({ ...none, others: 0 })).toBe("No dead letters.");
    expect(letterTable({ ...none, others: 7 })).toContain("without the filters there are 7");
    expect(nothingToReplay(7, false)).toContain("that has not been replayed; without the filters there are 7");
  });

  it("names what it did not look at and what is not there", () => {
    const absent = [{ partition: 3, offset: 9 }];
    const result = { replayed: 2, refused: new Map([["ended", 1]] as const), notLookedAt: 5, absent };
    expect(replaySummary(result, true, "run-1")).toBe(
      "2 replayed by run-1; refused: 1 ended; 1 not there; 5 not looked at: run it again, or raise --most",
    );
    expect(absentLine(absent[0]!)).toContain("3/9 ");
  });
});

describe("Ctrl-C in a replay", () => {
  it("asks for an end the first time, and is the process's own affair the second time", () => {
    const before = process.listenerCount("SIGINT");
    let told = 0;
    const signals = new StopSignals(() => told++);
    expect([signals.stopped, process.listenerCount("SIGINT")]).toEqual([false, before + 1]);
    process.emit("SIGINT");
    expect([signals.stopped, told, process.listenerCount("SIGINT")]).toEqual([true, 1, before]);
    const other = new StopSignals(() => told++);
    other.close();
    expect([other.stopped, process.listenerCount("SIGINT")]).toEqual([false, before]);
  });
});

describe("a shown letter", () => {
  const content = {
    ...{ reason: "undecodable", detail: "d", service: "router", at: 0, messageId: null, topic: "sms.receipts" },
    ...{ partition: 1, offset: 2, key: Buffer.from("491711234567"), value: Buffer.from("0123456789"), headers: {} },
  };
  const letter = { partition: 1, offset: 5, storedAt: 0, content };
  const receipt = { provider: "p", to: "491711234567", inbound: { text: "come at 8", from: "+4917112", octets: null } };
  const read = { ok: true, kind: "receipt", value: receipt } as unknown as Parameters<typeof shownLetter>[1];

  it("hides texts, numbers and octets until they are asked for", () => {
    const hidden = JSON.stringify([
      shownLetter(letter, read, false),
      shownLetter(letter, { ok: false, code: "undecodable", detail: "no" }, false),
    ]);
    for (const secret of ["491711234567", "come at 8", "+4917112", "30313233343536"])
      expect(hidden).not.toContain(secret);
    expect(JSON.stringify(shownLetter(letter, read, true))).toContain("come at 8");
  });

  it("hides where what was attached can be had, and numbers within what rules and caps said", () => {
    const media = ["https://media.example/491711234567/token"];
    const event = {
      ...{ facts: { to: "491711234567", from: "+491729876543" }, counted: ["daily/sender/+491729876543"] },
      ...{ rules: "sender rule de: goes out as whatsapp:+491729876543; cap daily: left out 40001", media },
    };
    const content = { ok: true, kind: "event", value: event } as unknown as Parameters<typeof shownLetter>[1];
    expect(shownLetter(letter, content, false).content).toMatchObject({
      counted: ["daily/sender/+4917…"],
      rules: "sender rule de: goes out as whatsapp:+4917…; cap daily: left out 40001",
      media: ["(40 characters)"],
    });
    expect(shownLetter(letter, content, true).content).toEqual(event);
  });

  it("leaves names as they are", () => {
    expect([hiddenNumber("ACME"), hiddenNumber("491711234567"), hiddenNumber("12345")]).toEqual([
      "ACME",
      "4917… (12 characters)",
      "12… (5 characters)",
    ]);
  });
});
