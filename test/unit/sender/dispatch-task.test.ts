import { expect, test } from "vitest";
import type { Work } from "../../../platform/kafka/dispatcher.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Dispatch } from "../../../schemas/generated/types.ts";
import { DispatchTask, type DispatchTaskOptions } from "../../../services/sender/dispatch-task.ts";
import { dispatchOf } from "./dispatches.ts";

const record = { value: Buffer.from([0]), headers: {} } as unknown as InRecord;

test("a dispatch of an unknown schema waits until the schema has been loaded", async () => {
  const loaded: number[] = [];
  const codecs = {
    dispatch: { decode: () => ({ ok: false, code: "unknown-schema", detail: "not loaded", schemaId: 9 }) },
    loadSchema: (id: number) => Promise.resolve(loaded.push(id)),
  };
  const task = new DispatchTask({} as Task, { codecs } as unknown as DispatchTaskOptions);
  const decision = task.decode(record);
  expect(decision).toEqual({ ok: false, wait: expect.any(Promise) });
  expect(loaded).toEqual([9]);
});

test("what has expired while it waited goes back as expired, with the doubt about it; the rest waits on", () => {
  const returned: unknown[][] = [];
  const outcomes = {
    returned: (...parts: unknown[]) => {
      returned.push([(parts[0] as { doubt: unknown }).doubt, ...parts.slice(1)]);
      return { events: [], followUp: [] };
    },
  };
  let now = 87_399_999;
  const task = new DispatchTask({} as Task, { outcomes, now: () => now } as unknown as DispatchTaskOptions);
  const work = { record, value: dispatchOf(), doubt: "takeover" } as unknown as Work<Dispatch>;
  expect(task.over(work)).toBeUndefined();
  now++;
  expect(task.over(work)).toBeDefined();
  expect(returned).toEqual([["takeover", "unsubmitted", "expired", undefined, now]]);
});

test("what is too much for one number goes back unsubmitted", () => {
  const returned: unknown[][] = [];
  const outcomes = {
    returned: (...parts: unknown[]) => {
      returned.push(parts.slice(1));
      return { events: [], followUp: [] };
    },
  };
  const owner = { draining: false };
  const options = { outcomes, now: () => 5 } as unknown as DispatchTaskOptions;
  const task = new DispatchTask(owner as Task, options);
  const work = { record, value: dispatchOf(), doubt: undefined } as unknown as Work<Dispatch>;
  task.crowded(work);
  owner.draining = true;
  task.crowded(work);
  expect(returned).toEqual([
    ["unsubmitted", "destination-busy", undefined, 5],
    ["unsubmitted", "stopping", undefined, 5],
  ]);
});
