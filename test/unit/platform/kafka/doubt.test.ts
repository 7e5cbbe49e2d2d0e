import { expect, test } from "vitest";
import type { Outcome, Work } from "../../../../platform/kafka/dispatch-handler.ts";
import type { DispatchLane } from "../../../../platform/kafka/dispatch-lane.ts";
import { Doubt } from "../../../../platform/kafka/doubt.ts";
import { JournalHint } from "../../../../platform/kafka/journal-hint.ts";
import type { OutcomeWriter } from "../../../../platform/kafka/outcome-writer.ts";

const none: Outcome = { events: [], followUp: [] };

test("of what the last owner had ended and could not store the handler is told; of what is stored, or in doubt, it is asked", () => {
  const said: string[] = [];
  const noted = { kind: "outcome" as const, lane: 0, offset: 1, id: "noted", outcome: none };
  const hint = new JournalHint(new Map([["noted", noted]]), [10]);
  const handler = {
    recover: ({ id }: Work<string>) => {
      said.push(`recover ${id}`);
      return [];
    },
    retold: ({ id }: Work<string>, outcome: Outcome) => void said.push(`retold ${id} ${outcome === none}`),
    inDoubt: ({ id }: Work<string>) => {
      said.push(`in doubt ${id}`);
      return none;
    },
    outcomePartition: () => 0,
  };
  const outcomes = { write() {}, add() {} } as unknown as OutcomeWriter<string>;
  const doubt = new Doubt(handler, outcomes, { outcomes: new Map([["stored", "outcome"]]), unread: new Set() }, hint);
  for (const id of ["noted", "stored", "open"])
    doubt.resolve({} as DispatchLane<string>, { id, record: { offset: 1 } } as Work<string>);
  expect(said).toEqual(["retold noted true", "recover stored", "in doubt open"]);
});

test("what the journal says is untouched is so only once its log has been read, and does not say otherwise", () => {
  const hint = new JournalHint(new Map(), [0]);
  const handler = { recover: () => [], inDoubt: () => none, outcomePartition: () => 1 };
  const outcomes = { write() {}, add() {} } as unknown as OutcomeWriter<string>;
  const readBack = { outcomes: new Map<string, string>(), unread: new Set([1]) };
  const doubt = new Doubt(handler, outcomes, readBack, hint);
  const untouched: number[] = [];
  const lane = { noteUntouched: (offset: number) => untouched.push(offset) } as unknown as DispatchLane<string>;
  const works = ["a", "b"].map((id, offset) => ({ id, lane: 0, record: { offset } }) as Work<string>);
  for (const work of works) doubt.look(lane, work);
  expect(untouched).toEqual([]);
  readBack.outcomes.set("b", "outcome");
  readBack.unread.delete(1);
  for (const work of works) doubt.look(lane, work);
  expect(untouched).toEqual([0]);
});
