import { expect, test } from "vitest";
import { Submission } from "../../../services/sender/submission.ts";
import type { UnitResult } from "../../../services/sender/unit-result.ts";

const accepted = (id: string): UnitResult => ({ outcome: "accepted", code: "", id });
const result = (outcome: UnitResult["outcome"], code: string = outcome): UnitResult => ({ outcome, code });

function sentParts(count: number): Submission<{ weight: number }> {
  const submission = new Submission(Array.from({ length: count }, () => ({ weight: 1 })));
  while (submission.unit >= 0) submission.sent(1);
  return submission;
}

test("it is accepted when every part is, with the ids in the order of the parts", () => {
  const submission = sentParts(3);
  submission.take(2, accepted("c"));
  submission.take(0, accepted("a"));
  expect(submission.verdict).toBeUndefined();
  submission.take(1, accepted("b"));
  expect(submission.verdict).toEqual({ kind: "accepted" });
  expect(submission.ids).toEqual(["a", "b", "c"]);
});

test("one part in doubt makes the message in doubt, whatever else happened to it", () => {
  const submission = sentParts(3);
  submission.take(0, result("refused"));
  submission.take(1, result("in-doubt", "response-timeout"));
  submission.take(2, result("throttled"));
  expect(submission.verdict).toEqual({ kind: "in-doubt", code: "response-timeout" });
});

test("a refused part ends it; parts not sent yet stay unsent", () => {
  const submission = new Submission([{ weight: 1 }, { weight: 1 }, { weight: 1 }]);
  submission.sent(1);
  submission.sent(1);
  submission.take(0, accepted("a"));
  submission.take(1, result("refused", "ESME_RINVSRCADR"));
  expect(submission.unit).toBe(-1);
  expect(submission.verdict).toMatchObject({ kind: "returned", outcome: "refused", code: "ESME_RINVSRCADR" });
  expect(submission.accepted).toBe(1);
});

test("only the parts that were not taken go again", () => {
  const submission = sentParts(4);
  submission.take(0, accepted("a"));
  submission.take(3, result("throttled", "ESME_RTHROTTLED"));
  submission.take(1, result("unsent", "link-lost"));
  submission.take(2, accepted("c"));
  expect(submission.verdict).toEqual({ kind: "again", throttled: true, code: "link-lost" });
  submission.restart();
  const again: number[] = [];
  for (; submission.unit >= 0; submission.sent(1)) again.push(submission.unit);
  expect(again).toEqual([1, 3]);
  submission.take(1, accepted("b"));
  submission.take(3, accepted("d"));
  expect(submission.verdict).toEqual({ kind: "accepted" });
  expect(submission.ids).toEqual(["a", "b", "c", "d"]);
});

test("what is cut counts as not taken", () => {
  const submission = new Submission([{ weight: 1 }, { weight: 1 }]);
  submission.sent(1);
  submission.cut("circuit-open");
  expect(submission.verdict).toBeUndefined();
  submission.take(0, accepted("a"));
  expect(submission.verdict).toEqual({ kind: "again", throttled: false, code: "circuit-open" });
});
