import { describe, expect, it } from "vitest";
import { hiddenNumber, shownLetter } from "../../../pipeline/dead-letters/show-letter.ts";
import { UsageError } from "../../../services/cli/command.ts";
import { readDeadLetterArguments } from "../../../services/cli/dead-letters/arguments.ts";

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
    ] as const) {
      expect(() => readDeadLetterArguments(args)).toThrow(UsageError);
      expect(() => readDeadLetterArguments(args)).toThrow(word);
    }
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

  it("leaves names as they are", () => {
    expect([hiddenNumber("ACME"), hiddenNumber("491711234567"), hiddenNumber("12345")]).toEqual([
      "ACME",
      "4917… (12 characters)",
      "12… (5 characters)",
    ]);
  });
});
