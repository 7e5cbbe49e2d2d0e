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
